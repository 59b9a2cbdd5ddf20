package wallet

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	xdraw "golang.org/x/image/draw"

	"umbral/config"
	"umbral/config/paths/pathstest"
	"umbral/config/policy"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/terminal"
	"umbral/pipeline/credential"
	"umbral/pipeline/vision"
)

// The woman of the demo: second from the left on sample3.jpg.
var (
	anasFace  = vision.Rect{X0: 1020, Y0: 140, X1: 1350, Y1: 560}
	anasPhone = image.Rect(860, 560, 1400, 560+540*1688/780)
)

// photograph reads the picture that she is on.
func photograph(t *testing.T) (*vision.Image, image.Image) {
	t.Helper()
	data, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img, decoded
}

// portrait is as small as a code carries it.
func portrait(t *testing.T, img *vision.Image) []byte {
	t.Helper()
	small := vision.NewImage(63, 80)
	region := vision.NewImage(252, 320)
	vision.Resize(region, img, anasFace)
	vision.Resize(small, region, region.Bounds())
	var b bytes.Buffer
	if err := vision.WriteJPEG(&b, small, 40); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// holding is she with the phone's picture before her.
func holding(t *testing.T, photo image.Image, phone []byte) string {
	t.Helper()
	screen, err := png.Decode(bytes.NewReader(phone))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(photo.Bounds())
	draw.Draw(out, out.Rect, photo, image.Point{}, draw.Src)
	xdraw.CatmullRom.Scale(out, anasPhone, screen, screen.Bounds(), xdraw.Src, nil)
	file := filepath.Join(t.TempDir(), "phone.jpg")
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

// She comes with the picture of the phone: at once, a moment later, and when the code is too old.
const scene = `
fps = 15
loop = false
units = "pixels"
noise = 0.5
`

const visit = `
[[step]]
label = "nobody"
seconds = %d
[[step]]
label = "ana with the phone"
picture = %q
seconds = 1.0
hold = 5.0
from = { x = 1180, y = 700, width = 1500 }
to = { x = 1180, y = 690, width = 1360 }
crop = [800, 0, 1490, 1350]
`

// A picture of the wallet's page opens the gate once, for the person whose portrait the credential carries, and only while
// it is fresh. Nobody is enrolled.
func TestPageToGate(t *testing.T) {
	pathstest.Model(t, "fr_detect.onnx")
	img, photo := photograph(t)
	ctx, _ := browser(t)
	key, err := credential.NewSigningKey("EdDSA", issuerID, "City registry")
	if err != nil {
		t.Fatal(err)
	}
	office, err := credential.NewIssuanceDesk(key, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	identity := credential.Identity{ID: "40212345", FullName: "Ana", DateOfBirth: "19900515", PhotoFormat: 1, PhotoData: portrait(t, img)}
	code, err := office.Offer(identity, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, func(o *Opts) { o.Issuer = office })
	do(t, ctx, chromedp.Navigate(url+"?lang=en"))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	do(t, ctx, chromedp.Click("#create"))
	until(t, ctx, fmt.Sprintf(atStage, "enrol"))
	do(t, ctx, chromedp.SetValue("#claim", code), chromedp.Click("#claimform button"))
	until(t, ctx, fmt.Sprintf(atStage, "show"))
	until(t, ctx, `document.getElementById("code")?.dataset.modules > 20`)

	dir := t.TempDir()
	keys, err := credential.MarshalIssuer(credential.Issuer{ID: issuerID, Name: "City registry", Keys: []*credential.Key{key.Public}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "issuer.jwks"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Terminal.ID, cfg.Terminal.StateDir = "gate-7", filepath.Join(dir, "state")
	cfg.Camera.Width, cfg.Camera.Height, cfg.Camera.FPS = 1280, 960, 15
	cfg.Local.HTTP, cfg.Local.Socket = "", filepath.Join(dir, "umbral.sock")
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("credential and face and live"), 20*time.Second
	cfg.Passage.RegrantAfter, cfg.Passage.ShowVerdict, cfg.Passage.Cooldown = 8*time.Second, time.Second, 8*time.Second
	cfg.Credential.Issuers = []config.Issuer{{ID: issuerID, Keys: filepath.Join(dir, "issuer.jwks")}}
	cfg.Credential.Trust = policy.TrustUnknown

	file := holding(t, photo, look(t, ctx, "gate"))
	play := scene + fmt.Sprintf(visit, 1, file) + fmt.Sprintf(visit, 2, file) + fmt.Sprintf(visit, 32, file) + "[[step]]\nlabel = \"nobody\"\nseconds = 60\n"
	if err := os.WriteFile(filepath.Join(dir, "scene.toml"), []byte(play), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Camera.Source = "replay:" + filepath.Join(dir, "scene.toml")
	term, err := terminal.New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- term.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	gate := local.NewClient(cfg.Local.Socket)
	var verdicts []local.Verdict
	for deadline := time.Now().Add(90 * time.Second); len(verdicts) < 3 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if s, err := gate.State(t.Context()); err == nil {
			verdicts = s.Verdicts
		}
	}
	slices.Reverse(verdicts)
	var got []string
	for _, v := range verdicts {
		got = append(got, v.Verdict+" "+v.Reason)
	}
	if len(verdicts) != 3 || verdicts[0].Verdict != "grant" || verdicts[1].Verdict != "deny" || verdicts[2].Verdict != "deny" {
		t.Fatalf("verdicts %q, wanted a grant and two denials", got)
	}
	for i, want := range []passage.Reason{passage.ReasonCredentialReplayed, passage.ReasonCredentialStale} {
		if !slices.Contains(verdicts[i+1].Reasons, string(want)) {
			t.Errorf("visit %d was denied for %q, wanted %s", i+2, verdicts[i+1].Reasons, want)
		}
	}
}
