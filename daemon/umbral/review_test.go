package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/broker"
	"umbral/daemon/fleet/link"
)

// outpost is a terminal's link with reviews and nothing else around it.
type outpost struct {
	mu       sync.Mutex
	pending  []fleet.Review
	pictures []byte
	answers  []fleet.ReviewArgs
	failure  *fleet.Failure
}

func (o *outpost) Pending() []fleet.Review {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]fleet.Review(nil), o.pending...)
}

func (o *outpost) Pictures(string) ([]byte, error) { return o.pictures, nil }

func (o *outpost) Execute(_ context.Context, c fleet.Command) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, err := c.ReviewArgs()
	if err != nil {
		return nil, err
	}
	if o.failure != nil {
		return nil, o.failure
	}
	o.answers = append(o.answers, a)
	return map[string]any{"passage": a.Passage, "outcome": "approved"}, nil
}

func (o *outpost) Refused(link.Refusal) {}

// The outpost's journal is empty, its state is nothing, and it has a nonce of every command.

func (*outpost) Next(fleet.Position, int) ([]fleet.Entry, error) { return nil, nil }
func (*outpost) Wait(ctx context.Context, _ fleet.Position) error {
	<-ctx.Done()
	return ctx.Err()
}
func (*outpost) Ack(fleet.Position) error                    { return nil }
func (*outpost) Cursor() (fleet.Position, error)             { return fleet.Position{}, nil }
func (*outpost) Use(string, string, time.Time) (bool, error) { return true, nil }
func (*outpost) Health() fleet.Health                        { return fleet.Health{} }
func (*outpost) Twin() map[string]any                        { return nil }
func (*outpost) Measurements() map[string]map[string]float64 { return nil }
func (*outpost) Alarms() []fleet.Alarm                       { return nil }

