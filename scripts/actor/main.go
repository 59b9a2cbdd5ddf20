// Command actor plays people at the gate of the demo of proofing. It reads what the gate's screen asks for, as a person
// would, and writes what the camera sees into a named pipe: photographs that walk up, hold a card before the camera and
// move their lips. Nobody but a person who sees the screen could do so; that a puppet can as well is what the challenge
// does not prove (see package challenge), and why it stands beside attack detection and the comparison of the face.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	xdraw "golang.org/x/image/draw"

	"umbral/config/paths"
	"umbral/daemon/local"
	"umbral/pipeline/document/documenttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "actor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	pipe := flag.String("pipe", "", "named pipe that the terminal's camera replays")
	socket := flag.String("socket", "", "the terminal's socket")
	pictures := flag.String("pictures", paths.Pictures(), "folder of the demo's photographs")
	portrait := flag.String("portrait", "", "write the authority's picture of the person to this file, and end")
	flag.Parse()
	if *portrait != "" {
		return writePortrait(*portrait, *pictures)
	}
	visitors, err := ensemble(*pictures)
	if err != nil {
		return err
	}
	// Opened for reading as well, so that it does not wait for the terminal.
	out, err := os.OpenFile(*pipe, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("--pipe: %w (mkfifo makes one)", err)
	}
	defer out.Close()
	return perform(ctx, out, local.NewClient(*socket), newScript(visitors))
}

// The woman of the demo, in two photographs of two days.
var (
	inSample3 = image.Rect(800, 0, 1490, 1350)
	inSample1 = image.Rect(1330, 60, 1790, 635) // her head and shoulders
)

const tiltInSample1 = -25 // degrees

// ensemble are those who come: she with her card; a stranger with it; she again, who does not read aloud.
func ensemble(pictures string) ([]visitor, error) {
	a, err := openFaces(paths.Models())
	if err != nil {
		return nil, err
	}
	ana, err := cast(a, pictures, "sample3.jpg", inSample3, image.Pt(1170, 480))
	if err != nil {
		return nil, err
	}
	stranger, err := cast(a, pictures, "sample3.jpg", image.Rect(200, 0, 1060, 1350), image.Pt(690, 560))
	if err != nil {
		return nil, err
	}
	p, err := documenttest.NewPrinter()
	if err != nil {
		return nil, err
	}
	photo, err := readPhoto(filepath.Join(pictures, "sample1.jpg"))
	if err != nil {
		return nil, err
	}
	front, back := cards(p, photo, inSample1, tiltInSample1)
	return []visitor{
		{"the holder of the card", ana, front, back, true},
		{"a stranger with the card", stranger, front, back, true},
		{"somebody who does not read aloud", ana, front, back, false},
	}, nil
}

// perform writes frames until ctx ends.
func perform(ctx context.Context, out io.Writer, gate *local.Client, s *script) error {
	st := newStage()
	ticker := time.NewTicker(time.Second / frameRate)
	defer ticker.Stop()
	begin := time.Now()
	screen := local.Screen{}
	shown := -1
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		// Before the terminal listens nobody comes.
		if state, err := gate.State(ctx); err == nil {
			screen = state.Screen
		}
		frame, err := st.draw(s.play(time.Since(begin), &screen))
		if err != nil {
			return err
		}
		if s.came >= 0 && shown != s.next {
			shown = s.next
			fmt.Printf("at the gate: %s\n", s.visitors[s.next].label)
		} else if s.came < 0 {
			shown = -1
		}
		if _, err := out.Write(frame); err != nil {
			return err
		}
	}
}

// writePortrait is what the authority has of the person: her head from the photograph of the other day, upright.
func writePortrait(to, pictures string) error {
	photo, err := readPhoto(filepath.Join(pictures, "sample1.jpg"))
	if err != nil {
		return err
	}
	out := image.NewRGBA(image.Rect(0, 0, inSample1.Dx(), inSample1.Dy()))
	xdraw.CatmullRom.Transform(out, upright(inSample1, out.Rect, tiltInSample1), photo, photo.Bounds(), xdraw.Src, nil)
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(f, out, nil), f.Close())
}
