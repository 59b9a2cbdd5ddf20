package wallet

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/pipeline/credential"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const issuerID = "https://id.example"

// newIssuer makes an issuer and a verifier that trusts it.
func newIssuer(t testing.TB) (*credential.IssuanceDesk, *credential.Verifier) {
	t.Helper()
	key, err := credential.NewSigningKey("EdDSA", issuerID, "City registry")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := credential.NewIssuanceDesk(key, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	o := credential.DefaultVerifierOpts()
	o.Issuers = []credential.Issuer{{ID: issuerID, Name: "City registry", Keys: []*credential.Key{key.Public}}}
	o.Audience = []string{"gate-7", "north"}
	o.RequireHolder = true
	v, err := credential.NewVerifier(o)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

// serve runs a server for the test.
func serve(t testing.TB, change func(*Opts)) string {
	t.Helper()
	o := DefaultOpts()
	o.Listen = "127.0.0.1:0"
	o.Audiences = []Audience{{ID: "gate-7", Name: "Main gate"}, {ID: "north"}}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

func post(t testing.TB, url, kind, body string) (int, string) {
	t.Helper()
	r, err := http.Post(url, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(answer)
}

func TestIssue(t *testing.T) {
	issuer, verifier := newIssuer(t)
	var log bytes.Buffer
	url := serve(t, func(o *Opts) {
		o.Issuer, o.Log = issuer, slog.New(slog.NewTextHandler(&log, nil))
	}) + "issue"
	code, err := issuer.Offer(credential.Identity{ID: "40212345", FullName: "Ana Núñez"}, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, wallet, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	request := func(claim string, at time.Time) string {
		text, err := credential.NewEnrolment(wallet, at, claim)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"enrolment":%q}`, text)
	}
	const kind = "application/json"
	for name, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"another code": {kind, request("ABCD", time.Now()), 403}, "no code": {kind, request("", time.Now()), 403}, "an old one": {kind, request(code, time.Now().Add(-time.Hour)), 403},
		"a form": {"application/x-www-form-urlencoded", request(code, time.Now()), 403}, "no JSON": {kind, "{", 400}, "too much": {kind, `{"enrolment":"` + strings.Repeat("0", maxBody) + `"}`, 400},
	} {
		if status, answer := post(t, url, c.kind, c.body); status != c.status {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	status, answer := post(t, url, kind, request(code, time.Now()))
	if status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	var got struct{ Credential string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	_, err = verifier.Verify(got.Credential, time.Now())
	var refusal *credential.Refusal
	if !errors.As(err, &refusal) || refusal.Step != credential.NoPresentation {
		t.Errorf("the credential alone: %v", err)
	}
	shown, err := credential.Present(got.Credential, wallet, credential.Presented{At: time.Now(), Nonce: []byte("12345678"), Audience: "gate-7"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := verifier.Verify(shown, time.Now()); err != nil || c.Subject != "40212345" {
		t.Errorf("presented: %v", err)
	}
	if status, _ := post(t, url, kind, request(code, time.Now())); status != 403 {
		t.Errorf("the code works twice: %d", status)
	}
	for range 20 {
		post(t, url, kind, request("WRONG", time.Now()))
	}
	if status, _ := post(t, url, kind, request("WRONG", time.Now())); status != 429 {
		t.Errorf("after many wrong codes: %d", status)
	}
	for _, secret := range []string{code, "40212345", "Ana", got.Credential[:40]} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestPagesAreServedToThisDevice(t *testing.T) {
	url := serve(t, nil)
	host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	for _, c := range []struct {
		host, path string
		status     int
	}{{host, "/", 200}, {"localhost", "/qr.js", 200}, {"evil.example", "/", 421}, {host, "/none", 404}, {host, "/issue", 404}} {
		r, err := http.NewRequest("GET", "http://"+host+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = c.host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s of %s: %d", c.path, c.host, answer.StatusCode)
		}
		if csp := answer.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
	}
	if status, _ := post(t, url+"issue", "application/json", "{}"); status != 404 {
		t.Errorf("without an issuer: %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestMistakes(t *testing.T) {
	for name, change := range map[string]func(*Opts){
		"other devices without HTTPS": func(o *Opts) { o.Listen = "0.0.0.0:0" }, "half of HTTPS": func(o *Opts) { o.CertFile = "x" },
		"no address": func(o *Opts) { o.Listen = "8620" }, "too quick": func(o *Opts) { o.Period = time.Millisecond },
		"a nameless audience": func(o *Opts) { o.Audiences = []Audience{{}} },
	} {
		o := DefaultOpts()
		o.Listen = "127.0.0.1:0"
		change(&o)
		if s, err := New(o); err == nil {
			s.Close()
			t.Errorf("%s is taken", name)
		}
	}
}

// More connections than the limit are closed rather than kept waiting.
func TestConnectionLimit(t *testing.T) {
	url := serve(t, nil)
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	var open []net.Conn
	closed := 0
	for range maxConnections + 8 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for _, c := range open {
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			closed++
		}
		c.Close()
	}
	if closed != 8 {
		t.Errorf("%d of %d connections are closed", closed, len(open))
	}
}
