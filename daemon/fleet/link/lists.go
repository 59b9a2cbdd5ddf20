package link

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Lists keeps the signed lists of the fleet: revoked credentials, trusted issuers.
type Lists interface {
	// Held gives the number of the list of a kind that the terminal has, 0 for none, and false for a kind that it does not
	// want. It answers at once from memory.
	Held(kind string) (sequence uint64, wanted bool)
	// Install verifies a list, signature first, and makes it the terminal's, durably. It is called from a goroutine of
	// Run's, one at a time, and may take its time.
	Install(kind string, b []byte) error
}

// How lists are fetched.
const (
	partTimeout = 30 * time.Second // for one part, and what a slow connection needs besides
	listRetry   = time.Minute      // before a list that did not come is tried again
	badListRest = time.Hour        // before one that could not be installed is fetched again
	listQueue   = 16               // manifests and parts between paho and the link
)

// fetcher takes lists from the broker over one connection, one part after the other.
type fetcher struct {
	l      *Link
	s      session
	wanted map[string]*wish // by kind, at most MaxListKinds
	now    *wish            // being fetched
	data   []byte
	next   int // part
	until  time.Time
}

// wish is a list that the broker has and the terminal has not.
type wish struct {
	fleet.Manifest
	after time.Time // not tried before
}

func newFetcher(l *Link, s session) *fetcher {
	return &fetcher{l: l, s: s, wanted: map[string]*wish{}}
}

// wantLists subscribes to the manifests. A broker whose access rules do not know of them yet must not cost the link.
func (l *Link) wantLists(ctx context.Context, s session) error {
	if l.o.Lists == nil {
		return nil
	}
	err := s.Subscribe(ctx, fleet.ListRoot+"+")
	if errors.Is(err, mqtt.ErrForbidden) {
		l.listFailed(err)
		return nil
	}
	return err
}

// hear takes a manifest or a part.
func (f *fetcher) hear(ctx context.Context, m mqtt.Message) error {
	if _, isPart := fleet.IsListTopic(m.Topic); isPart {
		return f.part(ctx, m)
	}
	if len(m.Payload) == 0 {
		return nil // cleared
	}
	found, err := fleet.ReadManifest(m.Topic, m.Payload)
	if err != nil {
		f.fail(fmt.Errorf("manifest on %s: %w", fleet.Printable(m.Topic, 160), err))
		return nil
	}
	if _, known := f.wanted[found.Kind]; !known && len(f.wanted) >= fleet.MaxListKinds {
		return nil
	}
	if held, wanted := f.l.o.Lists.Held(found.Kind); !wanted || held >= found.Sequence || f.l.bad.holds(found.SHA256) {
		return nil
	}
	// A broker may tell of a list more than once, also while it is being fetched or installed.
	if w := f.wanted[found.Kind]; w == nil || w.Manifest != found {
		f.wanted[found.Kind] = &wish{Manifest: found}
	}
	return f.begin(ctx)
}

// begin starts to fetch a list, unless one is being fetched.
func (f *fetcher) begin(ctx context.Context) error {
	if f.now != nil {
		return nil
	}
	for kind, w := range f.wanted {
		held, wanted := f.l.o.Lists.Held(kind)
		if !wanted || held >= w.Sequence || f.l.bad.holds(w.SHA256) {
			delete(f.wanted, kind)
			continue
		}
		if time.Now().Before(w.after) {
			continue
		}
		w.after = time.Now().Add(listRetry)
		f.now, f.next, f.data = w, 0, make([]byte, 0, w.Bytes)
		return f.ask(ctx)
	}
	return nil
}

// ask subscribes to the next part; the broker answers with the retained message.
func (f *fetcher) ask(ctx context.Context) error {
	f.until = time.Now().Add(partTimeout + mqtt.TransferTime(fleet.MaxListMessage))
	f.s.Expect(fleet.MaxListMessage) // an acknowledgement that is on its way behind it comes late
	return f.s.Subscribe(ctx, f.now.PartTopic(f.next))
}

func (f *fetcher) part(ctx context.Context, m mqtt.Message) error {
	if f.now == nil || m.Topic != f.now.PartTopic(f.next) || len(m.Payload) == 0 {
		return nil // of a list that was given up
	}
	f.s.Expect(0)
	if err := f.s.Unsubscribe(ctx, m.Topic); err != nil {
		return err
	}
	data, err := f.now.ReadPart(f.next, m.Payload)
	if err != nil {
		f.fail(fmt.Errorf("list %s number %d: %w", f.now.Kind, f.now.Sequence, err))
		return f.end(ctx)
	}
	f.data = append(f.data, data...)
	if f.next++; f.next < f.now.Parts() {
		return f.ask(ctx)
	}
	if fleet.HexDigest(sha256.Sum256(f.data)) != f.now.SHA256 {
		f.fail(fmt.Errorf("list %s number %d does not have its hash", f.now.Kind, f.now.Sequence))
		return f.end(ctx)
	}
	// Where another one is being installed, this one is fetched again later.
	offer(f.l.installs, fetched{f.now.Kind, f.now.Sequence, f.now.SHA256, f.data})
	return f.end(ctx)
}

// end gives up what is being fetched, and goes on with another list.
func (f *fetcher) end(ctx context.Context) error {
	f.now, f.data = nil, nil
	return f.begin(ctx)
}

// tick gives up a part that does not come, and tries again what is due.
func (f *fetcher) tick(ctx context.Context) error {
	if f.now == nil {
		return f.begin(ctx)
	}
	if time.Now().Before(f.until) {
		return nil
	}
	f.fail(fmt.Errorf("list %s number %d: part %d of %d does not come", f.now.Kind, f.now.Sequence, f.next+1, f.now.Parts()))
	f.s.Expect(0)
	if err := f.s.Unsubscribe(ctx, f.now.PartTopic(f.next)); err != nil {
		return err
	}
	return f.end(ctx)
}

func (f *fetcher) fail(err error) { f.l.listFailed(err) }

func (l *Link) listFailed(err error) {
	l.o.Log.Warn("fleet: a list was not taken", "error", err)
	l.count(func(s *Stats) { s.ListError = err.Error() })
}

// fetched is a list that has come whole.
type fetched struct {
	kind     string
	sequence uint64
	sum      string
	data     []byte
}

// badLists remembers what could not be installed, so that a list with a bad signature does not come over a metered
// connection every minute.
type badLists struct {
	mu   sync.Mutex
	sums []badList // at most MaxListKinds
}

type badList struct {
	sum   string
	until time.Time
}

func (b *badLists) add(sum string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sums) >= fleet.MaxListKinds {
		b.sums = b.sums[1:]
	}
	b.sums = append(b.sums, badList{sum, time.Now().Add(badListRest)})
}

func (b *badLists) holds(sum string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.sums, func(l badList) bool { return l.sum == sum && time.Now().Before(l.until) })
}

// install hands lists to Lists until ctx ends.
func (l *Link) install(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-l.installs:
			if err := l.o.Lists.Install(f.kind, f.data); err != nil {
				l.bad.add(f.sum)
				l.listFailed(fmt.Errorf("list %s number %d: %w", f.kind, f.sequence, err))
				continue
			}
			l.o.Log.Info("fleet: a new list", "kind", f.kind, "sequence", f.sequence, "bytes", len(f.data))
			l.count(func(s *Stats) { s.Lists++; s.ListError = "" })
		}
	}
}
