package link

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/fleet/reviewer"
)

// folder is a source of reviews that tests change.
type folder struct {
	mu       sync.Mutex
	pending  []fleet.Review
	pictures map[string][]byte
	asked    int
}

func (f *folder) Pending() []fleet.Review {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.pending)
}

func (f *folder) Pictures(passage string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if b := f.pictures[passage]; b != nil {
		return b, nil
	}
	return nil, errors.New("none")
}

func (f *folder) set(r ...fleet.Review) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = r
}

func operatorAt(t *testing.T, address string) *operator.Operator {
	t.Helper()
	p, err := operator.New(mqtt.Opts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func reviewerAt(t *testing.T, address string) *reviewer.Reviewer {
	t.Helper()
	r, err := reviewer.New(mqtt.Opts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReviewsAreAtTheBroker publishes, answers, changes, clears, and does so over restarts of the terminal and the broker.
func TestReviewsAreAtTheBroker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		real bool
	}{{"embedded broker", false}, {"mosquitto", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var address string
			var m *mosquitto
			if c.real {
				long(t)
				m = newMosquitto(t)
				address = m.address()
			} else {
				address = fleettest.Broker(t)
			}
			reviewsAtTheBroker(t, address, m)
		})
	}
}

func reviewsAtTheBroker(t *testing.T, address string, m *mosquitto) {
	key, reader := fleettest.RecipientPair(t)
	other, _ := fleettest.RecipientPair(t)
	sealed, err := fleet.SealPictures([]fleet.Recipient{reader}, "gate-1", "7-12", fleettest.Pictures())
	if err != nil {
		t.Fatal(err)
	}
	s := fleettest.Statement()
	s.Pictures = fleet.StatementHash(sealed)
	review := fleet.Review{Passage: "7-12", Statement: fleettest.Encoded(t, s), Pictures: true}
	plain := fleettest.Statement()
	plain.Passage, plain.Needed = "7-13", 1
	second := fleet.Review{Passage: "7-13", Statement: fleettest.Encoded(t, plain)}
	reviews := &folder{pictures: map[string][]byte{"7-12": sealed}}
	reviews.set(review, second)

	b := newBench(t, address)
	b.opts.Identity, b.opts.Reviews = fleettest.Seeded(7), reviews
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	p := reviewerAt(t, address)
	public := fleettest.Public(7)
	known := func(string) ed25519.PublicKey { return public }
	list := func() []fleet.PublishedReview {
		t.Helper()
		list, refused, err := p.Reviews(within(t, patience), "", known)
		if err != nil || len(refused) > 0 {
			t.Fatalf("%v, %v", refused, err)
		}
		return list
	}
	got := list()
	if len(got) != 2 || got[0].Passage != "7-12" || got[0].Hash != fleet.StatementHash(review.Statement) || !got[0].Verified || got[0].Needed != 2 || got[0].Answers != 0 {
		t.Fatalf("%+v", got)
	}
	pictures, err := p.Pictures(within(t, patience), "gate-1", "7-12")
	if err != nil || fleet.StatementHash(pictures) != got[0].Pictures {
		t.Fatalf("%d bytes, %v", len(pictures), err)
	}
	opened, err := fleet.OpenPictures(key, "gate-1", "7-12", pictures)
	if err != nil || len(opened) != 2 || opened[1].Name != "reference" || string(opened[0].JPEG) != "\xff\xd8live" {
		t.Errorf("%+v, %v", opened, err)
	}
	if _, err := fleet.OpenPictures(other, "gate-1", "7-12", pictures); !errors.Is(err, fleet.ErrNotRecipient) {
		t.Errorf("another reader: %v", err)
	}
	if _, err := fleet.OpenPictures(key, "gate-1", "7-13", pictures); err == nil {
		t.Error("the pictures open as those of another passage")
	}
	if _, err := p.Pictures(within(t, patience), "gate-1", "7-13"); !errors.Is(err, reviewer.ErrNoReview) {
		t.Errorf("pictures that there are not: %v", err)
	}

	review.Answers = 1
	reviews.set(review)
	b.link.Changed()
	eventually(t, "the answer is told, the other is cleared", func() bool {
		got := list()
		return len(got) == 1 && got[0].Answers == 1
	})
	if reviews.asked != 1 {
		t.Errorf("the pictures were asked for %d times in one connection", reviews.asked)
	}

	b.stop() // the terminal is off; the review ends meanwhile, and another begins
	reviews.set(second)
	if m != nil {
		m.kill()
		m.start(t)
		if got := list(); len(got) != 1 || got[0].Passage != "7-12" {
			t.Errorf("mosquitto did not keep the review over its restart: %+v", got)
		}
	}
	b.start(t)
	eventually(t, "what is over is cleared at the next connection", func() bool {
		got := list()
		return len(got) == 1 && got[0].Passage == "7-13"
	})
	if _, err := p.Pictures(within(t, patience), "gate-1", "7-12"); !errors.Is(err, reviewer.ErrNoReview) {
		t.Errorf("pictures of a review that is over: %v", err)
	}
}

func TestForgedReviewsAreTold(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", "te/device/+///review/#")
	message, err := fleet.Review{Passage: "7-12", Statement: fleettest.Encoded(t, fleettest.Statement())}.Publish(fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)})
	if err != nil {
		t.Fatal(err)
	}
	ear.say(t, fleet.Topic("gate-1", fleet.ChannelReview, "7-12"), true, message)
	ear.say(t, fleet.Topic("gate-1", fleet.ChannelReview, "7-13"), true, message) // on another passage's topic
	ear.say(t, fleet.Topic("gate-2", fleet.ChannelReview, "7-12"), true, message) // on another terminal's
	ear.say(t, fleet.Topic("gate-1", fleet.ChannelReview, "7-14"), true, []byte("{}"))
	ear.say(t, fleet.Topic("gate-1", fleet.ChannelReview, "7-15"), true, bytes.Repeat([]byte("x"), fleet.MaxReviewMessage+1))
	p := reviewerAt(t, address)
	for name, c := range map[string]struct {
		key  ed25519.PublicKey
		good int
	}{"no key": {nil, 1}, "its key": {fleettest.Public(7), 1}, "another key": {fleettest.Public(8), 0}} {
		list, refused, err := p.Reviews(within(t, patience), "", func(string) ed25519.PublicKey { return c.key })
		if err != nil || len(list) != c.good || len(refused) != 5-c.good {
			t.Errorf("%s: %d good, %d refused, %v", name, len(list), len(refused), err)
		}
		if len(list) == 1 && list[0].Verified != (c.key != nil) {
			t.Errorf("%s: verified %v", name, list[0].Verified)
		}
	}
}

