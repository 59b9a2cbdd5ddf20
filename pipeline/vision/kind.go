package vision

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// The kinds of file that ReadPicture reads.
const (
	kindJPEG = "JPEG"
	kindPNG  = "PNG"
	kindWebP = "WebP"
	kindPNM  = "PNM"
)

// signatures tell kinds of file by their first bytes: a picture's file name may say anything.
var signatures = []struct{ prefix, kind string }{
	{"\xff\xd8", kindJPEG},
	{"\x89PNG\r\n\x1a\n", kindPNG},
	{"P5", kindPNM}, {"P6", kindPNM},
	{"GIF8", "GIF"},
	{"BM", "BMP"},
	{"II*\x00", "TIFF or raw"}, {"MM\x00*", "TIFF or raw"}, {"II+\x00", "TIFF or raw"}, {"MM\x00+", "TIFF or raw"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"},
	{"\x00\x00\x00\x0cjP  ", "JPEG 2000"}, {"\xff\x4f\xff\x51", "JPEG 2000"},
	{"IIRO", "TIFF or raw"}, {"IIU\x00", "TIFF or raw"}, {"FUJIFILM", "TIFF or raw"},
	{"\x00\x00\x01\x00", "icon"},
	{"8BPS", "Photoshop"},
	{"%PDF", "PDF"},
	{"PK\x03\x04", "ZIP"},
	{"\x1a\x45\xdf\xa3", "video"},
	{"<!DOCTYPE", "web page"}, {"<!doctype", "web page"}, {"<html", "web page"}, {"<HTML", "web page"},
	{"<svg", "SVG"}, {"<?xml", "SVG"},
}

// kindOf names the kind of file that data are, "" if it is unknown.
func kindOf(data []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(data, []byte(s.prefix)) {
			return s.kind
		}
	}
	switch {
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		return brand(data)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return kindWebP
	case len(data) >= 12 && string(data[:4]) == "RIFF":
		return "video"
	case bytes.Contains(data[:min(len(data), junkBefore)], []byte{0xff, markerSOI, 0xff}):
		return kindJPEG
	}
	return ""
}

// junkBefore is how far into a file the start of a JPEG is looked for.
const junkBefore = 4096

// brand names the kind of an ISO base media file by its brands (ISO/IEC 14496-12, section 4.3; 23008-12, 10.2 to 10.4).
func brand(data []byte) string {
	size := int(data[0])<<24 | int(data[1])<<16 | int(data[2])<<8 | int(data[3])
	brands := string(data[8:min(len(data), max(12, min(size, 256)))])
	switch {
	case strings.Contains(brands, "avif"), strings.Contains(brands, "avis"):
		return "AVIF"
	case strings.Contains(brands, "hei"), strings.Contains(brands, "hev"),
		strings.Contains(brands, "mif1"), strings.Contains(brands, "msf1"):
		return "HEIC"
	case strings.HasPrefix(brands, "crx"):
		return "TIFF or raw"
	}
	return "video"
}

// What to do about a file, for the person who chose it.
const (
	adviceExport = "open it and export it as an ordinary JPEG"
	adviceAgain  = "it is damaged; copy it again from where it still opens, or export it again"
)

var advice = map[string]string{
	"HEIC":     "export it as JPEG (iPhone: send it by mail, or choose Settings, Camera, Formats, Most Compatible)",
	"PDF":      "export the photograph itself as JPEG, or make a screenshot of it",
	"ZIP":      "unpack it and choose the photograph in it",
	"video":    "take a photograph, or a still picture of it",
	"web page": "the download brought a page in place of the picture; save the picture itself",
}

// unreadable is a file of a kind that cannot be read, though it may be sound.
type unreadable struct{ what, advice string }

func (u *unreadable) Error() string {
	return fmt.Sprintf("vision: %s can't be read: %s", u.what, u.advice)
}

// refuseKind names a file that ReadPicture does not read, and says what to do.
func refuseKind(kind string, data []byte) error {
	switch {
	case len(data) == 0:
		return errors.New("vision: picture is an empty file")
	case kind == "":
		begin := data[:min(4, len(data))]
		return fmt.Errorf("vision: this file is no picture that can be read (it starts with % x): %s", begin, adviceExport)
	}
	do := advice[kind]
	if do == "" {
		do = adviceExport
	}
	return &unreadable{"a " + kind + " file", do}
}

// damaged returns the error for a broken file of a known kind.
func damaged(kind string, cause error) error {
	return fmt.Errorf("vision: this %s can't be opened: %s (%w)", kind, adviceAgain, cause)
}

// tooLarge returns the error for a picture that takes more pixels or memory than the limits allow.
func tooLarge(kind string, w, h int, l PictureLimits) error {
	return fmt.Errorf("vision: %s of %dx%d pixels, limit %d pixels in %d bytes of memory: export it smaller",
		kind, w, h, l.MaxPixels, l.Memory)
}
