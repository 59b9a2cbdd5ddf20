package fleet

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDocumentedAccessRules gives mosquitto the rules of doc.go and tries them.
func TestDocumentedAccessRules(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, m := range regexp.MustCompile(`(?m)^//\t((?:pattern|user|topic) .*)$`).FindAllStringSubmatch(string(text), -1) {
		rules = append(rules, m[1])
	}
	if len(rules) != 12 {
		t.Fatalf("doc.go has %d access rules, wanted 12", len(rules))
	}
	a := newAuthority(t)
	for _, name := range []string{"server", "gate-1", "gate-2", "operator", "reviewer", "authority"} {
		a.issue(t, name)
	}
	if err := os.WriteFile(a.path("acl"), []byte(strings.Join(rules, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMosquitto(t, "cafile "+a.path("ca.pem"), "certfile "+a.path("server.pem"), "keyfile "+a.path("server.key"),
		"require_certificate true", "use_identity_as_username true", "acl_file "+a.path("acl"))
	address := "tls://127.0.0.1:" + m.port
	as := func(name string) TLSOpts {
		return TLSOpts{CA: a.path("ca.pem"), Certificate: a.path(name + ".pem"), Key: a.path(name + ".key")}
	}
	operator := func(name string) *Operator {
		p, err := NewOperator(OperatorOpts{Broker: address, TLS: as(name)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	b := newBench(t, address)
	b.opts.TLS = as("gate-1")
	o := newOffice(t, address, b)
	o.opts.Broker.TLS = as("authority")
	o.start(t)
	lists, reviews := &shelf{held: map[string][]byte{}}, &folder{}
	reviews.set(Review{Passage: "7-12", Statement: encoded(t, testStatement())})
	b.opts.Lists, b.opts.Reviews = lists, reviews
	b.opts.Keys = append(b.opts.Keys, Key{Name: "rita", Public: seeded(5).Public().(ed25519.PublicKey), Commands: []string{CommandReview, CommandOpen}})
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	order := Order{Terminal: "gate-1", Command: CommandStatus}
	if a, err := operator("operator").Send(ctx, order, b.signer, nil); err != nil || a.Status != StatusSuccessful {
		t.Errorf("the operator: %+v, %v", a, err)
	}
	saw := errors.New("saw it")
	b.journal.append(7, "passage", `{}`)
	if err := operator("operator").Watch(ctx, "gate-1", func(m Message) error {
		if m.Channel == ChannelStatus {
			return saw
		}
		return nil
	}, nil); !errors.Is(err, saw) {
		t.Errorf("the operator watches: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if a, err := operator("gate-2").Send(short, order, b.signer, nil); err == nil {
		t.Errorf("another terminal commands this one: %+v", a)
	}
	if f, err := b.link.Ask(ctx, testQuestion()); err != nil || f.Outcome != OutcomeAccepted {
		t.Errorf("the authority: %+v, %v", f, err)
	}
	list := testList(1, 1000)
	if err := operator("operator").PublishList(ctx, "revocation", 1, list, nil); err != nil {
		t.Errorf("the operator publishes a list: %v", err)
	}
	eventually(t, "the list has come", func() bool { return lists.has("revocation", list) })
	if err := operator("reviewer").PublishList(ctx, "revocation", 2, testList(2, 1000), nil); err == nil {
		t.Error("a reviewer publishes a list") // mosquitto acknowledges what it then drops; looking is refused
	}
	if got, _, err := operator("reviewer").Reviews(ctx, "", nil); err != nil || len(got) != 1 {
		t.Errorf("the reviewer sees %+v, %v", got, err)
	}
	rita := Signer{Name: "rita", Private: seeded(5)}
	answer := ReviewArgs{Passage: "7-12", Review: StatementHash(encoded(t, testStatement())), Answer: Deny}
	if a, err := operator("reviewer").Send(ctx, Order{Terminal: "gate-1", Command: CommandReview, Args: answer}, rita, nil); err != nil || a.Status != StatusSuccessful {
		t.Errorf("the reviewer answers: %+v, %v", a, err)
	}
	short, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if a, err := operator("reviewer").Send(short, Order{Terminal: "gate-1", Command: CommandOpen}, rita, nil); err == nil {
		t.Errorf("the reviewer opens the door: %+v", a)
	}
	if got := len(b.orders.names()); got != 2 {
		t.Errorf("%d commands executed, wanted the operator's and the reviewer's", got)
	}
}
