package main

import (
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		`{"name":"Ana García","n":1}`:   `{"name":"Ana García","n":1}`,
		"\x1b]0;title\a":                `\u001b]0;title\u0007`,
		"line\r\nline":                  `line\u000d\u000aline`,
		"\u009b31m, \u202egpj.exe":      `\u009b31m, \u202egpj.exe`, // CSI as one character; right-to-left override
		"cut \xe2\x82":                  `cut \xe2\x82`,
		"\U000e0041 tag, \ufffd itself": `\udb40\udc41 tag, ` + "\ufffd itself",
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%+q) = %+q, want %+q", text, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[2J")
	f.Add(`{"a":"é"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		if !isPrint(got) {
			t.Fatalf("printable(%+q) = %+q", text, got)
		}
		if printable(got) != got {
			t.Errorf("%+q changes when it is made printable again", got)
		}
		if !utf8.ValidString(text) {
			return
		}
		var back string
		j, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(printable(string(j))), &back); err != nil || back != text {
			t.Errorf("JSON of %+q means %+q afterwards: %v", text, back, err)
		}
		if isPrint(text) && got != text {
			t.Errorf("%+q is printable and becomes %+q", text, got)
		}
	})
}

func isPrint(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
