package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/pipeline/vision"
)

// shared is a buffer that a command writes while a test reads.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestAuthority starts the authority, asks it as a terminal does, and stops it.
func TestAuthority(t *testing.T) {
	needModels(t)
	picture, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("pictures", 0o700); err != nil {
		t.Fatal(err)
	}
	const subject = "110101199003070011"
	if err := os.WriteFile(filepath.Join("pictures", subject+".jpg"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
	address := testBroker(t)
	public, sealTo := keypair(t, "authority", "registry")
	own := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	args := []string{
		"authority", "serve", "--broker", address, "--key", "registry.sign.pem", "--key-name", "registry", "--read-key", "registry.read.pem",
		"--terminal-key", "gate-1=" + fleet.FormatPublicKey(own.Public().(ed25519.PublicKey)), "--gallery", "pictures",
	}
	var out, problems shared
	background(t, func(ctx context.Context) error {
		cmd := root()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&problems)
		return cmd.ExecuteContext(ctx)
	})

	signer, err := fleet.ParsePublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := fleet.ParseRecipient(sealTo)
	if err != nil {
		t.Fatal(err)
	}
	o := link.DefaultOpts()
	o.Broker, o.Terminal, o.Identity = address, "gate-1", own
	o.Questions, err = link.NewQuestions(link.QuestionOpts{
		Signer: fleet.Signer{Name: o.Terminal, Private: o.Identity}, Now: time.Now,
		Authorities: []fleet.NamedKey{{Name: "registry", Public: signer}}, Recipient: reader, Pictures: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	nothing := &outpost{}
	l, err := link.New(o, nothing, nothing, nothing, nothing)
	if err != nil {
		t.Fatal(err)
	}
	background(t, l.Run)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	small := smaller(t, picture)
	for _, c := range []struct {
		subject string
		picture []byte
		outcome fleet.Outcome
		detail  string
	}{
		{subject, nil, fleet.OutcomeDoubtful, "nothing-to-compare"},
		{"somebody else", nil, fleet.OutcomeRefused, "unknown-subject"},
		{subject, small, fleet.OutcomeAccepted, "match"},
	} {
		q := fleet.Question{Passage: "7-12", Purpose: fleet.PurposeVerify, Claim: fleet.Claim{Subject: c.subject, Picture: c.picture}}
		f, err := l.Ask(ctx, q)
		if err != nil || f.Outcome != c.outcome || f.Detail != c.detail {
			t.Errorf("%+v, %v, want %s %s; the authority says %s", f, err, c.outcome, c.detail, problems.String())
		}
	}
	if said := out.String(); !strings.Contains(said, "gate-1           7-12             verify   doubtful       nothing-to-compare") || strings.Contains(said, subject) {
		t.Errorf("the authority prints %q", said)
	}
}

// smaller is a picture that a claim may carry.
func smaller(t *testing.T, picture []byte) []byte {
	t.Helper()
	img, err := vision.ReadPicture(bytes.NewReader(picture), vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	half := vision.NewImage(img.Width/2, img.Height/2)
	vision.Resize(half, img, img.Bounds())
	var b bytes.Buffer
	if err := vision.WriteJPEG(&b, half, 65); err != nil || b.Len() > fleet.MaxClaimPicture {
		t.Fatalf("%d bytes, limit %d (%v)", b.Len(), fleet.MaxClaimPicture, err)
	}
	return b.Bytes()
}

func TestAuthorityRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	keypair(t, "authority", "registry")
	base := []string{"authority", "serve", "--key", "registry.sign.pem", "--read-key", "registry.read.pem"}
	key := "gate-1=" + strings.Repeat("A", 43) + "="
	for _, c := range []struct {
		want string
		args []string
	}{
		{`"terminal-key" not set`, []string{"--gallery", "x"}},
		{"nobody to compare with: name a folder", []string{"--terminal-key", key}},
		{"public key of 3 bytes", []string{"--terminal-key", "gate-1=AAAA", "--gallery", "x"}},
	} {
		if r := run(append(base[:len(base):len(base)], c.args...)...); r.err == nil || !strings.Contains(r.err.Error(), c.want) || r.stdout != "" {
			t.Errorf("%q: %v, want %q", c.args, r.err, c.want)
		}
	}
	if r := run("authority", "keygen", "--out", "registry"); r.err == nil || !strings.Contains(r.err.Error(), "registry.sign.pem exists and is not replaced") {
		t.Errorf("%v", r.err)
	}
}
