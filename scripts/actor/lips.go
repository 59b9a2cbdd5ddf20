package main

import (
	"math"
	"time"
)

// frameRate is that of the pictures.
const frameRate = 15

// A person names a digit some time after it appears, and takes some time for it.
const (
	answerAfter = 420 * time.Millisecond
	answerTakes = 480 * time.Millisecond
)

// lips move when a prompt that was not there before is answered.
type lips struct {
	last  int
	began time.Duration
	busy  bool
}

// move says how far the mouth is open, for the number of the prompt that stands; −1 while none does.
func (l *lips) move(prompt int, at time.Duration) float64 {
	if prompt >= 0 && (!l.busy && prompt != l.last || l.last == 0 && !l.busy && l.began == 0) {
		l.last, l.began, l.busy = prompt, at+answerAfter, true
	}
	if !l.busy || at < l.began {
		return 0
	}
	share := float64(at-l.began) / float64(answerTakes)
	if share >= 1 {
		l.busy = false
		return 0
	}
	// Two syllables' worth of opening and closing.
	return math.Abs(math.Sin(2 * math.Pi * share))
}
