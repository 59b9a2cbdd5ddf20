package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// writeSchema2 writes a store as the program of schema 2 did, with a journal, a person and a list: a file, and a boot
// counter beside it. Each clock is one entry's.
func writeSchema2(t *testing.T, dir string, o Opts, clocks ...reading) {
	t.Helper()
	k, err := deriveKeys(o.Key)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(filepath.Join(dir, liveName), o.FileBytes, false)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		var all error
		for _, name := range []string{"state", "journal", "keys", "people", "references", "settings", "nonces", "files", "replays", "lists", "reviews", "pictures"} {
			_, err := tx.CreateBucket([]byte(name))
			all = errors.Join(all, err)
		}
		put := func(bucket string, key, v []byte) {
			all = errors.Join(all, tx.Bucket([]byte(bucket)).Put(key, v))
		}
		var last Entry
		for i, c := range clocks {
			e := Entry{Position: Position{1, uint64(i + 1)}, Told: instant(c.at), Clock: c.word, Kind: "e", Payload: fmt.Append(nil, i), Previous: last.Hash}
			if e.Wall = e.Told; e.Wall.Before(last.Wall) {
				e.Wall = last.Wall
			}
			e.Hash = e.Sum()
			put("journal", e.Position.key(), e.encode(k))
			last = e
		}
		tag, raw := k.tag("p-001"), make([]byte, KeySize)
		own, err := newBox(raw)
		if err != nil {
			return err
		}
		put("keys", tag, k.wrap.seal("keys", tag, raw))
		put("people", tag, own.seal("people", tag, []byte(`{"id":"p-001","name":"Ana","created":"2026-01-01T00:00:00Z","status":"active"}`)))
		put("lists", []byte("revocation"), k.values.seal("lists", []byte("revocation"), append(make([]byte, 7, 16), "\x09\x00\x00\x00\x00\x00\x00\x00\x07bytes"...)))
		put("state", []byte("key"), k.id[:])
		zero, err := json.Marshal([32]byte{})
		ledger := fmt.Appendf(nil, `{"schema":2,"boot":1,"cursor":{"boot":0,"sequence":0},"anchor":{"boot":0,"sequence":0},"anchor_hash":%s,"nonce_floor":%d,"replay_floor":%d,"scrub":false}`,
			zero, oldFloor, oldFloor)
		put("state", []byte("ledger"), k.values.seal("state", []byte("ledger"), ledger))
		return errors.Join(all, err)
	})
	if err := errors.Join(err, db.close(), os.WriteFile(filepath.Join(dir, bootName), []byte("1\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// oldFloor is what a recovery long ago left.
const oldFloor = int64(time.Hour)

func told(at time.Time, word string) reading { return reading{at: nanoseconds(at), word: word} }

func TestAStoreOfSchema2IsBroughtUpToDate(t *testing.T) {
	clock := newTestClock()
	o, dir := testOpts(), t.TempDir()
	o.Clock = clock.read
	now := clock.now
	writeSchema2(t, dir, o, told(now.Add(-2*time.Minute), TrustNTP), told(now.Add(-time.Minute), TrustNTP))
	s := opened(t, dir, o)
	if p, err := s.Person("p-001"); err != nil || p.Name != "Ana" {
		t.Errorf("%+v, %v", p, err)
	}
	if got := s.LastTrusted(); !got.Equal(now.Add(-time.Minute)) {
		t.Errorf("last trusted %v", got)
	}
	if s.state.NonceFloor != 0 || s.state.ReplayFloor != 0 {
		t.Errorf("floors %d, %d of a recovery long ago", s.state.NonceFloor, s.state.ReplayFloor)
	}
	if err := s.UseCode(code(1), now.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	if l, err := s.List("revocation"); err != nil || l.Sequence != 9 || l.Signer != "" || l.Stale || string(l.Bytes) != "bytes" {
		t.Errorf("list %+v, %v", l, err)
	}
	if all := entries(t, s); len(all) != 2 || all[1].Sum() != all[1].Hash {
		t.Errorf("entries %+v", all)
	}
	if s.state.Schema != schema {
		t.Errorf("schema %d after a commit", s.state.Schema)
	}
}

// TestAPoisonedStoreOfSchema2Recovers opens stores whose older program let a clock that was ahead raise the last
// instant.
func TestAPoisonedStoreOfSchema2Recovers(t *testing.T) {
	clock := newTestClock()
	right := clock.now
	for _, c := range []struct {
		wrong, then string
		want        error
	}{
		{TrustUnknown, TrustRTC, nil},
		{TrustUnknown, TrustNTP, nil},
		{TrustRTC, TrustNTP, nil},
		{TrustRTC, TrustRTC, ErrClock},
	} {
		o, dir := testOpts(), t.TempDir()
		o.Clock = clock.read
		writeSchema2(t, dir, o, told(right.Add(-time.Hour), c.then), told(right.AddDate(10, 0, 0), c.wrong), told(right.Add(-time.Minute), c.then))
		clock.set(right, c.then)
		s := opened(t, dir, o)
		if err := s.UseCode(code(1), right.Add(time.Minute)); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s, then %s: %v, want %v", c.wrong, c.then, err, c.want)
		}
	}
}

func TestMarksOfEntries(t *testing.T) {
	var b toldBefore
	at := func(s int64, word, kind string) { // from the newest to the oldest
		b.add(&Entry{Told: instant(s), Clock: word, Kind: kind})
	}
	at(50, TrustRTC, "e")
	at(40, TrustBroker, KindClock)
	at(90, TrustRTC, "e") // withdrawn
	at(95, TrustUnknown, "e")
	at(30, TrustBroker, "e")
	at(20, TrustNTP, "e")
	if want := (marks{0, 50, 40, 20}); b.marks != want {
		t.Errorf("marks %v, want %v", b.marks, want)
	}
}
