package wallet

import (
	"net"
	"sync"
)

// limited lets so many connections in at a time; others are closed.
type limited struct {
	net.Listener
	tokens chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.tokens <- struct{}{}:
			return &counted{Conn: c, tokens: l.tokens}, nil
		default:
			c.Close() // a browser tries again
		}
	}
}

// counted gives its token back when it is closed.
type counted struct {
	net.Conn
	tokens chan struct{}
	once   sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { <-c.tokens })
	return c.Conn.Close()
}
