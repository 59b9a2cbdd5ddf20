package wallet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"

	"umbral/daemon/local/browsertest"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
)

// browser is one the size of a phone.
func browser(t *testing.T) (ctx context.Context, complaints func() []string) {
	t.Helper()
	ctx, complaints = browsertest.Start(t)
	do(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
	return ctx, complaints
}

func do(t testing.TB, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// value evaluates JavaScript, awaiting promises.
func value[T any](t testing.TB, ctx context.Context, script string) T {
	t.Helper()
	var v T
	do(t, ctx, chromedp.Evaluate(script, &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return v
}

// until waits until the JavaScript gives true.
func until(t testing.TB, ctx context.Context, script string) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if value[bool](t, ctx, script) {
			return
		}
	}
	t.Fatalf("never: %s; the page says %q", script, value[string](t, ctx, "document.body.innerText"))
}

const atStage = `document.body?.dataset.stage === %q`

// look takes a picture of the page, as a camera would see the phone, and keeps it for whoever wants to see it.
func look(t testing.TB, ctx context.Context, name string) []byte {
	t.Helper()
	var picture []byte
	do(t, ctx, chromedp.CaptureScreenshot(&picture))
	if dir := os.Getenv("UMBRAL_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "wallet-"+name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return picture
}

// scan reads the one code in a picture with the gate's reader.
func scan(t testing.TB, picture []byte) string {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	luma := make([]byte, b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, _ := m.At(x, y).RGBA()
			luma[y*b.Dx()+x] = byte((299*r + 587*g + 114*bl) / 1000 >> 8)
		}
	}
	o := symbol.DefaultReaderOpts()
	o.MaxWidth, o.MaxHeight = b.Dx(), b.Dy()
	r, err := symbol.NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := r.Read(luma, b.Dx(), b.Dy(), b.Dx())
	if err != nil {
		t.Fatal(err)
	}
	if len(symbols) != 1 {
		t.Fatalf("%d codes in the picture", len(symbols))
	}
	return symbols[0].Text
}

func refused(err error) credential.Step {
	var r *credential.Refusal
	if errors.As(err, &r) {
		return r.Step
	}
	return credential.Passed
}

// The whole way: a page, a key that stays, a credential, a code on the screen, a grant; and what a screenshot is worth.
func TestPageToVerifier(t *testing.T) {
	ctx, complaints := browser(t)
	issuer, verifier := newIssuer(t)
	url := serve(t, func(o *Opts) { o.Issuer, o.Period = issuer, 2*time.Second })
	code, err := issuer.Offer(credential.Identity{ID: "40212345", FullName: "Ana María Núñez", DateOfBirth: "19900515", Nationality: "URY"}, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(url+"?lang=en"))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	look(t, ctx, "start")
	do(t, ctx, chromedp.Click("#create"))
	until(t, ctx, fmt.Sprintf(atStage, "enrol"))
	enrolment, err := credential.ParseEnrolment(scan(t, look(t, ctx, "enrol")))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the browser's key is for %s", enrolment.Key.Algorithm())
	do(t, ctx, chromedp.SendKeys("#claim", "WRONG"), chromedp.Click("#claimform button"))
	until(t, ctx, `document.getElementById("status").textContent.includes("not known")`)
	// As a person types it.
	do(t, ctx, chromedp.SetValue("#claim", strings.ToLower(code[:4]+"-"+code[4:])), chromedp.Click("#claimform button"))
	until(t, ctx, fmt.Sprintf(atStage, "show"))
	until(t, ctx, `document.getElementById("code")?.dataset.modules > 20`)

	do(t, ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	scan(t, look(t, ctx, "dark"))
	do(t, ctx, emulation.SetEmulatedMedia())
	picture := look(t, ctx, "show")
	text, now := scan(t, picture), time.Now()
	c, err := verifier.Verify(text, now)
	if err != nil {
		t.Fatal(err)
	}
	if c.Identity.FullName != "Ana María Núñez" || c.Subject != "40212345" || !bytes.Equal(c.Holder.Thumbprint(), enrolment.Key.Thumbprint()) || c.Presented.Audience != "gate-7" {
		t.Errorf("%+v", c)
	}
	t.Logf("%d characters, %s modules", len(text), value[string](t, ctx, `document.getElementById("code").dataset.modules`))
	if _, err := verifier.Verify(scan(t, picture), now.Add(time.Minute)); refused(err) != credential.Stale {
		t.Errorf("the same picture a minute later: %v", err)
	}
	again, err := verifier.Verify(scan(t, picture), now.Add(3*time.Second))
	if err != nil || again.Replay != c.Replay {
		t.Errorf("the same picture twice: %v, other replay key %v", err, again.Replay != c.Replay)
	}
	time.Sleep(2500 * time.Millisecond)
	fresh, err := verifier.Verify(scan(t, look(t, ctx, "renewed")), time.Now())
	if err != nil || fresh.Replay.Key == c.Replay.Key {
		t.Errorf("after the period: %v, same replay key %v", err, fresh.Replay.Key == c.Replay.Key)
	}

	// Another gate; one that nobody listed.
	do(t, ctx, chromedp.Evaluate(`(() => { const list = document.getElementById("audience"); list.selectedIndex = 2; list.dispatchEvent(new Event("change")); })()`, nil))
	do(t, ctx, chromedp.SetValue("#other", "gate-9"), chromedp.Evaluate(`document.getElementById("other").dispatchEvent(new Event("change"))`, nil))
	until(t, ctx, `document.getElementById("other").hidden === false`)
	if got := value[string](t, ctx, `document.getElementById("audience").selectedOptions[0]?.textContent || "nothing"`); got != "Another gate …" {
		t.Errorf("the list shows %q", got)
	}
	time.Sleep(300 * time.Millisecond)
	if c, err := verifier.Verify(scan(t, look(t, ctx, "other")), time.Now()); refused(err) != credential.WrongAudience || c.Presented.Audience != "gate-9" {
		t.Errorf("for another gate: %v", err)
	}

	// The private key is in the vault, and cannot be taken out.
	if got := value[string](t, ctx, `(async () => {
		const { get } = await import("./vault.js");
		const { privateKey } = await get("key");
		const tried = await crypto.subtle.exportKey("pkcs8", privateKey).then(() => "exported", (e) => e.name);
		return [privateKey.extractable, tried].join(" ");
	})()`); got != "false InvalidAccessError" {
		t.Errorf("the private key: %q", got)
	}
	if list := complaints(); len(list) > 1 { // the refused one-time code is one
		t.Errorf("the browser complains: %q", list)
	}
}

// Without a network the wallet still opens and shows fresh codes.
func TestOffline(t *testing.T) {
	ctx, _ := browser(t)
	issuer, verifier := newIssuer(t)
	url := serve(t, func(o *Opts) { o.Issuer = issuer })
	code, err := issuer.Offer(credential.Identity{ID: "1", FullName: "李明"}, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(url+"?lang=zh#claim="+code))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	do(t, ctx, chromedp.Click("#create"))
	until(t, ctx, fmt.Sprintf(atStage, "show"))
	until(t, ctx, `navigator.serviceWorker.controller !== null`)
	until(t, ctx, `caches.open("umbral-wallet-1").then((c) => c.keys()).then((k) => k.length >= 9)`)
	do(t, ctx, network.Enable(), network.EmulateNetworkConditions(true, 0, 0, 0))
	// The service worker has its own network; without the server there is none for it either.
	do(t, ctx, chromedp.Evaluate(`location.reload()`, nil))
	until(t, ctx, fmt.Sprintf(atStage, "show"))
	until(t, ctx, `document.getElementById("code")?.dataset.modules > 20`)
	c, err := verifier.Verify(scan(t, look(t, ctx, "offline")), time.Now())
	if err != nil || c.Identity.FullName != "李明" || c.Presented.Audience != "gate-7" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLanguagesAndLayout(t *testing.T) {
	ctx, complaints := browser(t)
	issuer, _ := newIssuer(t)
	url := serve(t, func(o *Opts) { o.Issuer = issuer })
	do(t, ctx, chromedp.Navigate(url))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	// Every language says everything.
	if got := value[string](t, ctx, `(async () => {
		const { words } = await import("./words.js");
		const keys = (o) => Object.entries(o).flatMap(([k, v]) => typeof v === "object" ? keys(v).map((s) => k + "." + s) : v ? [k] : []).sort();
		return Object.keys(words).filter((l) => String(keys(words[l])) !== String(keys(words.en))).join();
	})()`); got != "" {
		t.Errorf("not everything is said in %s", got)
	}
	do(t, ctx, chromedp.Click("#create"))
	until(t, ctx, fmt.Sprintf(atStage, "enrol"))
	code, err := issuer.Offer(credential.Identity{ID: "40212345", FullName: "María del Carmen Fernández-Villaverde y Ruiz de Apodaca"}, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.SendKeys("#claim", code), chromedp.Click("#claimform button"))
	until(t, ctx, fmt.Sprintf(atStage, "show"))
	for language, want := range map[string]string{"en": "Valid until", "es": "Válida hasta", "zh": "有效期至"} {
		do(t, ctx, chromedp.SetValue("#language", language), chromedp.Evaluate(`document.getElementById("language").dispatchEvent(new Event("change"))`, nil))
		until(t, ctx, fmt.Sprintf(`document.getElementById("validity").textContent.includes(%q)`, want))
		for _, size := range [][2]int64{{320, 568}, {390, 844}, {820, 1180}} {
			do(t, ctx, chromedp.EmulateViewport(size[0], size[1], chromedp.EmulateScale(2)))
			time.Sleep(200 * time.Millisecond)
			if value[bool](t, ctx, "document.documentElement.scrollWidth > innerWidth") {
				t.Errorf("%s: wider than %d pixels", language, size[0])
			}
			look(t, ctx, fmt.Sprintf("%s-%d", language, size[0]))
		}
	}
	// Everything that acts has a name, and is large enough for a thumb.
	if got := value[string](t, ctx, `[...document.querySelectorAll("button, input, select, textarea, canvas")].filter((e) => e.offsetParent).filter((e) =>
		!(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim()) || (e.tagName !== "CANVAS" && e.getBoundingClientRect().height < 40)).map((e) => e.id || e.outerHTML).join()`); got != "" {
		t.Errorf("without a name, or too small: %s", got)
	}
	// Removing asks, and removes.
	do(t, ctx, chromedp.Evaluate(`document.querySelector("#show details").open = true`, nil), chromedp.Click("#forget"))
	until(t, ctx, `document.getElementById("confirm").open`)
	do(t, ctx, chromedp.Click(`#confirm button[value="yes"]`))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	if got := value[int](t, ctx, `import("./vault.js").then((v) => v.get("key")).then((k) => k === undefined ? 0 : 1)`); got != 0 {
		t.Error("the key is still there")
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// The page's encoder against gozxing's decoder: all versions, both modes, lengths at and beside the limits.
func TestEncoder(t *testing.T) {
	ctx, _ := browser(t)
	do(t, ctx, chromedp.Navigate(serve(t, nil)))
	until(t, ctx, fmt.Sprintf(atStage, "start"))
	var texts []string
	for n := 1; n <= 4296; n += 1 + n/40 {
		texts = append(texts, strings.Repeat("UMBRAL1:%69 VD92EX0$*+-./ABCXYZ", n/31+1)[:n])
	}
	texts = append(texts, strings.Repeat("Z9", 2148), "lower case, ñ and 门", strings.Repeat("é", 1470), "A", "AB", "")
	list, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	drawn := value[[]string](t, ctx, `import("./qr.js").then(({ encode }) => `+string(list)+`.map((text) => encode(text).map((r) => r.map((d) => d ? "#" : ".").join("")).join("\n")))`)
	versions := map[int]bool{}
	for i, text := range texts {
		rows := strings.Split(drawn[i], "\n")
		m, err := gozxing.NewSquareBitMatrix(len(rows))
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x, c := range row {
				if c == '#' {
					m.Set(x, y)
				}
			}
		}
		versions[(len(rows)-17)/4] = true
		result, err := decoder.NewDecoder().Decode(m, nil)
		if err != nil {
			t.Errorf("%d characters, %d modules: %v", len(text), len(rows), err)
			continue
		}
		if result.GetText() != text {
			t.Errorf("%d characters come back as %.60q", len(text), result.GetText())
		}
		// Nothing had to be corrected: the same bits come out of the same code words.
		if want, err := symbol.EncodeQR(text, symbol.Level(result.GetECLevel()[0])); text != "" && (err != nil || len(want) != len(rows)) {
			t.Errorf("%d characters take %d modules, and %d by gozxing (%v)", len(text), len(rows), len(want), err)
		}
	}
	for v := 1; v <= 40; v++ {
		if !versions[v] {
			t.Errorf("version %d was not drawn", v)
		}
	}
	if got := value[string](t, ctx, `import("./qr.js").then(({ encode }) => { try { encode("A".repeat(4297)); return "taken"; } catch (e) { return e.name; } })`); got != "RangeError" {
		t.Errorf("too long a text: %s", got)
	}
}
