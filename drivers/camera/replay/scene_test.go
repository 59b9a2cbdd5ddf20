package replay

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/drivers/camera/feed"
)

func TestSceneFaultsHaveAPlace(t *testing.T) {
	const step = "[[step]]\nhold = 1\n"
	for _, c := range []struct{ text, want string }{
		{"", "s.toml:1:1: step: 0 steps"},
		{"width = 640\nnois = 1\n" + step, "s.toml:2:1: nois: unknown key"},
		{"seed = \"x\"\n" + step, "s.toml:1:8:"},
		{"seed = 99999999999999999999\n" + step, "s.toml:1:8:"},
		{"fps = \n", "s.toml:1:7:"},
		{"\n  units = \"miles\"\n" + step, `s.toml:2:3: units: "miles"`},
		{"width = 641\n" + step, "s.toml:1:1: width: 641"},
		{"height = 1\n" + step, "s.toml:1:1: height: 1"},
		{"fps = 1000\n" + step, "s.toml:1:1: fps: 1000"},
		{"noise = nan\n" + step, "s.toml:1:1: noise: NaN"},
		{"shake = inf\n" + step, "s.toml:1:1: shake: +Inf"},
		{"feather = -1\n" + step, "s.toml:1:1: feather: -1"},
		{"wall = 1\n" + step, "s.toml:1:1: wall: 1"},
		{step + "[[step]]\nlabel = \"x\"\n", "s.toml:3:3: step.1.seconds: 0 and nothing"},
		{step + "label = \"" + strings.Repeat("x", 201) + "\"\n", "s.toml:3:1: step.0.label: 201 bytes"},
		{step + "seconds = 601\n", "s.toml:3:1: step.0.seconds: 601"},
		{"[[step]]\nhold = -1\n", "s.toml:2:1: step.0.hold: -1"},
		{step + "noise = 33\n", "s.toml:3:1: step.0.noise: 33"},
		{step + "shake = 33\n", "s.toml:3:1: step.0.shake: 33"},
		{step + "tilt = 200\n", "s.toml:3:1: step.0.tilt: 200"},
		{step + "from = { x = 0.5, y = 0.5, width = 1 }\n", "s.toml:1:3: step.0.picture: is missing"},
		{step + "from = { brightness = 9 }\n", "s.toml:3:10: step.0.from.brightness: 9"},
		{step + "picture = \"a\"\n", "s.toml:1:3: step.0.from.width: 0"},
		{step + "picture = \"a\"\nfrom = { x = 9, y = 0.5, width = 1 }\n", "s.toml:4:10: step.0.from.x: 9"},
		{step + "picture = \"a\"\n[step.from]\nx = 0.5\ny = -9\nwidth = 1\n", "s.toml:6:1: step.0.from.y: -9"},
		{step + "picture = \"a\"\nfrom = { x = 0.5, y = 0.5, width = 1 }\nto = { x = 0.5, y = 0.5, width = 10 }\n", "s.toml:5:26: step.0.to.width: 10"},
		{step + "picture = \"a\"\ncrop = [0, 0, 1]\n", "s.toml:4:1: step.0.crop: 3 numbers"},
		{step + "picture = \"a\"\ncrop = [0, 0, 2, 1]\n", "s.toml:4:1: step.0.crop: 2, allowed"},
		{step + "picture = \"a\"\ncrop = [0.5, 0, 0.5, 1]\n", "s.toml:4:1: step.0.crop: [0.5 0 0.5 1] is empty"},
		{strings.Repeat(step, 201), "s.toml:1:1: step: 201 steps"},
		{strings.Repeat("#", maxSceneBytes+1), "limit 65536"},
	} {
		_, err := ParseScene("s.toml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q:\n  got    %v\n  wanted %s", c.text, err, c.want)
		}
	}
}

