package link

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/fleet/reviewer"
)

// TestDocumentedAccessRules gives mosquitto the rules of doc.go and tries them.
func TestDocumentedAccessRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../doc.go")
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
	a := fleettest.NewIssuer(t)
	for _, name := range []string{"server", "gate-1", "gate-2", "operator", "reviewer", "authority"} {
		a.Issue(t, name)
	}
	if err := os.WriteFile(a.Path("acl"), []byte(strings.Join(rules, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMosquitto(t, "cafile "+a.Path("ca.pem"), "certfile "+a.Path("server.pem"), "keyfile "+a.Path("server.key"),
		"require_certificate true", "use_identity_as_username true", "acl_file "+a.Path("acl"))
	address := "tls://127.0.0.1:" + m.port
	as := func(name string) mqtt.TLSOpts {
		return mqtt.TLSOpts{CA: a.Path("ca.pem"), Certificate: a.Path(name + ".pem"), Key: a.Path(name + ".key")}
	}
	client := func(name string) *operator.Operator {
		p, err := operator.New(mqtt.Opts{Broker: address, TLS: as(name)})
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
	reviews.set(fleet.Review{Passage: "7-12", Statement: fleettest.Encoded(t, fleettest.Statement())})
	b.opts.Lists, b.opts.Reviews = lists, reviews
	b.opts.Keys = append(b.opts.Keys, Key{Name: "rita", Public: fleettest.Public(5), Commands: []string{fleet.CommandReview, fleet.CommandOpen}})
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	order := operator.Order{Terminal: "gate-1", Command: fleet.CommandStatus}
	if a, err := client("operator").Send(ctx, order, b.signer, nil); err != nil || a.Status != fleet.StatusSuccessful {
		t.Errorf("the operator: %+v, %v", a, err)
	}
	saw := errors.New("saw it")
	b.journal.append(7, "passage", `{}`)
	if err := client("operator").Watch(ctx, "gate-1", func(m operator.Message) error {
		if m.Channel == fleet.ChannelStatus {
			return saw
		}
		return nil
	}, nil); !errors.Is(err, saw) {
		t.Errorf("the operator watches: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if a, err := client("gate-2").Send(short, order, b.signer, nil); err == nil {
		t.Errorf("another terminal commands this one: %+v", a)
	}
	if f, err := b.link.Ask(ctx, fleettest.Question()); err != nil || f.Outcome != fleet.OutcomeAccepted {
		t.Errorf("the authority: %+v, %v", f, err)
	}
	list := fleettest.List(1, 1000)
	if err := client("operator").PublishList(ctx, "revocation", 1, list, nil); err != nil {
		t.Errorf("the operator publishes a list: %v", err)
	}
	eventually(t, "the list has come", func() bool { return lists.has("revocation", list) })
	if err := client("reviewer").PublishList(ctx, "revocation", 2, fleettest.List(2, 1000), nil); err == nil {
		t.Error("a reviewer publishes a list") // mosquitto acknowledges what it then drops; looking is refused
	}
	reviewing, err := reviewer.New(mqtt.Opts{Broker: address, TLS: as("reviewer")})
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := reviewing.Reviews(ctx, "", nil); err != nil || len(got) != 1 {
		t.Errorf("the reviewer sees %+v, %v", got, err)
	}
	rita := fleet.Signer{Name: "rita", Private: fleettest.Seeded(5)}
	answer := fleet.ReviewArgs{Passage: "7-12", Review: fleet.StatementHash(fleettest.Encoded(t, fleettest.Statement())), Answer: fleet.Deny}
	if a, err := client("reviewer").Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandReview, Args: answer}, rita, nil); err != nil || a.Status != fleet.StatusSuccessful {
		t.Errorf("the reviewer answers: %+v, %v", a, err)
	}
	short, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if a, err := client("reviewer").Send(short, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, rita, nil); err == nil {
		t.Errorf("the reviewer opens the door: %+v", a)
	}
	if got := len(b.orders.names()); got != 2 {
		t.Errorf("%d commands executed, wanted the operator's and the reviewer's", got)
	}
}
