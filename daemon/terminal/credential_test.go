package terminal

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"umbral/config"
	"umbral/config/paths/pathstest"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
)

// issuerOf makes an issuer whose key the terminal trusts.
func issuerOf(t *testing.T, cfg *config.Config) *credential.SigningKey {
	t.Helper()
	key, err := credential.NewSigningKey("EdDSA", "https://id.example.org", "Example")
	if err != nil {
		t.Fatal(err)
	}
	public, err := credential.MarshalIssuer(credential.Issuer{ID: key.Issuer, Name: key.Name, Keys: []*credential.Key{key.Public}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "issuer.jwks")
	if err := os.WriteFile(file, public, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Credential.Issuers = append(cfg.Credential.Issuers, config.Issuer{ID: key.Issuer, Name: key.Name, Keys: file})
	cfg.Credential.Trust = policy.TrustUnknown
	return key
}

// scenePicture is one of the demo's photographs.
func scenePicture(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(pathstest.Picture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// anasPortrait is a small portrait as it fits into a code: 80 pixels high.
func anasPortrait(t *testing.T, of image.Image, at image.Rectangle) []byte {
	t.Helper()
	const h = 80
	w := h * at.Dx() / at.Dy()
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			small.Set(x, y, mean(of, image.Rect(at.Min.X+x*at.Dx()/w, at.Min.Y+y*at.Dy()/h, at.Min.X+(x+1)*at.Dx()/w, at.Min.Y+(y+1)*at.Dy()/h)))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mean(img image.Image, r image.Rectangle) color.Color {
	var sum [3]uint32
	n := uint32(0)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			sum[0], sum[1], sum[2], n = sum[0]+red>>8, sum[1]+green>>8, sum[2]+blue>>8, n+1
		}
	}
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}

// holding is a photograph in which somebody holds a code before themselves.
func holding(t *testing.T, photo image.Image, text string, at image.Rectangle) string {
	t.Helper()
	modules, err := symbol.EncodeQR(text, symbol.Low)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(photo.Bounds())
	draw.Draw(out, out.Bounds(), photo, image.Point{}, draw.Src)
	draw.Draw(out, at, image.White, image.Point{}, draw.Src)
	const quiet = 4
	n := len(modules) + 2*quiet
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			my, mx := (y-at.Min.Y)*n/at.Dy()-quiet, (x-at.Min.X)*n/at.Dx()-quiet
			if my >= 0 && my < len(modules) && mx >= 0 && mx < len(modules) && modules[my][mx] {
				out.Set(x, y, color.Black)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "holding.jpg")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := jpeg.Encode(f, out, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return file
}

// codeScene: Ana walks up, shows a code, goes, and comes again with the same code.
func codeScene(file string) string {
	step := `
[[step]]
label = "nobody"
seconds = 1.5
[[step]]
label = "ana with a code"
picture = %q
seconds = 1.0
hold = 6.0
from = { x = 1180, y = 700, width = 1500 }
to = { x = 1180, y = 680, width = 1360 }
crop = [800, 0, 1490, 1350]
`
	return "fps = 15\nloop = false\nunits = \"pixels\"\nnoise = 0.5\n" + fmt.Sprintf(step+step, file, file) + "[[step]]\nlabel = \"nobody\"\nseconds = 60\n"
}

var (
	anasFace = image.Rect(1020, 140, 1350, 560) // with what is around it
	anasHand = image.Rect(860, 640, 1400, 1180)
)

// codeGate is a terminal that nobody is enrolled at, before which Ana shows a code.
func codeGate(t *testing.T, text func(*credential.SigningKey) string) *Terminal {
	t.Helper()
	pathstest.Model(t, "fr_detect.onnx")
	cfg := gateConfig(t, gateScene)
	key := issuerOf(t, &cfg)
	scene := filepath.Join(t.TempDir(), "scene.toml")
	photo := scenePicture(t, "sample3.jpg")
	if err := os.WriteFile(scene, []byte(codeScene(holding(t, photo, text(key), anasHand))), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Camera.Source, cfg.Camera.Width, cfg.Camera.Height = "replay:"+scene, 1280, 960
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("credential and face and live"), 20*time.Second
	cfg.Passage.RegrantAfter = time.Second
	term, _ := started(t, cfg)
	return term
}

// anas is a draft of Ana's credential with her portrait in it.
func anas(t *testing.T) credential.Draft {
	return credential.Draft{
		Issuer: "https://id.example.org", Subject: "4711", IssuedAt: time.Now().Add(-time.Hour), Expires: time.Now().Add(time.Hour),
		Identity: credential.Identity{FullName: "Ana García", DateOfBirth: "19900101", PhotoFormat: 1, PhotoData: anasPortrait(t, scenePicture(t, "sample3.jpg"), anasFace)},
	}
}

func verdictOf(t *testing.T, term *Terminal, n int) verdict {
	t.Helper()
	until(t, fmt.Sprintf("verdict %d", n), 40*time.Second, func() bool { return len(term.view.recent()) >= n })
	list := term.view.recent()
	return list[len(list)-n]
}

// With nothing enrolled, the person passes whose portrait the code carries; the same rotating code does not count twice.
func TestCredentialGate(t *testing.T) {
	draft := anas(t)
	term := codeGate(t, func(key *credential.SigningKey) string {
		holder, err := credential.NewSigningKey("ES256", "", "")
		if err != nil {
			t.Fatal(err)
		}
		draft.Holder = holder.Public
		text, err := credential.Issue(draft, key.Signer, key.Public.ID)
		if err != nil {
			t.Fatal(err)
		}
		nonce := make([]byte, 8)
		rand.Read(nonce)
		text, err = credential.Present(text, holder.Signer, credential.Presented{At: time.Now(), Nonce: nonce, Audience: "test-1"})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("code of %d characters", len(text))
		return text
	})
	first := verdictOf(t, term, 1)
	if first.verdict != passage.Grant || first.reason != passage.ReasonMatched || first.summary.Face.Best < passage.ScoreOf(0.5) {
		t.Fatalf("first: %v %v %v, face %+v", first.verdict, first.summary.Reasons, first.person, first.summary.Face)
	}
	if people, err := term.store.People(); err != nil || len(people) != 0 {
		t.Errorf("the store holds %v, %v: nothing about the person may be kept", people, err)
	}
	second := verdictOf(t, term, 2)
	if second.verdict != passage.Deny || len(second.summary.Reasons) < 2 || second.summary.Reasons[1] != passage.ReasonCredentialReplayed {
		t.Errorf("second: %v %v", second.verdict, second.summary.Reasons)
	}
}

// A code of an issuer whom nobody trusts is no evidence, whatever portrait it carries.
func TestUntrustedIssuer(t *testing.T) {
	draft := anas(t)
	term := codeGate(t, func(*credential.SigningKey) string {
		stranger, err := credential.NewSigningKey("EdDSA", "https://elsewhere.example", "")
		if err != nil {
			t.Fatal(err)
		}
		draft.Issuer = "https://elsewhere.example"
		text, err := credential.Issue(draft, stranger.Signer, stranger.Public.ID)
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
	v := verdictOf(t, term, 1)
	if v.verdict != passage.Deny || len(v.summary.Reasons) < 2 || v.summary.Reasons[1] != passage.ReasonCredentialUntrusted {
		t.Errorf("%v %v", v.verdict, v.summary.Reasons)
	}
}
