package local

import (
	"net"
	"slices"
	"sync"
)

// maxVisitors bounds the connections of the pages. Any user of the machine may open some; the oldest that shows no token
// makes room, so that nobody can keep the gate's screen out by holding connections.
const maxVisitors = 64

// visitors is a listener that bounds the connections it has accepted.
type visitors struct {
	net.Listener
	mu   sync.Mutex
	list []*visitor // the oldest first
}

// visitor is one connection.
type visitor struct {
	net.Conn
	of   *visitors
	kept bool // a token was shown on it; guarded by of.mu
}

// Accept waits for a connection. Beyond the limit the oldest without a token is closed for it, or else the new one.
func (v *visitors) Accept() (net.Conn, error) {
	for {
		c, err := v.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if visitor, room := v.add(c); room {
			return visitor, nil
		}
		c.Close()
	}
}

func (v *visitors) add(c net.Conn) (added *visitor, room bool) {
	v.mu.Lock()
	var out *visitor
	if len(v.list) >= maxVisitors {
		i := slices.IndexFunc(v.list, func(one *visitor) bool { return !one.kept })
		if i < 0 {
			v.mu.Unlock()
			return nil, false
		}
		out = v.list[i]
		v.list = slices.Delete(v.list, i, i+1)
	}
	added = &visitor{Conn: c, of: v}
	v.list = append(v.list, added)
	v.mu.Unlock()
	if out != nil {
		out.Conn.Close()
	}
	return added, true
}

// Close closes the connection and makes room.
func (c *visitor) Close() error {
	c.of.mu.Lock()
	c.of.list = slices.DeleteFunc(c.of.list, func(one *visitor) bool { return one == c })
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// keep lets a connection stay when others have to make room.
func (c *visitor) keep() {
	c.of.mu.Lock()
	c.kept = true
	c.of.mu.Unlock()
}
