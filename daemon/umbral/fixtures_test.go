package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"

	"umbral/config"
	"umbral/daemon/fleet/broker"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/daemon/terminal"
)

// journal makes a store, if there is none, and appends records of passages, or of commands where the file is called so.
//
//	journal DIR [RECORD...]
func journal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: journal DIR [RECORD...]")
	}
	s := openStore(ts, args[0])
	for _, name := range args[1:] {
		kind := passage.EntryPassage
		if strings.HasPrefix(filepath.Base(name), "command") {
			kind = passage.EntryCommand
		}
		_, err := s.Append(kind, []byte(ts.ReadFile(name)))
		ts.Check(err)
	}
	ts.Check(s.Close())
}

func openStore(ts *testscript.TestScript, name string) *store.Store {
	dir := ts.MkAbs(name)
	ts.Check(os.MkdirAll(dir, 0o700))
	o := store.DefaultOpts()
	var err error
	o.Key, err = store.LoadOrCreateKey(filepath.Join(dir, "umbral.key"), dir)
	ts.Check(err)
	s, _, err := store.Open(dir, o)
	ts.Check(err)
	return s
}

// person enrols somebody without a reference in the store in a folder.
//
//	person DIR ID NAME
func person(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: person DIR ID NAME")
	}
	s := openStore(ts, args[0])
	ts.Check(s.Enrol(store.Person{ID: args[1], Name: args[2], Created: time.Now()}, nil))
	ts.Check(s.Close())
}

// damage cuts a file to a length, or turns a bit of the newest value in a bucket of a store's file.
//
//	damage cut FILE LENGTH
//	damage flip FILE BUCKET
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage cut FILE LENGTH | flip FILE BUCKET")
	}
	path := ts.MkAbs(args[1])
	switch args[0] {
	case "cut":
		n, err := strconv.ParseInt(args[2], 10, 64)
		ts.Check(err)
		ts.Check(os.Truncate(path, n))
	case "flip":
		data, err := os.ReadFile(path)
		ts.Check(err)
		value := newest(ts, path, args[2])
		changed := append([]byte{value[0] ^ 1}, value[1:]...)
		ts.Check(os.WriteFile(path, bytes.ReplaceAll(data, value, changed), 0o600))
	default:
		ts.Fatalf("damage %s: neither cut nor flip", args[0])
	}
}

// newest is the value of the last key of a bucket.
func newest(ts *testscript.TestScript, path, bucket string) (value []byte) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	ts.Check(err)
	defer db.Close()
	ts.Check(db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return fmt.Errorf("%s has no bucket %q", path, bucket)
		}
		_, v := b.Cursor().Last()
		value = bytes.Clone(v)
		return nil
	}))
	if len(value) == 0 {
		ts.Fatalf("%s: bucket %q is empty", path, bucket)
	}
	return value
}

// picture makes a picture: a plain one without anybody, or a part of a photograph.
//
//	picture plain FILE.png
//	picture crop FILE.png PHOTOGRAPH X0 Y0 X1 Y1
func picture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: picture plain FILE | crop FILE PHOTOGRAPH X0 Y0 X1 Y1")
	}
	var img *image.RGBA
	switch {
	case args[0] == "plain" && len(args) == 2:
		img = image.NewRGBA(image.Rect(0, 0, 640, 480))
		for y := range 480 {
			for x := range 640 {
				img.Set(x, y, color.RGBA{uint8(x / 4), uint8(y / 2), 90, 255})
			}
		}
	case args[0] == "crop" && len(args) == 7:
		f, err := os.Open(ts.MkAbs(args[2]))
		ts.Check(err)
		defer f.Close()
		whole, err := jpeg.Decode(f)
		ts.Check(err)
		var edge [4]int
		for i := range edge {
			edge[i], err = strconv.Atoi(args[3+i])
			ts.Check(err)
		}
		r := image.Rect(edge[0], edge[1], edge[2], edge[3])
		img = image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
		draw.Draw(img, img.Bounds(), whole, r.Min, draw.Src)
	default:
		ts.Fatalf("picture %s: wrong arguments", args[0])
	}
	var b bytes.Buffer
	ts.Check(png.Encode(&b, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// stopTimeout is how long something that was started may take to end.
const stopTimeout = 10 * time.Second

// stopAtEnd ends what run does when the script ends, and waits for it.
func stopAtEnd(ts *testscript.TestScript, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			ts.Check(err)
		case <-time.After(stopTimeout):
			ts.Fatalf("it does not stop within %v", stopTimeout)
		}
	}
	ts.Defer(stop)
	return stop
}

// startBroker runs the embedded broker until the script ends; its address is in $BROKER.
//
//	broker
func startBroker(ts *testscript.TestScript, neg bool, args []string) {
	b, err := broker.New(broker.Opts{Address: "127.0.0.1:0"})
	ts.Check(err)
	stopAtEnd(ts, b.Run)
	ts.Setenv("BROKER", "tcp://"+b.Address())
}

// startGate runs a terminal and a broker until the script ends, or "! gate" ends the terminal; the broker's address is in
// $BROKER.
//
//	gate CONFIGURATION
//	! gate
func startGate(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		stop, running := ts.Value(gateKey{}).(*func())
		if !running || *stop == nil {
			ts.Fatalf("no terminal runs")
		}
		(*stop)()
		return
	}
	if len(args) != 1 {
		ts.Fatalf("usage: gate CONFIGURATION, or ! gate")
	}
	cfg, err := config.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	startBroker(ts, false, nil)
	cfg.Fleet.Broker = ts.Getenv("BROKER")
	term, err := terminal.New(cfg, "digest", slog.New(slog.DiscardHandler))
	ts.Check(err)
	*ts.Value(gateKey{}).(*func()) = stopAtEnd(ts, term.Run)
}

// gateKey is where a script's environment keeps what ends its terminal.
type gateKey struct{}
