package link

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet/broker"
	"umbral/daemon/fleet/mqtt"
)

// issuer makes certificates for a test.
type issuer struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	a := &issuer{dir: t.TempDir()}
	a.key = newECKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a *issuer) path(name string) string { return filepath.Join(a.dir, name) }

func (a *issuer) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue writes name.pem and name.key for a server at 127.0.0.1 and localhost, or for a client.
func (a *issuer) issue(t *testing.T, name string) {
	t.Helper()
	key := newECKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost", "mqtt.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	der, err = x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".key", "PRIVATE KEY", der)
}

func (a *issuer) client() mqtt.TLSOpts {
	return mqtt.TLSOpts{CA: a.path("ca.pem"), Certificate: a.path("gate.pem"), Key: a.path("gate.key")}
}

func TestTLSWithClientCertificates(t *testing.T) {
	a := newIssuer(t)
	a.issue(t, "server")
	a.issue(t, "gate")
	stranger := newIssuer(t)
	stranger.issue(t, "gate")

	embedded := func(t *testing.T) string {
		pair, err := tls.LoadX509KeyPair(a.path("server.pem"), a.path("server.key"))
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		b, err := broker.New(broker.Opts{Address: "127.0.0.1:0", TLS: &tls.Config{
			Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
		}})
		if err != nil {
			t.Fatal(err)
		}
		background(t, b.Run)
		return "tls://" + b.Address()
	}
	real := func(t *testing.T) string {
		m := newMosquitto(t, "cafile "+a.path("ca.pem"), "certfile "+a.path("server.pem"), "keyfile "+a.path("server.key"),
			"require_certificate true", "use_identity_as_username true")
		return "tls://127.0.0.1:" + m.port
	}
	for _, s := range []struct {
		name  string
		start func(*testing.T) string
	}{{"embedded broker", embedded}, {"mosquitto", real}} {
		t.Run(s.name, func(t *testing.T) {
			address := s.start(t)
			for _, c := range []struct {
				name string
				tls  mqtt.TLSOpts
				want string // of the error; empty: it connects and delivers
			}{
				{"right", a.client(), ""},
				{"right, by another name", mqtt.TLSOpts{CA: a.path("ca.pem"), Certificate: a.path("gate.pem"), Key: a.path("gate.key"), ServerName: "mqtt.example"}, ""},
				{"no certificate", mqtt.TLSOpts{CA: a.path("ca.pem")}, "connect to"},
				{"a stranger's certificate", mqtt.TLSOpts{CA: a.path("ca.pem"), Certificate: stranger.path("gate.pem"), Key: stranger.path("gate.key")}, "connect to"},
				{"a broker of an unknown authority", mqtt.TLSOpts{CA: stranger.path("ca.pem"), Certificate: a.path("gate.pem"), Key: a.path("gate.key")}, "unknown authority"},
				{"a broker of another name", mqtt.TLSOpts{CA: a.path("ca.pem"), Certificate: a.path("gate.pem"), Key: a.path("gate.key"), ServerName: "other.example"}, "not other.example"},
			} {
				t.Run(c.name, func(t *testing.T) {
					b := newBench(t, address)
					b.opts.TLS = c.tls
					b.journal.append(7, "passage", `{}`)
					b.start(t)
					defer b.stop()
					if c.want == "" {
						eventually(t, "delivered", func() bool { return b.link.Stats().Delivered == 1 })
						return
					}
					eventually(t, c.want, func() bool { return strings.Contains(b.link.Stats().LastError, c.want) })
					if b.link.Stats().Connects != 0 {
						t.Error("it connected")
					}
				})
			}
		})
	}
}

func TestTLSErrorsNameTheFile(t *testing.T) {
	a := newIssuer(t)
	a.issue(t, "gate")
	a.issue(t, "other")
	junk := a.path("junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    mqtt.TLSOpts
		want string
	}{
		{mqtt.TLSOpts{CA: a.path("none.pem")}, "none.pem"},
		{mqtt.TLSOpts{CA: junk}, "junk.pem: no PEM certificate"},
		{mqtt.TLSOpts{Certificate: a.path("gate.pem")}, "gate.pem is given without its key"},
		{mqtt.TLSOpts{Key: a.path("gate.key")}, "gate.key is given without its certificate"},
		{mqtt.TLSOpts{Certificate: a.path("gate.pem"), Key: a.path("other.key")}, "other.key"},
		{mqtt.TLSOpts{Certificate: junk, Key: a.path("gate.key")}, "junk.pem"},
	} {
		if _, err := c.o.Config("host"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, wanted %q in it", c.o, err, c.want)
		}
	}
	c, err := a.client().Config("host")
	if err != nil || c.MinVersion != tls.VersionTLS12 || c.ServerName != "host" || c.InsecureSkipVerify {
		t.Errorf("config %+v, error %v", c, err)
	}
}
