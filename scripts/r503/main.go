// Command r503 is a fingerprint module without the hardware: it prints the path of a pseudo terminal behind which an
// emulated R503 answers, for umbrald, or for a virtual machine that has it as a serial port. Fingers come and go, and the
// protocol breaks, by lines on standard input:
//
//	put 1               finger 1 lies on the sensor
//	lift                nobody does
//	break NAME N        the next N answers are broken: busy, checksum, dip, flood, late, length, noise, short, stale
//	dip                 the module loses power for a moment
//	baud 115200         the module listens at this speed
//	password 12345678   the module wants this password
//	address 00000007    the module listens at this address
//
// With -kind r307 or as608 it is one of these, whose pictures are larger. With -pictures DIR finger 1 looks like the first
// PNG of that folder, and so on: as many pixels of its middle as the module pictures.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"umbral/drivers/fingerprint/emulated"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "r503:", err)
		os.Exit(1)
	}
}

func run() error {
	pictures := flag.String("pictures", "", "folder of PNG pictures of fingers")
	name := flag.String("kind", "r503", "kind of module: r503, r307 or as608")
	flag.Parse()
	kind, known := kinds[*name]
	if !known {
		return fmt.Errorf("-kind %s, allowed are r503, r307, as608", *name)
	}
	m := emulated.NewKind(kind)
	if *pictures != "" {
		if err := show(m, kind, *pictures); err != nil {
			return err
		}
	}
	pty, err := emulated.OpenPTY()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Println(pty.Path)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			if err := obey(m, lines.Text()); err != nil {
				fmt.Fprintln(os.Stderr, "r503:", err)
			}
		}
	}()
	return m.Run(ctx, pty)
}

var kinds = map[string]emulated.Kind{"r503": emulated.R503, "r307": emulated.R307, "as608": emulated.AS608}

// obey carries out one line.
func obey(m *emulated.Module, line string) error {
	var name string
	var n int
	var word uint32
	switch {
	case strings.TrimSpace(line) == "":
	case line == "lift":
		m.Lift()
	case scan(line, "put %d", &n) && n > 0:
		m.Put(n)
	case scan(line, "baud %d", &n):
		m.SetBaud(n)
		m.PowerCycle()
	case line == "dip":
		m.PowerCycle()
	case scan(line, "password %x", &word):
		m.SetPassword(word)
		m.PowerCycle()
	case scan(line, "address %x", &word):
		m.SetAddress(word)
		m.PowerCycle()
	case scan(line, "break %s %d", &name, &n) && emulated.Faults[name] != 0:
		m.Break(emulated.Faults[name], n)
	default:
		return fmt.Errorf("%q is no command: put N, lift, break NAME N, dip, baud N, password HEX, address HEX", line)
	}
	return nil
}

func scan(line, format string, to ...any) bool {
	n, err := fmt.Sscanf(line, format, to...)
	return err == nil && n == len(to)
}

// show reads the pictures of a folder.
func show(m *emulated.Module, kind emulated.Kind, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s holds no PNG picture", dir)
	}
	var fingers [][]byte
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		pix := make([]byte, kind.Width*kind.Height)
		middle := img.Bounds()
		left, top := (middle.Min.X+middle.Max.X-kind.Width)/2, (middle.Min.Y+middle.Max.Y-kind.Height)/2
		for i := range pix {
			pix[i] = color.GrayModel.Convert(img.At(left+i%kind.Width, top+i/kind.Width)).(color.Gray).Y
		}
		fingers = append(fingers, pix)
	}
	m.SetPicture(func(finger int) []byte { return fingers[(finger-1)%len(fingers)] })
	return nil
}
