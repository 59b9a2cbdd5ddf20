package main

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/vision"
)

// readFile reads a file of at most so many bytes with fn, and names the file in every error.
func readFile[T any](path string, most int64, fn func([]byte) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return none, err
	}
	if int64(len(data)) > most {
		return none, fmt.Errorf("%s: more than %d bytes (limit)", path, most)
	}
	v, err := fn(data)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// readHolder takes a wallet's enrolment code, or a file with its public key.
func readHolder(cmd *cobra.Command, arg string) (*credential.Key, error) {
	if data, err := os.ReadFile(arg); err == nil {
		if key, err := credential.ParsePublicKey(data); err == nil {
			return key, nil
		}
	}
	text, err := readCode(cmd, arg)
	if err != nil {
		return nil, err
	}
	e, err := credential.ParseEnrolment(text)
	if err != nil {
		return nil, err
	}
	if age := time.Since(e.At); age > time.Hour || age < -time.Hour {
		fmt.Fprintf(cmd.ErrOrStderr(), "The enrolment code was made %s.\n", e.At.Local().Format(time.DateTime))
	}
	return e.Key, nil
}

// readCode takes the text of a code from an argument, a file or standard input; pictures are searched for codes.
func readCode(cmd *cobra.Command, arg string) (string, error) {
	var data []byte
	var err error
	switch f, openErr := os.Open(arg); {
	case arg == "-":
		data, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), 16<<20))
	case openErr == nil:
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, 16<<20))
	case strings.HasSuffix(arg, ".png"), strings.HasSuffix(arg, ".jpg"), strings.HasSuffix(arg, ".txt"):
		return "", openErr
	default:
		return arg, nil
	}
	if err != nil {
		return "", err
	}
	if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err != nil {
		return strings.Trim(string(data), "\r\n"), nil
	}
	symbols, err := readSymbols(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", arg, err)
	}
	switch len(symbols) {
	case 0:
		return "", fmt.Errorf("%s: no code is found in the picture", arg)
	case 1:
		return symbols[0].Text, nil
	}
	for _, s := range symbols {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s of %d characters\n", arg, s.Format, len(s.Text))
	}
	return "", fmt.Errorf("%s: %d codes are in the picture, wanted one", arg, len(symbols))
}

// readSymbols searches a photograph in every way.
func readSymbols(data []byte) ([]symbol.Symbol, error) {
	img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
	if err != nil {
		return nil, err
	}
	// Codes of a large photograph are large too.
	for max(img.Width, img.Height) > 2048 {
		half := vision.NewImage(img.Width/2, img.Height/2)
		vision.Resize(half, img, img.Bounds())
		img = half
	}
	o := symbol.DefaultReaderOpts()
	o.MaxWidth, o.MaxHeight, o.Attempts, o.SearchEvery = max(img.Width, 32), max(img.Height, 32), 0, 1
	r, err := symbol.NewReader(o)
	if err != nil {
		return nil, err
	}
	var luma vision.Grey
	vision.Luma(&luma, img)
	return r.Read(luma.Pix, luma.Width, luma.Height, luma.Stride)
}
