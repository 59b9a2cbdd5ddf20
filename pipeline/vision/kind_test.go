package vision

import (
	"strings"
	"testing"
)

// Files that are no picture that can be read are named, with what to do.
func TestOtherFilesAreNamed(t *testing.T) {
	box := func(brands string) string { return "\x00\x00\x00\x20ftyp" + brands + strings.Repeat("\x00", 20) }
	for data, want := range map[string][2]string{
		box("heic\x00\x00\x00\x00mif1heic"):  {"HEIC", "export it as JPEG"},
		box("mif1\x00\x00\x00\x00mif1heic"):  {"HEIC", "Most Compatible"},
		box("mif1\x00\x00\x00\x00mif1avif"):  {"AVIF", "export it as an ordinary JPEG"},
		box("avif\x00\x00\x00\x00avif"):      {"AVIF", "export"},
		box("qt  \x00\x00\x00\x00qt  "):      {"video", "still picture"},
		box("isom\x00\x00\x02\x00isom"):      {"video", "still picture"},
		box("crx \x00\x00\x00\x01crx "):      {"raw", "export"},
		"\xff\x0a rest":                      {"JPEG XL", "export"},
		"\x00\x00\x00\x0cJXL \r\n\x87\nrest": {"JPEG XL", "export"},
		"\x00\x00\x00\x0cjP  \r\n":           {"JPEG 2000", "export"},
		"II*\x00\x08\x00\x00\x00":            {"TIFF", "export"},
		"MM\x00*\x00\x00\x00\x08":            {"TIFF", "export"},
		"BM\x00\x00\x00\x00":                 {"BMP", "export"},
		"FUJIFILMCCD-RAW":                    {"raw", "export"},
		"\x00\x00\x01\x00\x01\x00":           {"icon", "export"},
		"GIF89a":                             {"GIF", "export"},
		"%PDF-1.7":                           {"PDF", "screenshot"},
		"PK\x03\x04":                         {"ZIP", "unpack"},
		"8BPS\x00\x01":                       {"Photoshop", "export"},
		"<!DOCTYPE html>":                    {"web page", "save the picture itself"},
		"<svg xmlns=":                        {"SVG", "export"},
		"RIFF\x00\x00\x00\x00AVI LIST":       {"video", "still picture"},
		"RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00ANMF\x00\x00\x00\x00": {"animated WebP", "export"},
		"RIFF\x04\x00\x00\x00WEBP": {"WebP", "damaged"},
		"Dear Sir,":                {"no picture", "44 65"},
	} {
		img, err := desk([]byte(data))
		if img != nil || err == nil || !strings.Contains(err.Error(), want[0]) || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("% x: error %v, want one with %q", data[:min(len(data), 12)], err, want)
		}
	}
}
