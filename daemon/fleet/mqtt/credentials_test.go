package mqtt

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet/fleettest"
)

func client(a *fleettest.Issuer) TLSOpts {
	return TLSOpts{CA: a.Path("ca.pem"), Certificate: a.Path("gate.pem"), Key: a.Path("gate.key")}
}

// visit is what a doorman saw of a client.
type visit struct {
	serial   string // of its certificate
	password string
}

// doorman accepts MQTT connections over TLS, as long as the client's certificate is the issuer's, and tells of them.
func doorman(t *testing.T, a *fleettest.Issuer) (address string, visits <-chan visit) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.Path("server.pem"), a.Path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan visit, 8)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			seen <- receive(c.(*tls.Conn))
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "tls://" + l.Addr().String(), seen
}

// receive answers a CONNECT and hangs up.
func receive(c *tls.Conn) (v visit) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return v
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(c, body); err != nil {
		return v
	}
	v.serial = c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	for rest := body[10:]; len(rest) > 2; { // client identifier, user name, password
		n := int(binary.BigEndian.Uint16(rest))
		v.password, rest = string(rest[2:2+n]), rest[2+n:]
	}
	_, _ = c.Write([]byte{0x20, 2, 0, 0})
	return v
}

func serialOf(t *testing.T, path string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(path, strings.TrimSuffix(path, "pem")+"key")
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.String()
}

// TestRenewedCredentialsAreUsed renews the certificate, the authority and the password in place, and breaks each for a
// while: a connection uses what is in the files, or what was in them when they could be read last.
func TestRenewedCredentialsAreUsed(t *testing.T) {
	a := fleettest.NewIssuer(t)
	a.Issue(t, "server")
	a.Issue(t, "gate")
	address, visits := doorman(t, a)
	secret := a.Path("password")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write(secret, "first\n")
	d, err := New(Opts{Broker: address, Username: "gate", PasswordFile: secret, TLS: client(a)})
	if err != nil {
		t.Fatal(err)
	}
	connect := func(what string, want visit) {
		t.Helper()
		s, err := d.Connect(t.Context(), "x", nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		s.Close(0)
		if got := <-visits; got != want {
			t.Errorf("%s: %+v, wanted %+v", what, got, want)
		}
	}
	first := serialOf(t, a.Path("gate.pem"))
	connect("at first", visit{first, "first"})
	if e := d.Expires(); time.Until(e) < 50*time.Minute || time.Until(e) > time.Hour {
		t.Errorf("expires %v", e)
	}
	a.Issue(t, "gate")
	second := serialOf(t, a.Path("gate.pem"))
	write(secret, "second")
	connect("renewed", visit{second, "second"})

	key := read(a.Path("gate.key"))
	a.Issue(t, "gate")
	write(a.Path("gate.key"), key) // the new certificate is there, its key is not yet
	connect("half renewed", visit{second, "second"})
	if err := d.Refresh(); err == nil || !strings.Contains(err.Error(), "gate.pem") {
		t.Errorf("half renewed: error %v", err)
	}
	a.Issue(t, "gate")
	ca := read(a.Path("ca.pem"))
	write(a.Path("ca.pem"), "")
	connect("without an authority", visit{second, "second"})
	write(a.Path("ca.pem"), ca)
	write(secret, "")
	connect("without a password", visit{second, "second"})
	write(secret, "third\r\n")
	connect("all again", visit{serialOf(t, a.Path("gate.pem")), "third"})

	other := fleettest.NewIssuer(t)
	write(a.Path("ca.pem"), read(other.Path("ca.pem")))
	if s, err := d.Connect(t.Context(), "x", nil, nil); err == nil {
		s.Close(0)
		t.Error("the authority that the broker's certificate is not of was not taken")
	}
}

func TestPasswordFiles(t *testing.T) {
	path := t.TempDir() + "/password"
	o := Opts{Broker: "tcp://127.0.0.1", Username: "gate", PasswordFile: path}
	for text, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", " s ": " s ", strings.Repeat("x", maxPassword): strings.Repeat("x", maxPassword),
		"": "", "\n": "", "two\nlines": "", "two\rlines": "", strings.Repeat("x", maxPassword) + "\n": "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := New(o)
		switch {
		case want == "" && (err == nil || !strings.Contains(err.Error(), path)):
			t.Errorf("%.20q: error %v", text, err)
		case want != "" && (err != nil || d.credentials().password != want):
			t.Errorf("%.20q: error %v", text, err)
		}
	}
	o.PasswordFile = path + ".none"
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "password.none") {
		t.Errorf("no file: error %v", err)
	}
	o.Username = ""
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "without a user name") {
		t.Errorf("no user: error %v", err)
	}
}

func TestTLSErrorsNameTheFile(t *testing.T) {
	a := fleettest.NewIssuer(t)
	a.Issue(t, "gate")
	a.Issue(t, "other")
	junk := a.Path("junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    TLSOpts
		want string
	}{
		{TLSOpts{CA: a.Path("none.pem")}, "none.pem"},
		{TLSOpts{CA: junk}, "junk.pem: no PEM certificate"},
		{TLSOpts{Certificate: a.Path("gate.pem")}, "gate.pem is given without its key"},
		{TLSOpts{Key: a.Path("gate.key")}, "gate.key is given without its certificate"},
		{TLSOpts{Certificate: a.Path("gate.pem"), Key: a.Path("other.key")}, "other.key"},
		{TLSOpts{Certificate: junk, Key: a.Path("gate.key")}, "junk.pem"},
	} {
		if _, err := c.o.Config("host"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, wanted %q in it", c.o, err, c.want)
		}
	}
	named := client(a)
	named.ServerName = "other"
	if c, err := named.Config("host"); err != nil || c.ServerName != "other" {
		t.Errorf("config %+v, error %v", c, err)
	}
	c, err := client(a).Config("host")
	if err != nil || c.MinVersion != tls.VersionTLS12 || c.ServerName != "host" || c.InsecureSkipVerify {
		t.Errorf("config %+v, error %v", c, err)
	}
}
