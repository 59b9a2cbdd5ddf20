package fleet

import (
	"context"
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
	if len(rules) != 4 {
		t.Fatalf("doc.go has %d access rules, wanted 4", len(rules))
	}
	a := newAuthority(t)
	for _, name := range []string{"server", "gate-1", "gate-2", "operator"} {
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
	if got := len(b.orders.names()); got != 1 {
		t.Errorf("%d commands executed, wanted 1", got)
	}
}
