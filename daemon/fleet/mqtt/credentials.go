package mqtt

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// credentials is what the files of Opts hold.
type credentials struct {
	tls      *tls.Config // nil for none
	password string
	expires  time.Time // of the client certificate; zero for none
}

// maxPassword limits a password's file, in bytes.
const maxPassword = 4 << 10

func (d *Dialer) read() (c credentials, err error) {
	c.password = d.o.Password
	if d.o.PasswordFile != "" {
		if c.password, err = readPassword(d.o.PasswordFile); err != nil {
			return c, err
		}
	}
	if !d.secure {
		return c, nil
	}
	if c.tls, err = d.o.TLS.Config(d.url.Hostname()); err != nil {
		return c, err
	}
	for _, pair := range c.tls.Certificates {
		c.expires = pair.Leaf.NotAfter
	}
	return c, nil
}

func readPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("fleet: password: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil {
		return "", fmt.Errorf("fleet: password: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" || len(text) > maxPassword || strings.ContainsAny(password, "\r\n") {
		return "", fmt.Errorf("fleet: password file %s of %d bytes, wanted one line of at most %d and nothing else", path, len(text), maxPassword)
	}
	return password, nil
}
