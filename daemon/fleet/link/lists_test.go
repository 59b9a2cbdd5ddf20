package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
)

// shelf holds lists whose first eight bytes are their number.
type shelf struct {
	mu    sync.Mutex
	held  map[string][]byte
	tried int
	err   error
}

func (s *shelf) Held(kind string) (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.held[kind]; b != nil {
		return binary.BigEndian.Uint64(b), true
	}
	return 0, kind == "revocation" || kind == "issuers"
}

func (s *shelf) Install(kind string, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
	if s.err != nil {
		return s.err
	}
	s.held[kind] = slices.Clone(b)
	return nil
}

func (s *shelf) has(kind string, b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Equal(s.held[kind], b)
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// TestListsComeWhole publishes lists of one part and of many, replaces them, and cuts the connection while they come.
func TestListsComeWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(*testing.T) string
	}{
		{"embedded broker", func(t *testing.T) string { return fleettest.Broker(t) }},
		{"mosquitto", func(t *testing.T) string { return newForgetfulMosquitto(t).address() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "mosquitto" {
				long(t)
			}
			address := c.start(t)
			way := newProxy(t, strings.TrimPrefix(address, "tcp://"))
			s := &shelf{held: map[string][]byte{}}
			b := newBench(t, way.address())
			b.opts.Lists = s
			p := operatorAt(t, address)
			publish := func(kind string, sequence uint64, list []byte) {
				t.Helper()
				last := 0
				err := p.PublishList(within(t, patience), kind, sequence, list, func(done, of int) { last = of - done })
				if err != nil || last != 0 {
					t.Fatalf("%v, %d parts left", err, last)
				}
			}
			first, second, issuers := fleettest.List(1, 1_600_000), fleettest.List(2, 3*fleet.PartBytes), fleettest.List(7, 100)
			publish("revocation", 1, first)
			b.start(t)                      // the list was there before the terminal
			publish("revocation", 1, first) // which hears of it again while it comes
			eventually(t, "the first list", func() bool { return s.has("revocation", first) })
			publish("issuers", 7, issuers)
			publish("revocation", 2, second)
			publish("something-else", 2, second)
			eventually(t, "both lists", func() bool { return s.has("revocation", second) && s.has("issuers", issuers) })
			if st := b.link.Stats(); st.ListError != "" || st.Lists != 3 {
				t.Errorf("%+v", st)
			}
			third := fleettest.List(3, 1_600_000)
			publish("revocation", 3, third)
			for range 5 {
				time.Sleep(10 * time.Millisecond)
				way.cut()
			}
			eventually(t, "the third list over broken connections", func() bool { return s.has("revocation", third) })
			if err := p.PublishList(within(t, patience), "revocation", 2, second, nil); !errors.Is(err, operator.ErrOlderList) {
				t.Errorf("an older one: %v", err)
			}
			if err := p.PublishList(within(t, patience), "revocation", 3, third, nil); err != nil {
				t.Errorf("the same again: %v", err)
			}
			dialer, err := mqtt.New(mqtt.Opts{Broker: address})
			if err != nil {
				t.Fatal(err)
			}
			left, err := dialer.Retained(within(t, patience), "looks", fleet.ListRoot+"revocation/+/+", 100)
			if err != nil || len(left) != len(third)/fleet.PartBytes+1 {
				t.Errorf("%d parts at the broker, wanted those of one list (%v)", len(left), err)
			}
			b.append(t)
		})
	}
}

// append sees that events still go out.
func (b *bench) append(t *testing.T) {
	t.Helper()
	at := b.journal.append(7, "passage", `{}`)
	eventually(t, "an event goes out", func() bool { c, _ := b.journal.Cursor(); return c == at })
}

func TestBadListsAreNotFetchedAgain(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	way := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	s := &shelf{held: map[string][]byte{}, err: errors.New("not signed with a trusted key")}
	b := newBench(t, way.address())
	b.opts.Lists = s
	b.start(t)
	p := operatorAt(t, address)
	if err := p.PublishList(within(t, patience), "revocation", 1, fleettest.List(1, 1000), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the technician can see it", func() bool { return strings.Contains(b.link.Stats().ListError, "number 1: not signed") })
	way.cut()
	eventually(t, "connected again", func() bool { return b.link.Stats().Connects == 2 })
	s.fail(nil)
	good := fleettest.List(2, 1000)
	if err := p.PublishList(within(t, patience), "revocation", 2, good, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next list", func() bool { return s.has("revocation", good) })
	if s.tried != 2 {
		t.Errorf("%d lists were tried, wanted 2", s.tried)
	}
}

func TestHostileListsAreLeftAlone(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", "te/fleet/none")
	s := &shelf{held: map[string][]byte{}}
	b := newBench(t, address)
	b.opts.Lists = s
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	list := fleettest.List(1, 2*fleet.PartBytes)
	m, err := fleet.NewManifest("revocation", 1, list)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(v any) []byte {
		b, err := fleet.EncodeJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	told := func(what string, want string) {
		t.Helper()
		eventually(t, what, func() bool { return strings.Contains(b.link.Stats().ListError, want) })
		b.append(t)
	}
	for what, c := range map[string]struct{ payload, want string }{
		"no JSON":       {"list", "not a JSON object"},
		"huge":          {strings.Replace(string(encode(m)), fmt.Sprint(len(list)), "2000000000", 1), "2000000000 bytes"},
		"negative":      {strings.Replace(string(encode(m)), fmt.Sprint(len(list)), "-1", 1), "of -1 bytes"},
		"another topic": {strings.Replace(string(encode(m)), "revocation", "issuers", 1), `a list "issuers" on the topic`},
		"a member more": {strings.Replace(string(encode(m)), "{", `{"x":1,`, 1), `unknown member "x"`},
	} {
		ear.say(t, m.Topic(), true, []byte(c.payload))
		told(what, c.want)
	}
	ear.say(t, m.PartTopic(0), true, encode(fleet.Part{Schema: fleet.Schema, Data: list[:fleet.PartBytes-1]}))
	ear.say(t, m.Topic(), true, encode(m))
	told("a short part", "part 0 of schema 1")
	m.SHA256 = strings.Repeat("0", 64)
	ear.say(t, m.PartTopic(0), true, encode(fleet.Part{Schema: fleet.Schema, Data: list[:fleet.PartBytes]}))
	ear.say(t, m.PartTopic(1), true, encode(fleet.Part{Schema: fleet.Schema, Data: list[fleet.PartBytes:]}))
	m.Kind = "issuers"
	ear.say(t, m.PartTopic(0), true, encode(fleet.Part{Schema: fleet.Schema, Data: list[:fleet.PartBytes]}))
	ear.say(t, m.PartTopic(1), true, encode(fleet.Part{Schema: fleet.Schema, Data: list[fleet.PartBytes:]}))
	ear.say(t, m.Topic(), true, encode(m))
	told("another hash", "does not have its hash")
	if len(s.held) != 0 || s.tried != 0 {
		t.Errorf("%d lists were taken, %d tried", len(s.held), s.tried)
	}
}
