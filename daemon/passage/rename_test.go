package passage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// checkRename renames everybody in a record, and back: the renamed one replays, names nobody, and nothing is lost.
func checkRename(record []byte) error {
	ids := map[string]string{}
	out, err := Rename(record, func(person string) string {
		sum := sha256.Sum256([]byte(person))
		alias := "~" + hex.EncodeToString(sum[:])[:12]
		ids[alias] = person
		return alias
	})
	if err != nil {
		if r, _ := DecodeRecord(record); r != nil && len(r.Log) > maxLog/2 {
			return nil // too long to be renamed
		}
		return err
	}
	if len(ids) == 0 && !bytes.Equal(out, record) {
		return errors.New("rename: a record that names nobody changed")
	}
	if err := Verify(out); err != nil {
		return fmt.Errorf("renamed: %w", err)
	}
	r, err := DecodeRecord(out)
	if err != nil {
		return err
	}
	for _, person := range ids {
		if bytes.Contains(r.Log, []byte(person)) || r.Person == person || r.Guardian == person || r.Start.Person == person {
			return fmt.Errorf("rename: %q is still there", person)
		}
	}
	back, err := Rename(out, func(alias string) string { return ids[alias] })
	if err == nil && !bytes.Equal(back, record) {
		err = fmt.Errorf("rename: and back: %s", back)
	}
	return err
}

func TestRenameRefusesWhatIsNoRecord(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"schema":1}`} {
		if out, err := Rename([]byte(bad), strings.ToUpper); err == nil {
			t.Errorf("%q became %s", bad, out)
		}
	}
}

// TestRenameRefusesALogThatIsAllButFull renames records of growing logs to longer and to shorter names.
func TestRenameRefusesALogThatIsAllButFull(t *testing.T) {
	g := newGate(t, testRules())
	g.frames(10, known(1, "ann"))
	base, err := DecodeRecord(g.entries[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	const limit = maxLog - 2*maxObservation
	renamed, refused := 0, 0
	for n := range 900 {
		r, log := *base, newRecorder(maxLog)
		for at, o := range base.Observations() {
			log.add(at, &o)
		}
		o := Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: 1, Outcome: Refused, Subject: strings.Repeat("a", 30)}}
		for range n {
			log.add(log.last, &o)
		}
		r.Log, r.Count = log.buf, log.count
		for _, length := range []int{1, MaxName} {
			longest := max(len(r.Log), len(r.Log)+n*(length-30))
			out, err := Rename(r.encode(), func(string) string { return strings.Repeat("x", length) })
			if err != nil {
				refused++
			} else {
				renamed++
			}
			if longest > limit && err == nil || longest < limit-200 && err != nil || len(out) > MaxRecord {
				t.Fatalf("log of %d bytes, renamed %d: %d bytes, %v", len(r.Log), longest, len(out), err)
			}
		}
	}
	if renamed == 0 || refused == 0 {
		t.Errorf("%d renamed, %d refused", renamed, refused)
	}
}
