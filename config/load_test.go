package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // "line:column key: part of the message"
	}{
		{"no TOML", "[camera]\nwidth = = 3\n", []string{"2:9 : "}},
		{"twice", "[camera]\nwidth = 640\nwidth = 320\n", []string{"3:1 : key width is already defined"}},
		{"table twice", "[camera]\n[log]\n[camera]\n", []string{"3:2 : table camera already exists"}},
		{"below", "[camera]\n  width = 50\n", []string{`2:11 camera.width: found 50, allowed is 160 to 3840 px`}},
		{"above", "gallery = { capacity = 1000001 }", []string{`1:24 gallery.capacity: found 1000001, allowed is 1 to 100000 references`}},
		{"dotted", "camera.fps = 0", []string{`1:14 camera.fps: found 0, allowed is 1 to 120 frames/s`}},
		{"no unit", "[door]\npulse = 3\n", []string{`2:9 door.pulse: found the number 3, allowed is a time with its unit in quotes`}},
		{"bad unit", "[door]\npulse = \"3 seconds\"\n", []string{`2:9 door.pulse: found "3 seconds", allowed is a time with its unit`}},
		{"too long", "[door]\npulse = \"1h\"\n", []string{`2:9 door.pulse: found "1h", allowed is 100ms to 30s`}},
		{"type", "[door]\nexit_opens = \"yes\"\nchip = 3\nrelay_line = 1.5\n", []string{
			`2:14 door.exit_opens: found the text "yes", allowed is true or false`,
			`3:8 door.chip: found the number 3, allowed is text in quotes`,
			`4:14 door.relay_line: found the number 1.5, allowed is a whole number`,
		}},
		{"table", "camera = 3\n[[door]]\n", []string{`1:10 camera: found the number 3, allowed is a table`, `2:3 door: found a list, allowed is a table`}},
		{"date", "[log]\nlevel = 2026-01-01\n", []string{`2:9 log.level: found a date or time, allowed is text in quotes`}},
		{"word", "[door]\nkind = \"GPIO\"\n", []string{`2:8 door.kind: found "GPIO", allowed is one of simulated, gpio`}},
		{"list", "[camera]\nformats = [\"YUYV\",\n  \"H264\", \"YUYV\"]\n", []string{
			`3:3 camera.formats[1]: found "H264", allowed is one of YUYV, NV12, MJPG, GREY`,
			`3:11 camera.formats[2]: "YUYV" stands there twice`,
		}},
		{"empty list", "[camera]\nformats = []\n", []string{`2:1 camera.formats: found nothing, allowed are 1 to 4 elements`}},
		{"unknown key", "[camera]\nwitdh = 640\n", []string{`2:1 camera.witdh: unknown key (did you mean "width"?)`}},
		{"unknown table", "[cammera]\nwidth = 640\n", []string{`1:2 cammera: unknown key (did you mean "camera"?)`}},
		{"wrong table", "[camera]\npolicy = \"face\"\n", []string{`2:1 camera.policy: unknown key (did you mean "passage.policy"?)`}},
		{"nothing near", "[log]\ncolour = 1\n", []string{`2:1 log.colour: unknown key, allowed here: level`}},
		{"policy", "[passage]\npolicy = \"face and not live\"\n", []string{`2:20 passage.policy: "not" is no part of a policy`}},
		{"unavailable", "[passage]\npolicy = \"face and finger\"\n", []string{`2:10 passage.policy: found "face and finger", but this terminal cannot produce finger`}},
		{"several at once", "[camera]\nwidth = 1\nhight = 3\n[gallery]\ncapacity = 0\n[passage]\npolicy = \"face and\"\n", []string{
			`2:9 camera.width: found 1`, `3:1 camera.hight: unknown key (did you mean "height"?)`,
			`5:12 gallery.capacity: found 0`, `7:19 passage.policy: the policy ends here`,
		}},
		{"together", "[store]\njournal_mib = 100\n[liveness]\nmin_score = 0.9\nframes = 20\n[face]\nmin_brightness = 230\n", []string{
			`1:2 store.file_mib: found 128, allowed is at least 204`, `3:2 liveness.not_live_frames: found 12, allowed is at least liveness.frames, which is 20`,
			`4:13 liveness.min_score: found 0.9`, `7:18 face.min_brightness: found 230, allowed is less than face.max_brightness, which is 220`,
		}},
		{"gpio", "[door]\nkind = \"gpio\"\ncontact_line = 4\nexit_line = 4\n", []string{
			`1:2 door.relay_line: found -1, but a door of the kind "gpio" needs a relay`, `4:13 door.exit_line: found 4, which is also door.contact_line`,
		}},
		{"finger", "[finger]\nsensor = \"r503\"\naddress = \"7\"\nwidth = 256\nbaud = 14400\n", []string{
			`1:2 finger.device: found ""`, `3:11 finger.address: found "7", allowed are 8 hexadecimal digits, such as "FFFFFFFF"`,
			`4:9 finger.width: found 256 with finger.height = 0`, `5:8 finger.baud: found 14400`,
		}},
		{"finger, serial port for SPI", "[finger]\nsensor = \"fpc1011\"\ndevice = \"/dev/ttyS0\"\n", []string{`3:10 finger.device: found "/dev/ttyS0", but finger.sensor is "fpc1011"`}},
		{"finger, SPI for a serial port", "[finger]\nsensor = \"r503\"\ndevice = \"/dev/spidev0.0\"\n", []string{`3:10 finger.device: found "/dev/spidev0.0", but finger.sensor is "r503"`}},
		{"finger, low", "[finger]\nwidth = 256\nheight = 63\n", []string{`2:9 finger.width: found 256 with finger.height = 63`}},
		{"finger, narrow", "[finger]\nwidth = 62\nheight = 64\n", []string{`2:9 finger.width: found 62`}},
		{"finger, odd", "[finger]\nwidth = 65\nheight = 64\n", []string{`2:9 finger.width: found 65`}},
		{"finger, only high", "[finger]\nheight = 64\n", []string{`1:2 finger.width: found 0 with finger.height = 64`}},
		{"names", "[terminal]\nid = \"a/b\"\nstate_dir = \"\"\n", []string{`2:6 terminal.id: found "a/b", allowed are A-Z`, `3:13 terminal.state_dir: found nothing`}},
		{"camera", "[camera]\nsource = \"/dev/video0\"\n", []string{`2:10 camera.source: found "/dev/video0", allowed is "v4l2:"`}},
		{"no broker", "[fleet]\nenabled = true\n", []string{`1:2 fleet.broker: found nothing, but fleet.enabled is true`}},
		{"broker", "[fleet]\nbroker = \"http://x\"\n", []string{`2:10 fleet.broker: found "http://x", allowed is "tcp://host:1883"`}},
		{"in clear", "[fleet]\nbroker = \"tcp://example.org:1883\"\nusername = \"u\"\nca = \"ca.pem\"\ncertificate = \"c.pem\"\n", []string{
			`3:12 fleet.username: found "u", but fleet.broker "tcp://example.org:1883" would get name and password in clear`,
			`4:6 fleet.ca: found "ca.pem", but fleet.broker`, `5:15 fleet.certificate: found "c.pem"`, `5:15 fleet.certificate: found fleet.certificate "c.pem" and fleet.certificate_key ""`,
		}},
		{"password", "[fleet]\npassword_file = \"p\"\n", []string{`2:17 fleet.password_file: found "p" without fleet.username`}},
		{"keys", "[[fleet.keys]]\nname = \"a\"\npublic = \"" + strings.Repeat("!", 44) + "\"\ncommands = [\"status\"]\n[[fleet.keys]]\nname = \"a\"\npublic = \"AA==\"\ncommands = [\"reboot\"]\nrole = 1\n", []string{
			`3:10 fleet.keys[0].public: found "!!!`, `6:8 fleet.keys[1].name: found "a", which another key has already`,
			`7:10 fleet.keys[1].public: found 4 bytes, allowed are 44 to 44`, `8:13 fleet.keys[1].commands[0]: found "reboot", allowed is one of status, door.open`,
			`9:1 fleet.keys[1].role: unknown key, allowed here: name, public, commands`,
		}},
		{"one key twice", "[[fleet.keys]]\nname = \"a\"\npublic = \"" + strings.Repeat("A", 43) + "=\"\ncommands = [\"status\"]\n[[fleet.keys]]\nname = \"b\"\npublic = \"" + strings.Repeat("A", 43) + "=\"\ncommands = [\"status\"]\n", []string{
			`7:10 fleet.keys[1].public: found the key of "a" again`,
		}},
		{"key lacks", "[[fleet.keys]]\n", []string{`1:9 fleet.keys[0].name: found nothing`, `1:9 fleet.keys[0].public: found nothing`, `1:9 fleet.keys[0].commands: found nothing`}},
		{"page", "[local]\nhttp = \"0.0.0.0:8600\"\n", []string{`2:8 local.http: found the host "0.0.0.0", allowed are 127.0.0.1 and ::1`}},
		{"port", "[local]\nhttp = \"127.0.0.1:web\"\n", []string{`2:8 local.http: found "127.0.0.1:web", allowed is host:port`}},
		{"no number", "[face]\nmargin = nan\n", []string{`2:10 face.margin: found NaN, allowed is 0 to 0.5`}},
		{"huge", strings.Repeat("#", maxFile+1), []string{"0:0 : more than 1048576 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("gate.toml", []byte(c.text))
			var errs Errors
			if !errors.As(err, &errs) {
				t.Fatalf("error %v of type %T", err, err)
			}
			if len(errs) != len(c.want) {
				t.Fatalf("%d errors, want %d:\n%v", len(errs), len(c.want), err)
			}
			for i, e := range errs {
				where, message, _ := strings.Cut(c.want[i], " ")
				line, column, _ := strings.Cut(where, ":")
				text := strings.TrimPrefix(e.Error(), "config: gate.toml:")
				at := line + ":" + column + ": "
				if line == "0" {
					text, at = strings.TrimPrefix(text, " "), ""
				}
				message = strings.TrimPrefix(message, ": ")
				if !strings.HasPrefix(text, at) || !strings.Contains(text, message) {
					t.Errorf("found  %s\nwanted %s", e.Error(), c.want[i])
				}
			}
			if !strings.Contains(err.Error(), "gate.toml") {
				t.Errorf("%v does not name the file", err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	_, err := Parse("gate.toml", []byte(`
[camera]
source = "replay:walk.mjpeg"
formats = ["GREY"]
[face]
margin = 0
identify_threshold = 0.61
[passage]
policy = "live or (face and live)"
decide_timeout = "6m"
`))
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Key != "passage.decide_timeout" {
		t.Fatalf("%v", err)
	}
	c, err := Parse("gate.toml", []byte("[camera]\nsource = 'replay:walk.mjpeg'\nformats = ['GREY']\n[face]\nmargin = 0\n[passage]\ndecide_timeout = '15s'\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Camera.Source, want.Camera.Formats = "replay:walk.mjpeg", []string{"GREY"}
	want.Face.Margin, want.Passage.DecideTimeout = 0, 15*time.Second
	if d := cmp.Diff(want, c); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{}.Validate()
	var errs Errors
	if !errors.As(err, &errs) || len(errs) < 20 || strings.Count(err.Error(), "\n") != maxErrors || !strings.Contains(err.Error(), "more") {
		t.Errorf("the zero configuration: %v", err)
	}
	var one Error
	if !errors.As(err, &one) || one.Key == "" || one.Line != 0 {
		t.Errorf("the first error: %+v", one)
	}
}

func TestLoadDemo(t *testing.T) {
	c, err := Load("demo.toml")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	source := "replay:" + filepath.Join(folder, "scenes", "walkup.toml")
	if c.Camera.Source != source || c.Terminal.StateDir != filepath.Join(folder, "..", "build", "demo") {
		t.Errorf("source %s, state %s", c.Camera.Source, c.Terminal.StateDir)
	}
	if _, err := os.Stat(strings.TrimPrefix(source, "replay:")); err != nil {
		t.Error(err)
	}
	if !c.Fleet.Enabled || c.Fleet.Broker == "" || c.Door.Kind != "simulated" || !c.Local.NextFreePort {
		t.Errorf("the demo lacks a part: %+v", c)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c, err := Load(write("a.toml", "[store]\nkey_file = 'k'\n[camera]\nsource = 'v4l2:/dev/video1'\n[models]\ndir = '/models'\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Store.KeyFile, want.Camera.Source, want.Models.Dir = filepath.Join(dir, "k"), "v4l2:/dev/video1", "/models"
	if d := cmp.Diff(want, c, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := Load(filepath.Join(dir, "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	// A socket's name has 107 bytes at most, whatever the file says.
	long := strings.Repeat("long/", 25)
	var errs Errors
	if _, err := Load(write(long+"b.toml", "[local]\nsocket = 's'\n")); !errors.As(err, &errs) || errs[0].Key != "local.socket" || errs[0].Line != 2 {
		t.Errorf("a socket far away: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Example()))
	f.Add([]byte("[[fleet.keys]]\nname = \"a\"\n[camera]\nformats = [\"YUYV\", [1, {a = 2}]]\n\"a.b\".c = 1\nx = {y = {z = [[]]}}\n"))
	f.Add([]byte("[a.b]\nc = 1979-05-27T07:32:00Z\n[passage]\npolicy = \"\"\"\nface\"\"\"\ndecide_timeout = 'x'\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("gate.toml", data)
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Fatalf("parsed, but %v", err)
			}
			return
		}
		var errs Errors
		if !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("error %v of type %T", err, err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, e := range errs {
			if e.File != "gate.toml" || e.Line > lines || e.Message == "" {
				t.Fatalf("%+v in %d lines", e, lines)
			}
		}
	})
}

// What is on file can be asked only about somebody.
func TestEligibilityNeedsAName(t *testing.T) {
	for rule, allowed := range map[string]bool{
		"live": false, "face and live or speech": false, "face and live": true, "credential or card": true, "face or (live and card)": true,
	} {
		c := Default()
		c.Passage.Policy, c.Eligibility.Enabled = policy.MustParse(rule), true
		var errs Errors
		err := c.Validate()
		if errors.As(err, &errs) == allowed {
			t.Errorf("policy %q with eligibility: %v", rule, err)
		}
		if !allowed && len(errs) > 0 && errs[0].Key != "eligibility.enabled" {
			t.Errorf("policy %q: %v", rule, errs)
		}
	}
}
