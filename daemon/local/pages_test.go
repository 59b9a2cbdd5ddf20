package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"umbral/config/paths/pathstest"
	"umbral/daemon/local/browsertest"
)

// screenshot keeps what the page looks like for whoever wants to see it.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("UMBRAL_SCREENSHOTS")
	if dir == "" {
		return
	}
	var picture []byte
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&picture)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until the element's text holds the words.
func eventually(t *testing.T, ctx context.Context, selector, words string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	var text string
	for time.Now().Before(deadline) {
		if err := chromedp.Run(ctx, chromedp.Text(selector, &text, chromedp.ByQuery)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, words) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s says %q, want %q in it", selector, text, words)
}

func TestTechnicianPage(t *testing.T) {
	ctx, complaints := browsertest.Start(t)
	f := newFake()
	if picture, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg")); err == nil {
		f.picture = picture
	}
	base, client := serve(t, f)
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(1400, 900), chromedp.Navigate(linked(t, base, client, "/"))); err != nil {
		t.Fatal(err)
	}
	eventually(t, ctx, "#terminal", "gate-7")
	eventually(t, ctx, "#noverdicts", "No passages yet")
	live, score := 0.98, 0.71
	f.set(func(s *State) {
		s.Conditions = []Condition{{Code: "broker", Severity: "warning", Text: "No connection to the broker", Since: time.Now()}}
		s.Screen = Screen{Code: "granted", Name: "Ana"}
		s.Frame.Faces = []Face{{Track: 4, Box: [4]float32{100, 80, 220, 240}, Points: [][2]float32{{120, 100}}, Problems: []string{"come closer"}, Live: &live, Score: &score, Person: "ana", Matched: true}}
		s.Verdicts = []Verdict{{Time: time.Now(), Passage: "b3-000001", Kind: "passage", Verdict: "grant", Text: "The face matched", Person: "ana", Name: "Ana", DurationMS: 800, Score: &score, Live: &live}}
		s.Stages = []Stage{{Name: "detect", P50: 4.2, P95: 9.1, Count: 10}}
		s.Models = []Model{{Role: "detect", File: "fr_detect.onnx", SHA256: strings.Repeat("ab", 32)}}
	})
	eventually(t, ctx, "#conditions", "No connection to the broker")
	eventually(t, ctx, "#guidance", "Ana")
	eventually(t, ctx, "#faces", "come closer")
	eventually(t, ctx, "#verdicts", "The face matched")
	eventually(t, ctx, "#stages", "9.10 ms")
	eventually(t, ctx, "#models", "fr_detect.onnx")
	screenshot(t, ctx, "technician")
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(390, 844)); err != nil {
		t.Fatal(err)
	}
	var wide bool
	if err := chromedp.Run(ctx, chromedp.Evaluate("document.documentElement.scrollWidth > innerWidth", &wide)); err != nil || wide {
		t.Errorf("the page is wider than a phone (%v)", err)
	}
	screenshot(t, ctx, "technician-phone")
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

