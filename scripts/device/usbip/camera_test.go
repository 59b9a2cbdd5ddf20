package usbip

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"testing"
	"time"
)

// TestUnlinkIsLast takes transfers back while the camera answers them: the kernel pulls the plug when a transfer is answered
// after its unlinking was.
func TestUnlinkIsLast(t *testing.T) {
	c, err := NewCamera()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Show(Still(make([]byte, 40*payload)))
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port())))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	const transfers = 2000
	command := func(kind, seq, word5, word6 uint32) []byte {
		b := make([]byte, headerLength)
		for i, w := range []uint32{kind, seq, 0, directionIn, endpoint, word5, word6} {
			binary.BigEndian.PutUint32(b[4*i:], w)
		}
		return b
	}
	go func() {
		for n := range uint32(transfers) {
			submit, unlink := 2*n+1, 2*n+2
			if _, err := conn.Write(command(cmdSubmit, submit, 0, payload)); err != nil {
				return
			}
			// Now at once, now when the answer may be under way.
			time.Sleep(time.Duration(n%8) * 20 * time.Microsecond)
			if _, err := conn.Write(command(cmdUnlink, unlink, submit, 0)); err != nil {
				return
			}
		}
	}()
	answered, cancelled := map[uint32]bool{}, 0
	for unlinked := map[uint32]bool{}; len(unlinked) < transfers; {
		var h [headerLength]byte
		if _, err := io.ReadFull(conn, h[:]); err != nil {
			t.Fatalf("after %d of %d transfers: %v", len(unlinked), transfers, err)
		}
		seq, status := binary.BigEndian.Uint32(h[4:]), int32(binary.BigEndian.Uint32(h[20:]))
		switch binary.BigEndian.Uint32(h[:]) {
		case retSubmit:
			if unlinked[seq] {
				t.Fatalf("transfer %d is answered after it was unlinked", seq)
			}
			answered[seq] = true
			if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(h[24:]))); err != nil {
				t.Fatal(err)
			}
		case retUnlink:
			seq-- // the transfer that was meant
			if unlinked[seq] = true; (status == statusConnReset) == answered[seq] {
				t.Fatalf("transfer %d: answered %v, unlinked with status %d", seq, answered[seq], status)
			}
			if status == statusConnReset {
				cancelled++
			}
		}
	}
	t.Logf("%d answered, %d cancelled", len(answered), cancelled)
	if len(answered) == 0 || cancelled == 0 {
		t.Errorf("%d answered and %d cancelled: the race was not run", len(answered), cancelled)
	}
}

// TestCloseWhilePluggingIn closes the camera while somebody plugs it in.
func TestCloseWhilePluggingIn(t *testing.T) {
	for range 200 {
		c, err := NewCamera()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port())))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}

// TestUnlinkOvertakes takes a transfer back before it came: it is cancelled when it comes, and never answered.
func TestUnlinkOvertakes(t *testing.T) {
	p := &plug{Camera: &Camera{}, early: map[uint32]request{}, news: make(chan struct{}, 1), done: make(chan struct{})}
	here, there := net.Pipe()
	defer there.Close()
	p.conn = here
	go p.serve()
	there.SetDeadline(time.Now().Add(5 * time.Second))
	for _, c := range [][7]uint32{{cmdUnlink, 8, 0, directionIn, endpoint, 7, 0}, {cmdSubmit, 7, 0, directionIn, endpoint, 0, payload}} {
		b := make([]byte, headerLength)
		for i, w := range c {
			binary.BigEndian.PutUint32(b[4*i:], w)
		}
		if _, err := there.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	var h [headerLength]byte
	if _, err := io.ReadFull(there, h[:]); err != nil {
		t.Fatal(err)
	}
	if kind, seq, status := binary.BigEndian.Uint32(h[:]), binary.BigEndian.Uint32(h[4:]), int32(binary.BigEndian.Uint32(h[20:])); kind != retUnlink || seq != 8 || status != statusConnReset {
		t.Errorf("answer %d to %d with status %d", kind, seq, status)
	}
	p.answering.Lock()
	defer p.answering.Unlock()
	if len(p.waiting) > 0 {
		t.Error("the transfer waits for an answer")
	}
}
