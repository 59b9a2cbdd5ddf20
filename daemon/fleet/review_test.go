package fleet

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// folder is a source of reviews that tests change.
type folder struct {
	mu       sync.Mutex
	pending  []Review
	pictures map[string][]byte
	asked    int
}

func (f *folder) Pending() []Review {
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

func (f *folder) set(r ...Review) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = r
}

func testStatement() Statement {
	return Statement{
		Terminal: "gate-1", Passage: "7-12", Opened: noon, Deadline: noon.Add(5 * time.Minute), Clock: "ntp",
		Reasons: []string{"remote-doubtful"}, Person: "0123456789abcdef", Needed: 2,
		Evidence: []ReviewClue{{Kind: "face", Outcome: "doubtful", Detail: "below-threshold"}, {Kind: "live", Outcome: "accepted"}},
	}
}

func encoded(t testing.TB, s Statement) []byte {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testPictures() []Picture {
	return []Picture{{Name: "live", JPEG: []byte("\xff\xd8live")}, {Name: "reference", JPEG: []byte("\xff\xd8reference")}}
}

func operatorAt(t *testing.T, address string) *Operator {
	t.Helper()
	p, err := NewOperator(OperatorOpts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReviewsAreAtTheBroker publishes, answers, changes, clears, and does so over restarts of the terminal and the broker.
func TestReviewsAreAtTheBroker(t *testing.T) {
	for _, c := range []struct {
		name string
		real bool
	}{{"embedded broker", false}, {"mosquitto", true}} {
		t.Run(c.name, func(t *testing.T) {
			var address string
			var m *mosquitto
			if c.real {
				m = newMosquitto(t)
				address = m.address()
			} else {
				address = startBroker(t)
			}
			reviewsAtTheBroker(t, address, m)
		})
	}
}

func reviewsAtTheBroker(t *testing.T, address string, m *mosquitto) {
	key, reader := readerPair(t)
	other, _ := readerPair(t)
	sealed, err := SealPictures([]Reader{reader}, "gate-1", "7-12", testPictures())
	if err != nil {
		t.Fatal(err)
	}
	s := testStatement()
	s.Pictures = StatementHash(sealed)
	review := Review{Passage: "7-12", Statement: encoded(t, s), Pictures: true}
	plain := testStatement()
	plain.Passage, plain.Needed = "7-13", 1
	second := Review{Passage: "7-13", Statement: encoded(t, plain)}
	reviews := &folder{pictures: map[string][]byte{"7-12": sealed}}
	reviews.set(review, second)

	b := newBench(t, address)
	b.opts.Identity, b.opts.Reviews = seeded(7), reviews
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	p := operatorAt(t, address)
	public := seeded(7).Public().(ed25519.PublicKey)
	known := func(string) ed25519.PublicKey { return public }
	list := func() []PublishedReview {
		t.Helper()
		list, refused, err := p.Reviews(within(t, patience), "", known)
		if err != nil || len(refused) > 0 {
			t.Fatalf("%v, %v", refused, err)
		}
		return list
	}
	got := list()
	if len(got) != 2 || got[0].Passage != "7-12" || got[0].Hash != StatementHash(review.Statement) || !got[0].Verified || got[0].Needed != 2 || got[0].Answers != 0 {
		t.Fatalf("%+v", got)
	}
	pictures, err := p.ReviewPictures(within(t, patience), "gate-1", "7-12")
	if err != nil || StatementHash(pictures) != got[0].Pictures {
		t.Fatalf("%d bytes, %v", len(pictures), err)
	}
	opened, err := OpenPictures(key, "gate-1", "7-12", pictures)
	if err != nil || len(opened) != 2 || opened[1].Name != "reference" || string(opened[0].JPEG) != "\xff\xd8live" {
		t.Errorf("%+v, %v", opened, err)
	}
	if _, err := OpenPictures(other, "gate-1", "7-12", pictures); !errors.Is(err, errNotReader) {
		t.Errorf("another reader: %v", err)
	}
	if _, err := OpenPictures(key, "gate-1", "7-13", pictures); err == nil {
		t.Error("the pictures open as those of another passage")
	}
	if _, err := p.ReviewPictures(within(t, patience), "gate-1", "7-13"); !errors.Is(err, ErrNoReview) {
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
	if _, err := p.ReviewPictures(within(t, patience), "gate-1", "7-12"); !errors.Is(err, ErrNoReview) {
		t.Errorf("pictures of a review that is over: %v", err)
	}
}

func TestForgedReviewsAreTold(t *testing.T) {
	address := startBroker(t)
	ear := listen(t, address, "ear", "te/device/+///review/#")
	b := newBench(t, address)
	b.opts.Identity = seeded(7)
	good, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
	if err != nil {
		t.Fatal(err)
	}
	message, err := good.publishedReview(Review{Passage: "7-12", Statement: encoded(t, testStatement())})
	if err != nil {
		t.Fatal(err)
	}
	ear.say(t, Topic("gate-1", ChannelReview, "7-12"), true, message)
	ear.say(t, Topic("gate-1", ChannelReview, "7-13"), true, message) // on another passage's topic
	ear.say(t, Topic("gate-2", ChannelReview, "7-12"), true, message) // on another terminal's
	ear.say(t, Topic("gate-1", ChannelReview, "7-14"), true, []byte("{}"))
	ear.say(t, Topic("gate-1", ChannelReview, "7-15"), true, bytes.Repeat([]byte("x"), maxReviewMessage+1))
	p := operatorAt(t, address)
	for name, c := range map[string]struct {
		key  ed25519.PublicKey
		good int
	}{"no key": {nil, 1}, "its key": {seeded(7).Public().(ed25519.PublicKey), 1}, "another key": {seeded(8).Public().(ed25519.PublicKey), 0}} {
		list, refused, err := p.Reviews(within(t, patience), "", func(string) ed25519.PublicKey { return c.key })
		if err != nil || len(list) != c.good || len(refused) != 5-c.good {
			t.Errorf("%s: %d good, %d refused, %v", name, len(list), len(refused), err)
		}
		if len(list) == 1 && list[0].Verified != (c.key != nil) {
			t.Errorf("%s: verified %v", name, list[0].Verified)
		}
	}
}

func TestStatementsAreHeldToTheirLimits(t *testing.T) {
	for name, f := range map[string]func(*Statement){
		"terminal": func(s *Statement) { s.Terminal = "" },
		"passage":  func(s *Statement) { s.Passage = "a/b" },
		"deadline": func(s *Statement) { s.Deadline = s.Opened },
		"needed":   func(s *Statement) { s.Needed = 3 },
		"clock":    func(s *Statement) { s.Clock = "a clock" },
		"reason":   func(s *Statement) { s.Reasons = []string{"Ana García"} },
		"reasons":  func(s *Statement) { s.Reasons = make([]string, maxReasons+1) },
		"person":   func(s *Statement) { s.Person = "Ana García" },
		"clue":     func(s *Statement) { s.Evidence[0].Detail = "1101 0119" },
		"clues":    func(s *Statement) { s.Evidence = make([]ReviewClue, maxClues+1) },
		"pictures": func(s *Statement) { s.Pictures = "abc" },
	} {
		s := testStatement()
		f(&s)
		b, err := s.Encode()
		if err == nil {
			t.Errorf("%s: encoded as %s", name, b)
		}
	}
	for name, pictures := range map[string][]Picture{
		"none": nil, "many": make([]Picture, maxPicturesPerReview+1), "large": {{Name: "a", JPEG: make([]byte, MaxPictures+1)}}, "name": {{Name: "a b"}},
	} {
		_, reader := readerPair(t)
		if _, err := SealPictures([]Reader{reader}, "gate-1", "7-12", pictures); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
}

// TestReviewersCommands follows an answer and a block through the verifier to the arguments.
func TestReviewersCommands(t *testing.T) {
	hash := StatementHash(encoded(t, testStatement()))
	v := testVerifier()
	v.keys = []Key{
		{Name: "ana", Public: seeded(1).Public().(ed25519.PublicKey), Commands: []string{CommandReview}},
		{Name: "anna", Public: seeded(1).Public().(ed25519.PublicKey), Commands: []string{CommandReview}},
		{Name: "ben", Public: seeded(2).Public().(ed25519.PublicKey), Commands: []string{CommandReview, CommandBlock, CommandUnblock}},
	}
	send := func(name string, key byte, command, args, trust string) (Command, *refusal) {
		t.Helper()
		c := testCommand()
		c.Name, c.Args, c.Nonce = command, []byte(args), random(8)
		topic, b, err := Sign(c, Signer{Name: name, Private: seeded(key)})
		if err != nil {
			t.Fatal(err)
		}
		return v.verify(inbound{topic: topic, payload: b}, noon, trust)
	}
	answer := `{"passage":"7-12","review":"` + hash + `","answer":"approve"}`
	one, r1 := send("ana", 1, CommandReview, answer, "ntp")
	same, r2 := send("anna", 1, CommandReview, answer, "ntp")
	two, r3 := send("ben", 2, CommandReview, answer, "ntp")
	if r1 != nil || r2 != nil || r3 != nil {
		t.Fatal(r1, r2, r3)
	}
	if one.Fingerprint != same.Fingerprint || one.Fingerprint == two.Fingerprint || len(one.Fingerprint) != 32 {
		t.Errorf("fingerprints %q, %q, %q", one.Fingerprint, same.Fingerprint, two.Fingerprint)
	}
	if a, err := one.ReviewArgs(); err != nil || a != (ReviewArgs{"7-12", hash, Approve}) {
		t.Errorf("%+v, %v", a, err)
	}
	if _, r := send("ana", 1, CommandReview, answer, "unknown"); r == nil || r.reason != ReasonUntrusted {
		t.Errorf("without a clock: %v", r)
	}
	if _, r := send("ana", 1, CommandBlock, `{"person":"0a","reason":"lost"}`, "ntp"); r == nil || r.reason != ReasonNotAllowed {
		t.Errorf("a reviewer blocks: %v", r)
	}
	block, r := send("ben", 2, CommandBlock, `{"person":"0a","reason":"lost"}`, "unknown") // keeping out needs no clock
	if r != nil {
		t.Fatal(r)
	}
	if a, err := block.BlockArgs(); err != nil || a != (BlockArgs{"0a", "lost"}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, args := range []string{
		`{}`, `[]`, ``, `{"passage":"7-12","review":"` + hash + `"}`, `{"passage":"7/12","review":"` + hash + `","answer":"approve"}`,
		`{"passage":"7-12","review":"00","answer":"approve"}`, `{"passage":"7-12","review":"` + hash + `","answer":"maybe"}`,
		`{"passage":"7-12","review":"` + hash + `","answer":"approve","answer":"deny"}`, `{"passage":"7-12","review":"` + hash + `","answer":"approve","x":1}`,
	} {
		var f *Failure
		if a, err := (Command{Name: CommandReview, Args: []byte(args)}).ReviewArgs(); !errors.As(err, &f) || f.Reason != ReasonArguments {
			t.Errorf("%s: %+v, %v", args, a, err)
		}
	}
	for _, args := range []string{`{"person":"a b","reason":"lost"}`, `{"person":"0a"}`, `{"person":"0a","reason":"she lost it"}`, `{"reason":"lost"}`} {
		if a, err := (Command{Name: CommandBlock, Args: []byte(args)}).BlockArgs(); err == nil {
			t.Errorf("%s: %+v", args, a)
		}
	}
	if _, err := (Command{Name: CommandUnblock, Args: []byte(`{"person":"0a"}`)}).BlockArgs(); err != nil {
		t.Error(err)
	}
}
