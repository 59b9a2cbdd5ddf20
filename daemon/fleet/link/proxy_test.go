package link

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// proxy stands between a client and a broker and does what bad networks do.
type proxy struct {
	listener net.Listener
	upstream string
	swallow  atomic.Bool  // PUBACKs of the broker never arrive
	acks     atomic.Int64 // PUBACKs of the broker that did
	shut     atomic.Bool  // nobody gets through
	slow     atomic.Int64 // bytes a second in each direction; 0: as fast as may be
	mu       sync.Mutex
	open     []net.Conn
	work     sync.WaitGroup
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, upstream: upstream}
	p.work.Go(p.accept)
	t.Cleanup(func() { _ = l.Close(); p.cut(); p.work.Wait() })
	return p
}

func (p *proxy) address() string { return "tcp://" + p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.upstream)
		if err == nil && p.shut.Load() {
			_ = server.Close()
			err = net.ErrClosed
		}
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, client, server)
		p.mu.Unlock()
		p.work.Go(func() {
			_, _ = io.Copy(server, p.narrow(client))
			_ = server.Close()
		})
		p.work.Go(func() {
			defer client.Close()
			for from := bufio.NewReader(server); ; {
				packet, err := packets.ReadPacket(from)
				if err != nil {
					return
				}
				_, ack := packet.(*packets.PubackPacket)
				if ack && p.swallow.Load() {
					continue
				}
				if ack {
					p.acks.Add(1)
				}
				var b bytes.Buffer
				_ = packet.Write(&b)
				if _, err := io.Copy(client, p.narrow(&b)); err != nil {
					return
				}
			}
		})
	}
}

// narrow reads no faster than the connection is.
func (p *proxy) narrow(r io.Reader) io.Reader { return &narrowReader{p, r} }

type narrowReader struct {
	p *proxy
	r io.Reader
}

func (n *narrowReader) Read(b []byte) (int, error) {
	rate := n.p.slow.Load()
	if rate == 0 {
		return n.r.Read(b)
	}
	got, err := n.r.Read(b[:min(len(b), max(512, int(rate)/512))])
	time.Sleep(time.Duration(got) * time.Second / time.Duration(rate))
	return got, err
}

// cut ends all connections without a goodbye.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}
