package evidence

import (
	"errors"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	boom := errors.New("boom")
	if err := Guard(func() error { return boom }); err != boom {
		t.Errorf("an error became %v", err)
	}
	if err := Guard(func() error { return nil }); err != nil {
		t.Errorf("no error became %v", err)
	}
	var empty []int
	err := Guard(func() error { empty[0]++; return nil })
	if err == nil || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(err.Error(), "guard_test.go") {
		t.Errorf("a panic became %v, want its text and place", err)
	}
}
