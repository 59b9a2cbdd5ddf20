package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
)

func FuzzEntry(f *testing.F) {
	k, err := deriveKeys(testKey)
	if err != nil {
		f.Fatal(err)
	}
	e := Entry{Position: Position{1, 2}, Wall: instant(5), Told: instant(4), Clock: "ntp", Kind: "passage", Payload: []byte("payload")}
	e.Hash = e.Sum()
	f.Add(e.encode(k), uint64(1), uint64(2))
	f.Add(e.encode(k), uint64(1), uint64(3))
	f.Add([]byte{entryVersion}, uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, boot, sequence uint64) {
		p := Position{boot, sequence}
		e, err := decodeEntry(k, p, b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("unnamed error: %v", err)
			}
			return
		}
		if e.Position != p || e.Sum() != e.Hash || len(b) != e.storedSize() {
			t.Fatalf("decoded %+v from %x", e, b)
		}
	})
}

// TestSumIsWhatItsCommentSays builds the hashed bytes by hand.
func TestSumIsWhatItsCommentSays(t *testing.T) {
	e := Entry{
		Position: Position{1, 2}, Wall: instant(3), Told: instant(4), Clock: "rtc", Kind: "e", Payload: []byte("payload"), Previous: [32]byte{9},
	}
	b := []byte("umbral journal entry\n")
	b = append(b, e.Previous[:]...)
	b = append(b, 1)
	for _, n := range []uint64{1, 2, 3, 4} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = append(b, "\x03rtc\x01e\x00\x00\x00\x07payload"...)
	if got, want := e.Sum(), sha256.Sum256(b); got != want {
		t.Errorf("%x, want %x", got, want)
	}
}
