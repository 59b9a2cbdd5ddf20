package main

import (
	"bytes"
	"image"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

// ana is the second woman from the left in sample3.jpg.
func ana(t *testing.T) (*role, *challenge.Observer, func(b []byte) *vision.Image) {
	t.Helper()
	pathstest.Model(t, "fr_detect.onnx")
	folder := paths.Pictures()
	pathstest.Picture(t, "sample3.jpg")
	a, err := openFaces(paths.Models())
	if err != nil {
		t.Fatal(err)
	}
	r, err := cast(a, folder, "sample3.jpg", image.Rect(800, 0, 1490, 1350), image.Pt(1170, 480))
	if err != nil {
		t.Fatal(err)
	}
	o, err := challenge.NewObserver(a, challenge.MaxLooks)
	if err != nil {
		t.Fatal(err)
	}
	return r, o, func(b []byte) *vision.Image {
		img, err := vision.ReadPicture(bytes.NewReader(b), vision.DefaultPictureLimits())
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
}

// An actor who follows the prompts passes; one who opens the mouth in a rhythm of her own does not.
func TestActorFollows(t *testing.T) {
	r, o, decode := ana(t)
	a, err := openFaces(paths.Models())
	if err != nil {
		t.Fatal(err)
	}
	for _, follows := range []bool{true, false} {
		c, err := challenge.NewChallenge(challenge.DefaultOpts(), bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		o.Reset()
		s := newStage()
		var lips lips
		for at := time.Duration(0); at < c.Schedule().Length(); at += time.Second / frameRate {
			p := c.Prompt(at)
			digit := -1
			if p.Phase == challenge.Showing && follows {
				digit = p.Done
			} else if !follows && int(at/(1400*time.Millisecond))%2 == 0 {
				digit = int(at / (1400 * time.Millisecond))
			}
			b, err := s.draw(look{who: r, far: 1, open: lips.move(digit, at), noise: true})
			if err != nil {
				t.Fatal(err)
			}
			img := decode(b)
			faces, err := a.Detect(img)
			if err != nil || len(faces) == 0 {
				t.Fatalf("%d faces, %v", len(faces), err)
			}
			sample, err := o.Observe(at, img, faces[0].Box)
			if err != nil {
				t.Fatal(err)
			}
			sample.Track, sample.Compared, sample.Similarity = 1, true, 0.9
			c.Push(sample)
		}
		got := c.Result(c.Schedule().Length())
		t.Logf("follows %v: %v %v, p %.4f, answered %d of %d, inside %.2f, outside %.2f", follows, got.Outcome, got.Reasons, got.PValue, got.Answered, got.Of, got.Inside, got.Outside)
		if follows != (got.Outcome == challenge.Passed) {
			t.Errorf("an actor who follows: %v, is %v %v", follows, got.Outcome, got.Reasons)
		}
	}
}