// TestReviewersCommands follows an answer and a block through the verifier to the arguments.
func TestReviewersCommands(t *testing.T) {
	t.Parallel()
	hash := fleet.StatementHash(fleettest.Encoded(t, fleettest.Statement()))
	v := testVerifier()
	v.keys = []Key{
		{Name: "ana", Public: fleettest.Public(1), Commands: []string{fleet.CommandReview}},
		{Name: "anna", Public: fleettest.Public(1), Commands: []string{fleet.CommandReview}},
		{Name: "ben", Public: fleettest.Public(2), Commands: []string{fleet.CommandReview, fleet.CommandBlock, fleet.CommandUnblock}},
	}
	send := func(name string, key byte, command, args, trust string) (fleet.Command, *fleet.Failure) {
		t.Helper()
		c := fleettest.Command()
		c.Name, c.Args, c.Nonce = command, []byte(args), fleet.RandomHex(8)
		topic, b, err := fleet.Sign(c, fleet.Signer{Name: name, Private: fleettest.Seeded(key)})
		if err != nil {
			t.Fatal(err)
		}
		return v.verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, trust)
	}
	answer := `{"passage":"7-12","review":"` + hash + `","answer":"approve"}`
	one, r1 := send("ana", 1, fleet.CommandReview, answer, "ntp")
	same, r2 := send("anna", 1, fleet.CommandReview, answer, "ntp")
	two, r3 := send("ben", 2, fleet.CommandReview, answer, "ntp")
	if r1 != nil || r2 != nil || r3 != nil {
		t.Fatal(r1, r2, r3)
	}
	if one.Fingerprint != same.Fingerprint || one.Fingerprint == two.Fingerprint || len(one.Fingerprint) != 32 {
		t.Errorf("fingerprints %q, %q, %q", one.Fingerprint, same.Fingerprint, two.Fingerprint)
	}
	if a, err := one.ReviewArgs(); err != nil || a != (fleet.ReviewArgs{Passage: "7-12", Review: hash, Answer: fleet.Approve}) {
		t.Errorf("%+v, %v", a, err)
	}
	if _, r := send("ana", 1, fleet.CommandReview, answer, "unknown"); r == nil || r.Reason != fleet.ReasonUntrusted {
		t.Errorf("without a clock: %v", r)
	}
	if _, r := send("ana", 1, fleet.CommandBlock, `{"person":"0a","reason":"lost"}`, "ntp"); r == nil || r.Reason != fleet.ReasonNotAllowed {
		t.Errorf("a reviewer blocks: %v", r)
	}
	block, r := send("ben", 2, fleet.CommandBlock, `{"person":"0a","reason":"lost"}`, "unknown") // keeping out needs no clock
	if r != nil {
		t.Fatal(r)
	}
	if a, err := block.BlockArgs(); err != nil || a != (fleet.BlockArgs{Person: "0a", Reason: "lost"}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, args := range []string{
		`{}`, `[]`, ``, `{"passage":"7-12","review":"` + hash + `"}`, `{"passage":"7/12","review":"` + hash + `","answer":"approve"}`,
		`{"passage":"7-12","review":"00","answer":"approve"}`, `{"passage":"7-12","review":"` + hash + `","answer":"maybe"}`,
		`{"passage":"7-12","review":"` + hash + `","answer":"approve","answer":"deny"}`, `{"passage":"7-12","review":"` + hash + `","answer":"approve","x":1}`,
	} {
		var f *fleet.Failure
		if a, err := (fleet.Command{Name: fleet.CommandReview, Args: []byte(args)}).ReviewArgs(); !errors.As(err, &f) || f.Reason != fleet.ReasonArguments {
			t.Errorf("%s: %+v, %v", args, a, err)
		}
	}
	for _, args := range []string{`{"person":"a b","reason":"lost"}`, `{"person":"0a"}`, `{"person":"0a","reason":"she lost it"}`, `{"reason":"lost"}`} {
		if a, err := (fleet.Command{Name: fleet.CommandBlock, Args: []byte(args)}).BlockArgs(); err == nil {
			t.Errorf("%s: %+v", args, a)
		}
	}
	if _, err := (fleet.Command{Name: fleet.CommandUnblock, Args: []byte(`{"person":"0a"}`)}).BlockArgs(); err != nil {
		t.Error(err)
	}
}
