package link

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"umbral/daemon/fleet"
)

// mosquitto is Debian's broker as a process that can be killed and started again on the same port with
// the same persisted state.
type mosquitto struct {
	path   string
	config string
	port   string
	cmd    *exec.Cmd
	log    lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newMosquitto writes a configuration with persistence and the extra lines, and starts the broker.
func newMosquitto(t *testing.T, extra ...string) *mosquitto {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
		if _, err := os.Stat(path); err != nil {
			t.Skip("mosquitto is not installed (Debian package mosquitto): delivery over a real broker's restarts is not tested")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	dir := t.TempDir()
	user := "root" // mosquitto started by root would become a user that cannot write the directory
	lines := append([]string{
		"listener " + port + " 127.0.0.1", "user " + user,
		"persistence true", "persistence_location " + dir + "/", "autosave_on_changes true", "autosave_interval 1",
		"max_queued_messages 0", "max_inflight_messages 0", "log_dest stderr", "log_type error", "log_type warning",
	}, extra...)
	if len(extra) == 0 {
		lines = append(lines, "allow_anonymous true")
	}
	m := &mosquitto{path: path, config: filepath.Join(dir, "mosquitto.conf"), port: port}
	if err := os.WriteFile(m.config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start(t)
	t.Cleanup(func() { m.kill() })
	return m
}

// newForgetfulMosquitto starts a broker that keeps nothing over a restart, and so is fast.
func newForgetfulMosquitto(t *testing.T, extra ...string) *mosquitto {
	t.Helper()
	return newMosquitto(t, append([]string{"allow_anonymous true", "persistence false"}, extra...)...)
}

// long skips what takes many seconds where tests are to be quick.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes many seconds")
	}
}

func (m *mosquitto) address() string { return "tcp://127.0.0.1:" + m.port }

// start returns when the broker accepts connections.
func (m *mosquitto) start(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command(m.path, "-c", m.config)
	m.cmd.Stderr = &m.log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mosquitto listens: "+m.log.String(), func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+m.port)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}

// kill ends the broker as a power cut would.
func (m *mosquitto) kill() {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

// sequences reads the positions of the events, checks that an event's repetitions are the only ones
// that come out of order, and gives the distinct ones.
func sequences(t *testing.T, heard []heard) (distinct []uint64, repeated int) {
	t.Helper()
	seen := map[uint64]bool{}
	for _, h := range heard {
		e, err := fleet.DecodeEvent([]byte(h.payload))
		if err != nil {
			t.Fatal(err)
		}
		if seen[e.Sequence] {
			repeated++
			continue
		}
		seen[e.Sequence] = true
		distinct = append(distinct, e.Sequence)
	}
	return distinct, repeated
}

// The terminal reaches the broker only while the subscriber is connected: mosquitto writes a message to
// a connected subscriber before it acknowledges it, but what it keeps for an absent one it acknowledges
// before it has saved it, and a kill in between loses it whatever the terminal does.
func TestNothingIsLostWhenMosquittoIsKilled(t *testing.T) {
	t.Parallel()
	long(t)
	m := newMosquitto(t)
	p := newProxy(t, "127.0.0.1:"+m.port)
	ear := listen(t, m.address(), "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, p.address())
	b.start(t)

	const kills, each = 4, 150
	for range kills {
		began, ready := len(ear.messages()), ear.ready.Load()
		for i := range each {
			b.journal.append(7, "passage", fmt.Sprintf(`{"n":%d}`, i))
		}
		// Killed in the middle of the flow, with messages sent and not acknowledged.
		eventually(t, "some of them", func() bool { return len(ear.messages()) > began+each/5 })
		p.shut.Store(true)
		m.kill()
		for i := range each / 3 { // passages happen while there is no broker
			b.journal.append(7, "passage", fmt.Sprintf(`{"off":%d}`, i))
		}
		eventually(t, "the loss is noticed", func() bool { return !b.link.Stats().Connected })
		m.start(t)
		eventually(t, "the subscriber is back", func() bool { return ear.ready.Load() > ready })
		p.shut.Store(false)
	}
	const total = kills * (each + each/3)
	eventually(t, "all are acknowledged", func() bool {
		c, _ := b.journal.Cursor()
		return c == fleet.Position{Boot: 7, Sequence: total}
	})
	eventually(t, "all have come", func() bool { d, _ := sequences(t, ear.messages()); return len(d) >= total })
	distinct, repeated := sequences(t, ear.messages())
	for i, s := range distinct {
		if s != uint64(i+1) {
			t.Fatalf("place %d has entry %d: order or completeness is broken", i, s)
		}
	}
	t.Logf("%d entries, %d kills, %d repetitions, %d connections", total, kills, repeated, b.link.Stats().Connects)
}
