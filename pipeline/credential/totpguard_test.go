package credential

import (
	"fmt"
	"testing"
	"time"
)

func TestGuessingIsLimited(t *testing.T) {
	secret := []byte("12345678901234567890")
	g := NewTOTPGuard()
	right := func(number string, at time.Time) BarCode {
		return must(ParseBarcode(must(NewBarcode(number, secret, at))))
	}
	wrong := func(number string, at time.Time) BarCode {
		b := right(number, at)
		b.TOTP = right(number, at.Add(time.Hour)).TOTP
		return b
	}
	check := func(name string, b BarCode, at time.Time, want Step) {
		t.Helper()
		if _, err := g.Check(b, secret, at, 0); stepOf(err) != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for range maxWrongTOTP - 1 {
		check("a wrong one", wrong("4711", noon), noon, BadHolderSignature)
	}
	check("the right one in time", right("4711", noon), noon, Passed)
	for range maxWrongTOTP - 1 {
		check("a wrong one after it", wrong("4711", noon), noon, BadHolderSignature)
	}
	check("the right one in time, again", right("4711", noon), noon, Passed)
	for range maxWrongTOTP {
		check("a wrong one", wrong("4711", noon), noon, BadHolderSignature)
	}
	check("the right one too late", right("4711", noon), noon, BadHolderSignature)
	check("somebody else's", right("4712", noon), noon, Passed)
	almost := noon.Add(wrongTOTPPause - time.Second)
	check("before the pause is over", right("4711", almost), almost, BadHolderSignature)
	after := noon.Add(wrongTOTPPause)
	check("after the pause, which refusals without a look do not prolong", right("4711", after), after, Passed)

	for range maxWrongTOTP {
		check("a wrong one", wrong("4713", after), after, BadHolderSignature)
	}
	check("a clock that was put back", right("4713", noon), noon, Passed)
}

func TestGuardIsBounded(t *testing.T) {
	secret := []byte("12345678901234567890")
	g := NewTOTPGuard()
	for i := range maxGuarded + 10 {
		b := BarCode{Number: fmt.Sprintf("%04d", i), TOTP: "00000000"}
		if _, err := g.Check(b, secret, noon.Add(time.Duration(i)*time.Second), 0); err == nil {
			t.Fatal("00000000 is right")
		}
	}
	again := BarCode{Number: "0100", TOTP: "00000000"}
	if _, err := g.Check(again, secret, noon.Add((maxGuarded+20)*time.Second), 0); err == nil {
		t.Fatal("00000000 is right")
	}
	if len(g.wrong) != maxGuarded {
		t.Errorf("%d numbers are remembered, limit %d", len(g.wrong), maxGuarded)
	}
	if _, held := g.wrong["0009"]; held {
		t.Error("the oldest is not forgotten")
	}
	if _, held := g.wrong["0010"]; !held {
		t.Error("a younger one is forgotten")
	}
}