func TestScenePicturesAreLookedFor(t *testing.T) {
	dir, pictures := t.TempDir(), t.TempDir()
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "s.toml"), []byte("[[step]]\nlabel = \"one\"\npicture = \"p.png\"\nhold = 1\nfrom = { x = 0.5, y = 0.5, width = 1 }\n"))
	o := feed.DefaultOpts()
	o.Pictures = pictures
	if _, err := New(filepath.Join(dir, "s.toml"), o); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "step 1 (one)") {
		t.Errorf("%v", err)
	}
	write(filepath.Join(pictures, "p.png"), encodePNG(t, texture(20, 20)))
	if _, err := New(filepath.Join(dir, "s.toml"), o); err != nil {
		t.Error(err)
	}
	write(filepath.Join(dir, "p.png"), []byte("\x89PNG, but not really"))
	if _, err := New(filepath.Join(dir, "s.toml"), o); !errors.Is(err, errPicture) {
		t.Errorf("the scene's own folder comes first: %v", err)
	}
	write(filepath.Join(dir, "t.toml"), append([]byte("pictures = \"none\"\n"), must(os.ReadFile(filepath.Join(dir, "s.toml")))...))
	if _, err := New(filepath.Join(dir, "t.toml"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the named folder is the only one: %v", err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSceneIsTheSameForTheSameSeed(t *testing.T) {
	dir := stageFiles(t)
	play := func(seed string) (frames [][]byte, notes []string) {
		path := filepath.Join(dir, "seed.toml")
		text := "fps = 20\nwidth = 96\nheight = 64\n" + strings.Replace(smallScene, "seed = 7", "seed = "+seed, 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := feed.DefaultOpts()
		o.Once, o.Pace = true, feed.AsTaken
		s := must(New(path, o))
		take(t, s, func(b *feed.Frame) {
			if b.Width != 96 || b.Height != 64 || b.Stride != 192 || b.Format != feed.YUYV {
				t.Fatalf("%v %d×%d", b.Format, b.Width, b.Height)
			}
			frames = append(frames, bytes.Clone(b.Data))
			notes = append(notes, s.Stats().Note)
		})
		return frames, notes
	}
	a, notes := play("7")
	b, _ := play("7")
	c, _ := play("8")
	if len(a) != 8 || len(b) != 8 {
		t.Fatalf("%d and %d frames, wanted 8", len(a), len(b))
	}
	same := 0
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Errorf("frame %d differs", i)
		}
		if bytes.Equal(a[i], c[i]) {
			same++
		}
	}
	if same != 0 {
		t.Errorf("%d frames are the same with another seed", same)
	}
	if notes[0] != "nobody" || notes[7] != "somebody" {
		t.Errorf("notes %q", notes)
	}
}

func TestDemoScene(t *testing.T) {
	for i := 1; i <= 6; i++ {
		pathstest.Picture(t, "sample"+string(rune('0'+i))+".jpg")
	}
	o := feed.DefaultOpts()
	o.Pictures = paths.Pictures()
	s := must(New(demoScene, o))
	th := s.player.(*theatre)
	if d := th.scene.Duration(); d > 50*time.Second {
		t.Errorf("the demo takes %v before it begins again, limit 50 s", d)
	}
	bytes := 0
	for _, a := range th.acts {
		if a.subject != nil {
			bytes += a.subject.bytes()
		}
	}
	if bytes > 24<<20 {
		t.Errorf("the demo's pictures take %d bytes, limit %d", bytes, 24<<20)
	}
	if s.once {
		t.Error("the demo ends")
	}
}

func FuzzScene(f *testing.F) {
	f.Add([]byte(smallScene))
	f.Add(must(os.ReadFile(demoScene)))
	f.Add([]byte("[[step]]\nhold = 1\nfrom = [{ x = 1 }, 2]\n[step.to.a]\n'' = 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseScene("s.toml", data)
		if err != nil {
			if !strings.Contains(err.Error(), "s.toml") {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		if len(s.Steps) == 0 || len(s.Steps) > maxSteps || s.Duration() <= 0 {
			t.Errorf("accepted: %d steps, %v", len(s.Steps), s.Duration())
		}
	})
}
