package link

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// patience bounds every wait of these tests; none of them sleeps.
const patience = 10 * time.Second

// script is a journal in memory that tests write to.
type script struct {
	mu      sync.Mutex
	entries []fleet.Entry
	cursor  fleet.Position
	acks    []fleet.Position
	grown   chan struct{} // closed and replaced when an entry comes
	fail    error         // of every access, for tests of a damaged store
}

func newScript() *script { return &script{grown: make(chan struct{})} }

func (j *script) append(boot uint64, kind, payload string) fleet.Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := fleet.Entry{
		Position: fleet.Position{Boot: boot, Sequence: uint64(len(j.entries) + 1)},
		Wall:     time.Unix(1_700_000_000+int64(len(j.entries)), 0), Clock: "ntp", Kind: kind, Payload: []byte(payload),
	}
	if n := len(j.entries); n > 0 {
		e.Previous = j.entries[n-1].Hash
	}
	e.Hash = sha256.Sum256(append(e.Previous[:], payload...))
	j.entries = append(j.entries, e)
	close(j.grown)
	j.grown = make(chan struct{})
	return e.Position
}

func (j *script) Next(after fleet.Position, limit int) ([]fleet.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	i := slices.IndexFunc(j.entries, func(e fleet.Entry) bool { return e.Position.Compare(after) > 0 })
	if i < 0 {
		return nil, nil
	}
	return slices.Clone(j.entries[i:min(i+limit, len(j.entries))]), nil
}

func (j *script) Wait(ctx context.Context, after fleet.Position) error {
	for {
		j.mu.Lock()
		grown := j.grown
		some := len(j.entries) > 0 && j.entries[len(j.entries)-1].Position.Compare(after) > 0
		j.mu.Unlock()
		if some {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (j *script) Ack(p fleet.Position) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail
	}
	if p.Compare(j.cursor) <= 0 {
		return fmt.Errorf("cursor moved back from %v to %v", j.cursor, p)
	}
	j.cursor = p
	j.acks = append(j.acks, p)
	return nil
}

func (j *script) Cursor() (fleet.Position, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cursor, j.fail
}

func (j *script) setFail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = err
}

// obedient is a commander that remembers.
type obedient struct {
	mu       sync.Mutex
	executed []fleet.Command
	refused  []Refusal
	result   any
	err      error
	hold     chan struct{} // when not nil, Execute waits for it or ctx
}

func (o *obedient) Execute(ctx context.Context, c fleet.Command) (any, error) {
	o.mu.Lock()
	o.executed = append(o.executed, c)
	result, err, hold := o.result, o.err, o.hold
	o.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return result, err
}

func (o *obedient) Refused(r Refusal) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refused = append(o.refused, r)
}

func (o *obedient) reasons() []fleet.Reason {
	o.mu.Lock()
	defer o.mu.Unlock()
	var rs []fleet.Reason
	for _, r := range o.refused {
		rs = append(rs, r.Reason)
	}
	return rs
}

func (o *obedient) first() fleet.Command {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.executed[0]
}

func (o *obedient) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ns []string
	for _, c := range o.executed {
		ns = append(ns, c.Name)
	}
	return ns
}

// used is a nonce store in memory, bounded.
type used struct {
	mu    sync.Mutex
	seen  map[string]time.Time
	limit int
}

func (u *used) Use(key, nonce string, until time.Time) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = map[string]time.Time{}
	}
	if _, twice := u.seen[key+"/"+nonce]; twice {
		return false, nil
	}
	if u.limit > 0 && len(u.seen) >= u.limit {
		return false, errors.New("full")
	}
	u.seen[key+"/"+nonce] = until
	return true, nil
}

// fixture is a state that tests change.
type fixture struct {
	mu      sync.Mutex
	alarms  []fleet.Alarm
	twin    map[string]any
	numbers map[string]map[string]float64
}

func (f *fixture) Health() fleet.Health {
	return fleet.Health{Software: "1.2.3", Detail: map[string]any{"door": "closed"}}
}

func (f *fixture) Twin() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.twin
}

func (f *fixture) Measurements() map[string]map[string]float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.numbers
}

func (f *fixture) Alarms() []fleet.Alarm {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.alarms)
}

func (f *fixture) setAlarms(a ...fleet.Alarm) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alarms = a
}

// bench is a link with everything around it.
type bench struct {
	opts    Opts
	journal *script
	orders  *obedient
	nonces  *used
	state   *fixture
	signer  fleet.Signer
	lobby   fleet.Signer
	link    *Link
	stop    func()
}

// newBench prepares a link to the broker at the address, with one key that may do everything ("office")
// and one that may only ask ("lobby").
func newBench(t *testing.T, address string) *bench {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	lobby := fleet.Signer{Name: "lobby", Private: fleettest.Seeded(3)}
	o := DefaultOpts()
	o.Broker, o.Terminal, o.Boot = address, "gate-1", 7
	o.ConnectTimeout, o.AckTimeout = 2*time.Second, 2*time.Second
	o.BackoffMin, o.BackoffMax = 5*time.Millisecond, 100*time.Millisecond
	o.Poll = 20 * time.Millisecond
	o.Clock = func() (time.Time, string) { return time.Now(), "ntp" }
	o.Keys = []Key{
		{Name: "office", Public: public, Commands: []string{fleet.CommandStatus, fleet.CommandOpen}},
		{Name: "lobby", Public: fleettest.Public(3), Commands: []string{fleet.CommandStatus}},
	}
	return &bench{
		opts: o, journal: newScript(), orders: new(obedient), nonces: new(used), state: new(fixture),
		signer: fleet.Signer{Name: "office", Private: private}, lobby: lobby,
	}
}

// start runs the link until the test ends or stop is called, which waits for its end.
func (b *bench) start(t *testing.T) {
	t.Helper()
	l, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
	if err != nil {
		t.Fatal(err)
	}
	b.link = l
	b.stop = background(t, l.Run)
}

// background runs f until the returned function is called or the test ends, and wants it to return nil.
func background(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// eventually polls a condition until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("did not come true within %v: %s", patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