func TestScreen(t *testing.T) {
	ctx, complaints := browsertest.Start(t)
	f := newFake()
	base, client := serve(t, f)
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(1280, 720), chromedp.Navigate(linked(t, base, client, "/screen"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		screen Screen
		words  string
		class  string
	}{
		{Screen{Code: "idle"}, "Welcome", "idle"},
		{Screen{Code: "guide", Problem: "too-small"}, "Come closer", "guide"},
		{Screen{Code: "look", Progress: 40}, "Look at the camera", "look"},
		{Screen{Code: "one-at-a-time"}, "One at a time", "one-at-a-time"},
		{Screen{Code: "granted", Name: "Ana"}, "Welcome, Ana", "granted"},
		{Screen{Code: "denied", Reason: "not-enrolled"}, "No entry", "denied"},
		{Screen{Code: "out-of-order", Reason: "camera-lost"}, "Out of order", "out-of-order"},
	} {
		f.set(func(s *State) { s.Screen = c.screen })
		eventually(t, ctx, "#words", c.words)
		var class string
		if err := chromedp.Run(ctx, chromedp.Evaluate("document.body.className", &class)); err != nil || class != c.class {
			t.Errorf("%s: class %q, %v", c.words, class, err)
		}
		screenshot(t, ctx, "screen-"+c.screen.Code)
	}
	eventually(t, ctx, "#help", "The camera gives no picture")
	if err := chromedp.Run(ctx, chromedp.Navigate(linked(t, base, client, "/screen?lang=es"))); err != nil {
		t.Fatal(err)
	}
	f.set(func(s *State) { s.Screen = Screen{Code: "denied", Reason: "several-people"} })
	eventually(t, ctx, "#help", "Pasen de uno en uno")
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// What the person is asked to show or to do, and what is offered in the end.
func TestScreenOfEvidence(t *testing.T) {
	ctx, complaints := browsertest.Start(t)
	f := newFake()
	base, client := serve(t, f)
	qr := []string{"1110", "1010", "1110", "0001"}
	for lang, c := range map[string]struct{ card, hint, ready, turn, offer string }{
		"en": {"Show your card", "Turn the card over", "Get ready", "Turn to your right", "Scan with your phone"},
		"es": {"Muestre su documento", "Dé la vuelta", "Prepárese", "Gire a su derecha", "Escanee"},
		"zh": {"", "", "", "", ""},
	} {
		if err := chromedp.Run(ctx, chromedp.EmulateViewport(1280, 720), chromedp.Navigate(linked(t, base, client, "/screen?lang="+lang))); err != nil {
			t.Fatal(err)
		}
		for _, s := range []struct {
			name            string
			screen          Screen
			selector, words string
		}{
			{"ask", Screen{Code: "ask", Ask: []string{"card"}}, "#words", c.card},
			{"hint", Screen{Code: "ask", Ask: []string{"card"}, Hint: "turn-the-card-over"}, "#help", c.hint},
			{"ready", Screen{Code: "ask", Ask: []string{"speech"}, Prompt: &Prompt{Kind: "digits", Phase: "ready", Of: 6}}, "#prompt", c.ready},
			{"digit", Screen{Code: "ask", Ask: []string{"speech"}, Prompt: &Prompt{Kind: "digits", Phase: "show", What: 7, Done: 2, Of: 6, Share: 0.4}}, "#prompt", "7"},
			{"move", Screen{Code: "ask", Ask: []string{"speech"}, Prompt: &Prompt{Kind: "move", Phase: "show", What: 1, Done: 1, Of: 4, Share: 0.2}}, "#prompt", c.turn},
			{"offer", Screen{Code: "granted", Name: "Ana", Offer: &Offer{Code: "ABCDEFGHIJKLMNOP", QR: qr}}, "#offer-code", c.offer},
			{"code", Screen{Code: "granted", Name: "Ana", Offer: &Offer{Code: "ABCDEFGHIJKLMNOP", QR: qr}}, "#offer-code", "ABCD EFGH IJKL MNOP"},
			{"name", Screen{Code: "granted", Name: "<b>Ana</b>"}, "#words", "<b>Ana</b>"},
		} {
			f.set(func(state *State) { state.Screen = s.screen })
			eventually(t, ctx, s.selector, s.words)
			var text string
			if err := chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText", &text)); err != nil || strings.Contains(text, "undefined") {
				t.Errorf("%s, %s: %q, %v", lang, s.name, text, err)
			}
			screenshot(t, ctx, "screen-"+s.name+"-"+lang)
		}
		// Nothing that one language says is missing in another.
		var missing []string
		same := `(() => { const keys = (o, p) => Object.entries(o).flatMap(([k, v]) => v && typeof v === "object" && !Array.isArray(v) ? keys(v, p + k + ".") : [p + k]);
			return keys(words.en, "").filter((k) => !keys(words["` + lang + `"], "").includes(k)); })()`
		if err := chromedp.Run(ctx, chromedp.Evaluate(same, &missing)); err != nil || len(missing) > 0 {
			t.Errorf("%s lacks %q, %v", lang, missing, err)
		}
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}