// background runs f until the test ends.
func background(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func testBroker(t *testing.T) string {
	t.Helper()
	b, err := broker.New(broker.Opts{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	background(t, b.Run)
	return "tcp://" + b.Address()
}

// keypair runs keygen and gives what it printed.
func keypair(t *testing.T, command, name string) (public, sealTo string) {
	t.Helper()
	r := run(command, "keygen", "--out", name)
	m := regexp.MustCompile(`^public = "([A-Za-z0-9+/=]{44})"\nseal_to = "([A-Za-z0-9+/=]{44})"\n$`).FindStringSubmatch(r.stdout)
	if r.err != nil || m == nil {
		t.Fatalf("keygen: %v, %q", r.err, r.stdout)
	}
	return m[1], m[2]
}

// startOutpost refers passage 7-12 of gate-1, with two pictures for the reader.
func startOutpost(t *testing.T, address, reviewer, sealTo string) (o *outpost, identity string) {
	t.Helper()
	reader, err := fleet.ParseRecipient(sealTo)
	if err != nil {
		t.Fatal(err)
	}
	o = &outpost{}
	if o.pictures, err = fleet.SealPictures([]fleet.Recipient{reader}, "gate-1", "7-12", []fleet.Picture{
		{Name: "live", JPEG: []byte("\xff\xd8live")}, {Name: "reference", JPEG: []byte("\xff\xd8reference")},
	}); err != nil {
		t.Fatal(err)
	}
	statement, err := fleet.Statement{
		Terminal: "gate-1", Passage: "7-12", Opened: time.Now(), Deadline: time.Now().Add(time.Minute), Clock: "ntp", Needed: 1,
		Reasons: []string{"remote-no-match"}, Person: "0123456789abcdef", Pictures: fleet.StatementHash(o.pictures),
		Evidence: []fleet.ReviewClue{{Kind: "remote", Outcome: "doubtful", Detail: "below-threshold"}},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	o.pending = []fleet.Review{{Passage: "7-12", Statement: statement, Pictures: true}}
	public, err := fleet.ParsePublicKey(reviewer)
	if err != nil {
		t.Fatal(err)
	}
	opts := link.DefaultOpts()
	own := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	opts.Broker, opts.Terminal, opts.Identity, opts.Reviews = address, "gate-1", own, o
	opts.Keys = []link.Key{{Name: "rita", Public: public, Commands: []string{fleet.CommandReview}}}
	l, err := link.New(opts, o, o, o, o)
	if err != nil {
		t.Fatal(err)
	}
	background(t, l.Run)
	for deadline := time.Now().Add(10 * time.Second); !l.Stats().Connected; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the outpost does not connect")
		}
	}
	return o, "gate-1=" + fleet.FormatPublicKey(own.Public().(ed25519.PublicKey))
}

func TestReview(t *testing.T) {
	t.Chdir(t.TempDir())
	address := testBroker(t)
	if r := run("review", "list", "--broker", address); r.err != nil || r.stdout != "No passage waits for a review.\n" {
		t.Errorf("%q, %v", r.stdout, r.err)
	}
	if r := run("review", "list", "--broker", address, "--json"); r.err != nil || r.stdout != "[]\n" {
		t.Errorf("%q, %v", r.stdout, r.err)
	}
	public, sealTo := keypair(t, "review", "rita")
	o, identity := startOutpost(t, address, public, sealTo)

	r := run("review", "list", "--broker", address, "--terminal-key", identity)
	if r.err != nil || !regexp.MustCompile(`^gate-1 +7-12 +[0-9]+s left +0 of 1  remote-no-match  \(pictures\)\n$`).MatchString(strings.ReplaceAll(r.stdout, "1m0s", "60s")) {
		t.Errorf("list: %q, %v", r.stdout, r.err)
	}
	r = run("review", "show", "gate-1", "7-12", "--broker", address, "--terminal-key", identity, "--read-key", "rita.read.pem", "--out", "folder")
	for _, want := range []string{"passage   7-12 at gate-1\n", "reasons   remote-no-match\n", ", the terminal's own\n", "evidence  remote: doubtful (below-threshold)\n"} {
		if r.err != nil || !strings.Contains(r.stdout, want) {
			t.Errorf("show does not say %q: %q, %v", want, r.stdout, r.err)
		}
	}
	hash := fleet.StatementHash(o.pending[0].Statement)
	if !strings.Contains(r.stdout, hash) {
		t.Errorf("show does not say the hash %s: %q", hash, r.stdout)
	}
	if b, err := os.ReadFile(filepath.Join("folder", "live.jpg")); err != nil || string(b) != "\xff\xd8live" {
		t.Errorf("%q, %v", b, err)
	}
	page, err := os.ReadFile(filepath.Join("folder", "index.html"))
	if err != nil || !bytes.Contains(page, []byte(`<img src="reference.jpg" alt="reference">`)) {
		t.Errorf("%s, %v", page, err)
	}
	if info, err := os.Stat("folder"); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.Remove("rita.pem"); err == nil {
		t.Error("keygen left another file")
	}

	fails := func(want string, args ...string) {
		t.Helper()
		r := run(append(args, "--broker", address)...)
		if r.err == nil || !strings.Contains(r.err.Error(), want) || r.stdout != "" {
			t.Errorf("%q: %v, standard output %q, want %q", args, r.err, r.stdout, want)
		}
	}
	fails("folder exists and is not replaced", "review", "show", "gate-1", "7-12", "--json=false", "--read-key", "rita.read.pem", "--out", "folder")
	fails("no review of passage 7-13 waits at gate-1", "review", "show", "gate-1", "7-13")
	fails("no review of passage 7-12 waits at gate-2", "review", "approve", "gate-2", "7-12", "--key", "rita.sign.pem", "--key-name", "rita")
	fails("--read-key and --out belong together", "review", "show", "gate-1", "7-12", "--out", "x")
	fails("wanted X25519", "review", "show", "gate-1", "7-12", "--read-key", "rita.sign.pem", "--out", "x")
	fails("private key is a *ecdh.PrivateKey, wanted Ed25519", "review", "deny", "gate-1", "7-12", "--key", "rita.read.pem")
	fails("look at it again", "review", "deny", "gate-1", "7-12", "--key", "rita.sign.pem", "--statement", strings.Repeat("0", 64))
	fails("is not signed by gate-1", "review", "show", "gate-1", "7-12", "--terminal-key", "gate-1="+public)
	fails("wanted NAME=KEY", "review", "list", "--terminal-key", public)
	fails("unknown-key", "review", "approve", "gate-1", "7-12", "--key", "rita.sign.pem", "--key-name", "rosa")
	fails("--timeout 0s", "review", "list", "--timeout", "0")

	r = run("review", "approve", "gate-1", "7-12", "--broker", address, "--key", "rita.sign.pem", "--key-name", "rita", "--statement", hash)
	var result struct{ Outcome string }
	if r.err != nil || json.Unmarshal([]byte(r.stdout), &result) != nil || result.Outcome != "approved" {
		t.Errorf("approve: %q, %q, %v", r.stdout, r.stderr, r.err)
	}
	if !strings.Contains(r.stderr, "executing\nsuccessful\n") {
		t.Errorf("progress %q", r.stderr)
	}
	if len(o.answers) != 1 || o.answers[0] != (fleet.ReviewArgs{Passage: "7-12", Review: hash, Answer: fleet.Approve}) {
		t.Errorf("%+v", o.answers)
	}
	o.mu.Lock()
	o.failure = &fleet.Failure{Reason: fleet.ReasonTwice, Detail: "rita has answered"}
	o.mu.Unlock()
	fails("the answer does not count: answered-twice: rita has answered", "review", "deny", "gate-1", "7-12", "--key", "rita.sign.pem", "--key-name", "rita")
}
