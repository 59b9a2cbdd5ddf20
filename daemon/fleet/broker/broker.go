// Package broker is a small MQTT broker for the demo and for tests. It listens on loopback only and keeps nothing over a
// restart: a site's terminals use a broker of their own. Neither the daemon nor the tool links it.
package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Opts configures a broker.
type Opts struct {
	Address string      // "127.0.0.1:1883"; port 0 takes a free one; anything but loopback is refused
	TLS     *tls.Config // nil for none
}

// Limits of the broker, against clients that would fill memory.
const (
	maxClients = 64        // connections
	maxPacket  = 256 << 10 // bytes of a packet
	maxPending = 1024      // messages queued for one client's connection
	maxFlight  = 1024      // unacknowledged messages kept for one client
	maxSession = 3600      // seconds that the session of an absent client is kept
)

// Broker is a listening broker.
type Broker struct {
	server   *mqtt.Server
	listener net.Listener
	used     atomic.Bool
}

// New starts to listen, so that Address is known and clients may already connect; they are served
// by Run.
func New(o Opts) (*Broker, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("broker: address: %w (wanted host:port)", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("broker: address %q is not loopback, allowed are 127.0.0.1 and ::1 (it has no access control)", o.Address)
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("broker: listen: %w", err)
	}
	b := &Broker{listener: l}
	if o.TLS != nil {
		b.listener = tls.NewListener(l, o.TLS)
	}
	limits := mqtt.NewDefaultServerCapabilities()
	limits.MaximumClients = maxClients
	limits.MaximumPacketSize = maxPacket
	limits.MaximumClientWritesPending = maxPending
	limits.MaximumInflight = maxFlight
	limits.MaximumSessionExpiryInterval = maxSession
	b.server = mqtt.New(&mqtt.Options{
		Capabilities:           limits,
		Logger:                 slog.New(slog.DiscardHandler),
		SysTopicResendInterval: 3600,
	})
	if err := errors.Join(
		b.server.AddHook(new(open), nil),
		b.server.AddListener(listeners.NewNet("loopback", b.listener)),
	); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	return b, nil
}

// Address gives host:port as listened on.
func (b *Broker) Address() string { return b.listener.Addr().String() }

// Run serves clients until ctx ends, then disconnects them. It can be called once.
func (b *Broker) Run(ctx context.Context) error {
	if b.used.Swap(true) {
		return errors.New("broker: Run was called before")
	}
	if err := b.server.Serve(); err != nil {
		return errors.Join(fmt.Errorf("broker: %w", err), b.server.Close())
	}
	<-ctx.Done()
	if err := b.server.Close(); err != nil {
		return fmt.Errorf("broker: close: %w", err)
	}
	return nil
}

// open admits everybody: whoever reaches loopback already runs on this machine.
type open struct{ mqtt.HookBase }

func (*open) ID() string { return "open" }

func (*open) Provides(b byte) bool { return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck }

func (*open) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

// OnACLCheck keeps clients from writing what only the broker says about itself.
func (*open) OnACLCheck(_ *mqtt.Client, topic string, write bool) bool {
	return !write || len(topic) == 0 || topic[0] != '$'
}
