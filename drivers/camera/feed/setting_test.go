package feed

import (
	"strings"
	"testing"
)

func TestParseSetting(t *testing.T) {
	for text, want := range map[string]Setting{
		"gain=64":                       {"gain", 64},
		" exposure_time_absolute = -3 ": {"exposure_time_absolute", -3},
		"white_balance_automatic=off":   {"white_balance_automatic", 0},
		"led_mode=on":                   {"led_mode", 1},
		"power_line_frequency=2":        {"power_line_frequency", 2},
		"brightness=2147483647":         {"brightness", 2147483647},
		"brightness=true":               {"brightness", 1},
		"brightness=false":              {"brightness", 0},
		"digits_1_2=-2147483648":        {"digits_1_2", -2147483648},
		strings.Repeat("a", 64) + "=1":  {strings.Repeat("a", 64), 1},
	} {
		if got, err := ParseSetting(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
		if again, err := ParseSetting(want.String()); err != nil || again != want {
			t.Errorf("%v read again is %v, %v", want, again, err)
		}
	}
	for _, text := range []string{"", "gain", "=1", "Gain=1", "gain=", "gain=1.5", "gain=2147483648", "a b=1", strings.Repeat("a", 65) + "=1", "gain=1=2"} {
		if got, err := ParseSetting(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestSettingNames(t *testing.T) {
	for driver, want := range map[string]string{
		"Gain":                        "gain",
		"White Balance, Automatic":    "white_balance_automatic",
		"Exposure Time, Absolute":     "exposure_time_absolute",
		" (Odd)  name! ":              "odd_name",
		"":                            "",
		"Ünicode":                     "nicode",
		"Focus, Automatic Continuous": "focus_automatic_continuous",
	} {
		if got := SettingName(driver); got != want {
			t.Errorf("%q is %q, wanted %q", driver, got, want)
		}
	}
}

func FuzzParseSetting(f *testing.F) {
	f.Add("gain=64")
	f.Add("a=on")
	f.Add("=")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSetting(text)
		if err != nil {
			return
		}
		if again, err := ParseSetting(s.String()); err != nil || again != s {
			t.Errorf("%q is %v, and again %v, %v", text, s, again, err)
		}
		if SettingName(s.Name) != strings.Trim(SettingName(s.Name), "_") {
			t.Errorf("%q", s.Name)
		}
	})
}
