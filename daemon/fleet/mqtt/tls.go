package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLSOpts names the files of the encrypted connection, all PEM.
type TLSOpts struct {
	CA          string // the authorities that may vouch for the broker; empty: the system's
	Certificate string // this client's certificate, with its chain; empty: none is shown
	Key         string // its private key
	ServerName  string // the name the broker's certificate must carry; empty: the host of the address
}

// Config reads the files. Every error names the file at fault.
func (o TLSOpts) Config(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if o.ServerName != "" {
		c.ServerName = o.ServerName
	}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("fleet: certificate authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("fleet: certificate authority %s: no PEM certificate in it", o.CA)
		}
	}
	switch {
	case o.Certificate == "" && o.Key == "":
	case o.Certificate == "":
		return nil, fmt.Errorf("fleet: client key %s is given without its certificate", o.Key)
	case o.Key == "":
		return nil, fmt.Errorf("fleet: client certificate %s is given without its key", o.Certificate)
	default:
		pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
		if err != nil {
			return nil, fmt.Errorf("fleet: client certificate %s with key %s: %w", o.Certificate, o.Key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (o TLSOpts) empty() bool { return o == TLSOpts{} }
