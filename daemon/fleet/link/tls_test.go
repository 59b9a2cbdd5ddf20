package link

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"umbral/daemon/fleet/broker"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

func clientOf(a *fleettest.Issuer) mqtt.TLSOpts {
	return mqtt.TLSOpts{CA: a.Path("ca.pem"), Certificate: a.Path("gate.pem"), Key: a.Path("gate.key")}
}

func TestTLSWithClientCertificates(t *testing.T) {
	t.Parallel()
	a := fleettest.NewIssuer(t)
	a.Issue(t, "server")
	a.Issue(t, "gate")
	stranger := fleettest.NewIssuer(t)
	stranger.Issue(t, "gate")

	embedded := func(t *testing.T) string {
		pair, err := tls.LoadX509KeyPair(a.Path("server.pem"), a.Path("server.key"))
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(a.Cert)
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
		m := newMosquitto(t, "cafile "+a.Path("ca.pem"), "certfile "+a.Path("server.pem"), "keyfile "+a.Path("server.key"),
			"require_certificate true", "use_identity_as_username true")
		return "tls://127.0.0.1:" + m.port
	}
	for _, s := range []struct {
		name  string
		start func(*testing.T) string
	}{{"embedded broker", embedded}, {"mosquitto", real}} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := s.start(t)
			for _, c := range []struct {
				name string
				tls  mqtt.TLSOpts
				want string // of the error; empty: it connects and delivers
			}{
				{"right", clientOf(a), ""},
				{"right, by another name", mqtt.TLSOpts{CA: a.Path("ca.pem"), Certificate: a.Path("gate.pem"), Key: a.Path("gate.key"), ServerName: "mqtt.example"}, ""},
				{"no certificate", mqtt.TLSOpts{CA: a.Path("ca.pem")}, "connect to"},
				{"a stranger's certificate", mqtt.TLSOpts{CA: a.Path("ca.pem"), Certificate: stranger.Path("gate.pem"), Key: stranger.Path("gate.key")}, "connect to"},
				{"a broker of an unknown authority", mqtt.TLSOpts{CA: stranger.Path("ca.pem"), Certificate: a.Path("gate.pem"), Key: a.Path("gate.key")}, "unknown authority"},
				{"a broker of another name", mqtt.TLSOpts{CA: a.Path("ca.pem"), Certificate: a.Path("gate.pem"), Key: a.Path("gate.key"), ServerName: "other.example"}, "not other.example"},
			} {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
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
