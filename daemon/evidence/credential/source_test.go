package credential

import (
	"bytes"
	"context"
	"image/png"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/evidencetest"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// strangers are people of whom nobody is enrolled.
type strangers struct{}

func (strangers) Enrolled(string) bool                  { return false }
func (strangers) HasFace(string) bool                   { return false }
func (strangers) Pseudonym(_, number string) string     { return "doc-" + number }
func noFace(*vision.Image) (t face.Template, err error) { return t, nil }
func discard() *slog.Logger                             { return slog.New(slog.DiscardHandler) }
func notRevoked(*credential.Credential) bool            { return false }
func slowlyNotRevoked(*credential.Credential) (rev bool) {
	time.Sleep(330 * time.Millisecond)
	return rev
}

const (
	frameWidth, frameHeight = 400, 320
	perFrame                = 100 * time.Millisecond
)

// shown is a frame that shows a code.
func shown(t *testing.T, write func(*bytes.Buffer) error) *vision.Image {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	code, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds()
	left, top := (frameWidth-size.Dx())/2, (frameHeight-size.Dy())/2
	if left < 0 || top < 0 {
		t.Fatalf("a code of %v in a frame of %d × %d", size, frameWidth, frameHeight)
	}
	img := vision.NewImage(frameWidth, frameHeight)
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := range size.Dy() {
		for x := range size.Dx() {
			if r, _, _, _ := code.At(size.Min.X+x, size.Min.Y+y).RGBA(); r == 0 {
				clear(img.Row(top + y)[3*(left+x):][:3])
			}
		}
	}
	return img
}

func shownQR(t *testing.T, text string) *vision.Image {
	return shown(t, func(b *bytes.Buffer) error { return symbol.WriteQR(b, text, symbol.Low, 4) })
}

// holds reports whether the source has kept a picture.
func (s *Source) holds() bool {
	img, _, _ := s.box.Frame()
	return len(bytes.Trim(img.Pix, "\x00"))+len(bytes.Trim(s.luma.Pix, "\x00")) > 0
}

// TestConformance shows codes among which an advertisement is.
func TestConformance(t *testing.T) {
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of every bubble
	key, err := credential.NewSigningKey("EdDSA", "https://id.example.org", "Example")
	if err != nil {
		t.Fatal(err)
	}
	text, err := credential.Issue(credential.Draft{
		Issuer: key.Issuer, Subject: "4711", IssuedAt: begin.AddDate(0, -1, 0), Expires: begin.AddDate(1, 0, 0),
		Identity: credential.Identity{FullName: "Ana Núñez", DateOfBirth: "1990-05"},
	}, key.Signer, key.Public.ID)
	if err != nil {
		t.Fatal(err)
	}
	identity, advertisement := shownQR(t, text), shownQR(t, "https://www.example.org/offer")
	secret := []byte("12345678901234567890")
	barCode := func(t *testing.T) *vision.Image {
		text, err := credential.NewBarcode("40212345", secret, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return shown(t, func(b *bytes.Buffer) error { return symbol.WriteBarcode(b, text, 2) })
	}
	trusted := []credential.Issuer{{ID: key.Issuer, Name: key.Name, Keys: []*credential.Key{key.Public}}}
	for name, c := range map[string]struct {
		issuers []credential.Issuer
		revoked func(*credential.Credential) bool
		code    func(*testing.T) *vision.Image // nil: the identity
	}{
		"accepted": {issuers: trusted, revoked: notRevoked},
		"refused":  {revoked: notRevoked},
		"slow":     {issuers: trusted, revoked: slowlyNotRevoked},
		"bar code": {revoked: notRevoked, code: barCode},
	} {
		t.Run(name, func(t *testing.T) {
			evidencetest.Run(t, func(t *testing.T) evidencetest.Rig {
				verifier := credential.DefaultVerifierOpts()
				verifier.Issuers = c.issuers
				issuers, err := NewIssuers(verifier)
				if err != nil {
					t.Fatal(err)
				}
				reader := symbol.DefaultReaderOpts()
				reader.MaxWidth, reader.MaxHeight, reader.Barcodes = frameWidth, frameHeight, true
				used := map[[32]byte]bool{}
				s, err := New(Opts{
					Issuers: issuers, Reader: reader, Width: frameWidth, Height: frameHeight, People: strangers{},
					Bound: func(string) bool { return false }, Secret: func(string) []byte { return secret },
					Use: func(key [32]byte, _ time.Time) (bool, error) {
						fresh := !used[key]
						used[key] = true
						return fresh, nil
					},
					Revoked: c.revoked, Untimely: func(error) bool { return false }, Claims: new(evidence.Claims), Portrait: noFace,
					Now: time.Now, Log: discard(),
				})
				if err != nil {
					t.Fatal(err)
				}
				code := identity
				if c.code != nil {
					code = c.code(t)
				}
				rig := evidencetest.Rig{
					Source: s, Kind: policy.Credential, Subject: "ana", Takes: 3 * time.Second, Held: s.holds,
					Hints: []string{HintNoIdentity, HintUnfresh},
					Present: func(ctx context.Context) {
						for i := 0; ctx.Err() == nil; i++ {
							img := advertisement
							if i%16 >= 4 {
								img = code
							}
							if err := s.Look(&evidence.Frame{Image: img, Captured: time.Now()}); err != nil {
								t.Error(err)
							}
							select {
							case <-ctx.Done():
							case <-time.After(perFrame):
							}
						}
					},
				}
				if name == "slow" { // a look that is under way ends before anything is forgotten
					rig.Held = nil
				}
				return rig
			})
		})
	}
}

// The screen adds something for a moment, and nothing when nobody asks for a credential.
func TestHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Source{Demands: evidence.NewDemands()}
		for _, c := range []struct {
			ask  policy.Set
			say  string
			wait time.Duration
			want string
		}{
			{0, HintUnfresh, 0, ""},
			{policy.Set(0).With(policy.Card), HintUnfresh, 0, ""},
			{policy.Set(0).With(policy.Credential), HintUnfresh, 0, HintUnfresh},
			{policy.Set(0).With(policy.Credential), HintNoIdentity, 0, HintNoIdentity},
			{policy.Set(0).With(policy.Credential), HintNoIdentity, time.Minute, ""},
		} {
			s.Want(passage.Demand{Passage: passage.ID{Boot: 1, Number: 1}, Ask: c.ask})
			s.Say(c.say)
			time.Sleep(c.wait)
			if got := s.Hint(); got != c.want {
				t.Errorf("%q was said %v ago, %v is asked for: hint %q, want %q", c.say, c.wait, c.ask, got, c.want)
			}
		}
	})
}
