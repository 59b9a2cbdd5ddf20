package gpio

import (
	"errors"
	"testing"
)

// TestList reads chips whose lines are free and held, and one that cannot be opened. Nothing is requested.
func TestList(t *testing.T) {
	k := newFakeKernel()
	k.lines[relayLine].held = &fakeLines{}
	k.fail["open /dev/gpiochip0"] = errors.New("boom")
	all := listOf(k)
	if len(all) != 2 || all[0].Err == nil || all[0].Path != "/dev/gpiochip0" || len(all[0].Lines) != 0 {
		t.Fatalf("%+v", all)
	}
	if c := all[1]; c.Err != nil || c.Label != "board" || len(c.Lines) != len(k.lines) || c.Lines[4] != (LineState{"L4", "somebody"}) || c.Lines[5] != (LineState{"L5", ""}) {
		t.Errorf("%+v", c)
	}
	for _, call := range k.calls {
		if len(call) > 7 && call[:7] == "request" {
			t.Errorf("it asked the kernel: %s", call)
		}
	}
	for _, c := range []struct{ info, line error }{{errors.New("boom"), nil}, {nil, errors.New("boom")}} {
		s := chipOf(2)
		s.infoErr, s.lineErr = c.info, c.line
		if all := listOf(oneChip{s}); len(all) != 1 || all[0].Err == nil {
			t.Errorf("%+v", all)
		}
	}
	nameless := chipOf(1)
	nameless.line.Flags = flagUsed
	if all := listOf(oneChip{nameless}); all[0].Err != nil || all[0].Lines[0].Consumer != "somebody" {
		t.Errorf("a holder without a name: %+v", all)
	}
}
