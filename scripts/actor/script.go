package main

import (
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"time"

	xdraw "golang.org/x/image/draw"

	"umbral/daemon/local"
	"umbral/pipeline/document/documenttest"
)

// visitor is somebody who comes to the gate with a card.
type visitor struct {
	label       string
	who         *role
	front, back image.Image
	speaks      bool
}

// How long visitors take.
const (
	walkTakes = 2 * time.Second
	waitAfter = 3 * time.Second // in view of the verdict
	goneFor   = 4 * time.Second
)

// script lets visitors come one after the other and do what the screen says.
type script struct {
	visitors []visitor
	next     int
	came     time.Duration // -1: nobody is there
	ended    time.Duration // when the verdict was seen; -1 before
	gone     time.Duration // when the last one left
	turned   bool          // the card shows its back
	lips     lips
}

func newScript(v []visitor) *script { return &script{visitors: v, came: -1, ended: -1} }

// play is what the camera sees, given what the screen says.
func (s *script) play(at time.Duration, screen *local.Screen) look {
	if s.came < 0 {
		if at-s.gone < goneFor || screen.Code != "idle" {
			return look{noise: true}
		}
		s.came, s.ended, s.turned, s.lips = at, -1, false, lips{}
	}
	v := &s.visitors[s.next]
	l := look{who: v.who, far: 1, noise: true}
	if t := at - s.came; t < walkTakes {
		l.far = 1 + 1.2*(1-float64(t)/float64(walkTakes))
		return l
	}
	switch {
	case slices.Contains([]string{"granted", "denied"}, screen.Code):
		if s.ended < 0 {
			s.ended = at
		}
		if at-s.ended > waitAfter {
			s.came, s.gone, s.next = -1, at, (s.next+1)%len(s.visitors)
		}
	case slices.Contains(screen.Ask, "card"):
		switch screen.Hint {
		case "turn-the-card-over":
			s.turned = true
		case "show-the-front":
			s.turned = false
		}
		l.card = v.front
		if s.turned {
			l.card = v.back
		}
	}
	if p := screen.Prompt; p != nil && v.speaks {
		prompt := -1
		if p.Phase == "show" {
			prompt = p.Done
		}
		l.open = s.lips.move(prompt, at)
	}
	return l
}

// cards prints both sides of the card of somebody who does not exist, with the portrait from a photograph.
func cards(p *documenttest.Printer, photo image.Image, face image.Rectangle, tilt float64) (front, back image.Image) {
	r := rand.New(rand.NewPCG(4, 7))
	c := documenttest.Card{
		Name: "安娜", Sex: "女", Ethnicity: "汉", Year: 1990, Month: 3, Day: 7,
		Address: "湖北省武汉市江岸区解放大道1号", Number: number("42010219900307002"),
		Authority: "武汉市公安局江岸区分局", Validity: "2020.05.01-2040.05.01",
	}
	f := p.Front(c, r)
	// The portrait is cut out upright: 26 mm by 32 mm, at the place that the standard gives it.
	place := image.Rect(575*documenttest.Scale/10, 100*documenttest.Scale/10, 795*documenttest.Scale/10, 375*documenttest.Scale/10)
	portrait := image.NewRGBA(image.Rect(0, 0, place.Dx(), place.Dy()))
	xdraw.Draw(portrait, portrait.Rect, image.NewUniform(color.RGBA{235, 238, 240, 255}), image.Point{}, xdraw.Src)
	xdraw.CatmullRom.Transform(portrait, upright(face, portrait.Rect, tilt), photo, photo.Bounds(), xdraw.Src, nil)
	xdraw.Draw(f, place, portrait, image.Point{}, xdraw.Src)
	return f, p.Back(c, r)
}
