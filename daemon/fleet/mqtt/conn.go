package mqtt

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// maxPacket is the longest MQTT packet that paho is given: it allocates whatever length a packet claims, up to 256 MiB,
// before a byte of it has come. Of a longer message only the topic is kept.
const maxPacket = 512 << 10

// discardChunk is how much of a message that is too long is read at a time.
const discardChunk = 32 << 10

// MQTT 3.1.1 control packet types, section 2.2.1.
const (
	typeConnack  = 2
	typePublish  = 3
	typePuback   = 4
	typeSuback   = 9
	typeUnsuback = 11
	typePingresp = 13
)

// conn is the connection that paho sees. It lets through only whole packets that a broker may send to
// this client and whose lengths agree with their content: paho would allocate without limit, index
// beyond a slice on a SUBACK with more codes than filters, and take a QoS 2 message that nobody asked
// for. It bounds every write, and it remembers the last PUBACK, so that "delivered" is said because
// the broker said it.
//
// A message longer than maxPacket must not cost the connection, or whoever may leave one at the broker keeps the terminal
// off the fleet. Its topic is handed out with the payload oversized, so that paho acknowledges it; the rest is read and
// dropped.
type conn struct {
	net.Conn
	writeTimeout time.Duration
	packet       []byte // the packet being handed out; its array is reused
	rest         []byte // what of it paho has not read yet
	oversized    []byte // stands for a payload that is too long; random, so that no broker can send it
	left         int    // bytes of such a payload that have not come yet
	discarded    atomic.Uint64
	packets      atomic.Uint64 // that came
	acked        atomic.Uint32
	ended        atomic.Bool
}

func newConn(c net.Conn, writeTimeout time.Duration) *conn {
	w := &conn{Conn: c, writeTimeout: writeTimeout, packet: make([]byte, 0, 4096), oversized: make([]byte, 16)}
	_, _ = rand.Read(w.oversized) // never fails, or ends the program
	return w
}

// lastAck returns the packet identifier of the last PUBACK, 0 before the first.
func (w *conn) lastAck() uint16 { return uint16(w.acked.Load()) }

// errCut is what paho reads when this side has ended the connection.
var errCut = errors.New("fleet: connection ended by this side")

// cut ends the connection so that paho notices: at Go's own error of a closed connection it falls
// silent, believing that it closed the connection itself, and goes on as if it were connected.
func (w *conn) cut() {
	w.ended.Store(true)
	_ = w.Close()
}

// Write gives up when the peer has not taken all of it after the write timeout and the time that a slow connection needs.
func (w *conn) Write(p []byte) (int, error) {
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.writeTimeout + TransferTime(len(p)))); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// SetDeadline leaves the deadline for writing to Write.
func (w *conn) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }

// SetWriteDeadline does nothing, for the same reason.
func (w *conn) SetWriteDeadline(time.Time) error { return nil }

// Read hands out checked packets. It is called from one goroutine at a time.
func (w *conn) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if err := w.next(); err != nil {
			if w.ended.Load() {
				err = errCut
			}
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// next reads one packet: type and flags, remaining length (1 to 4 bytes), body.
func (w *conn) next() error {
	if w.left > 0 {
		return w.discard()
	}
	var head [5]byte
	if _, err := io.ReadFull(w.Conn, head[:2]); err != nil {
		return err
	}
	n := 2
	for head[n-1]&0x80 != 0 {
		if n == len(head) {
			return errors.New("fleet: broker sent a packet length of more than four bytes")
		}
		if _, err := io.ReadFull(w.Conn, head[n:n+1]); err != nil {
			return unexpected(err)
		}
		n++
	}
	length := 0
	for i := n - 1; i >= 1; i-- {
		length = length<<7 | int(head[i]&0x7f)
	}
	if length > maxPacket {
		return w.skip(head[0], length)
	}
	if cap(w.packet) < n+length {
		w.packet = make([]byte, n+length)
	}
	w.packet = append(w.packet[:0], head[:n]...)[:n+length]
	body := w.packet[n:]
	if _, err := io.ReadFull(w.Conn, body); err != nil {
		return unexpected(err)
	}
	if err := checkPacket(head[0], body); err != nil {
		return err
	}
	w.packets.Add(1)
	if head[0]>>4 == typePuback {
		w.acked.Store(uint32(binary.BigEndian.Uint16(body)))
	}
	w.rest = w.packet
	return nil
}

// skip reads the beginning of a packet that is too long, and makes the packet that stands for it.
func (w *conn) skip(first byte, length int) error {
	if first>>4 != typePublish {
		return fmt.Errorf("fleet: broker sent a packet of type %d with %d bytes, limit %d", first>>4, length, maxPacket)
	}
	var topic [2]byte
	if _, err := io.ReadFull(w.Conn, topic[:]); err != nil {
		return unexpected(err)
	}
	start := 2 + int(binary.BigEndian.Uint16(topic[:]))
	if first>>1&3 > 0 {
		start += 2 // the packet identifier
	}
	head := binary.AppendUvarint([]byte{first}, uint64(start+len(w.oversized))) // as MQTT writes lengths
	w.packet = slices.Grow(w.packet[:0], len(head)+start+len(w.oversized))
	w.packet = append(append(w.packet, head...), topic[:]...)[:len(head)+start]
	if _, err := io.ReadFull(w.Conn, w.packet[len(head)+2:]); err != nil {
		return unexpected(err)
	}
	w.packet = append(w.packet, w.oversized...)
	if err := checkPacket(first, w.packet[len(head):]); err != nil {
		return err
	}
	w.left = length - start
	w.rest = w.packet
	return nil
}

// discard drops a part of a payload that is too long. A long one takes longer than a broker's answer to a ping may, which
// comes behind it; that the payload comes is as good a sign of life, and paho gets it as one.
func (w *conn) discard() error {
	chunk := min(w.left, discardChunk)
	if err := w.SetReadDeadline(time.Now().Add(w.writeTimeout + TransferTime(chunk))); err != nil {
		return err
	}
	w.packet = slices.Grow(w.packet[:0], chunk)[:chunk]
	if _, err := io.ReadFull(w.Conn, w.packet); err != nil {
		return unexpected(err)
	}
	if err := w.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	w.left -= chunk
	w.discarded.Add(uint64(chunk))
	w.packet = append(w.packet[:0], typePingresp<<4, 0)
	w.rest = w.packet
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkPacket returns an error unless a broker may send such a packet to a client that subscribes with one
// filter at a time, at QoS 1 at most, and publishes at QoS 1 at most.
func checkPacket(first byte, body []byte) error {
	kind, flags := first>>4, first&0x0f
	ok := false
	switch kind {
	case typeConnack, typePuback, typeUnsuback:
		ok = flags == 0 && len(body) == 2
	case typeSuback:
		ok = flags == 0 && len(body) == 3
	case typePingresp:
		ok = flags == 0 && len(body) == 0
	case typePublish:
		qos := flags >> 1 & 3
		need := 2 + int(qos)*2 // the topic's length, and the packet identifier at QoS 1
		ok = qos <= 1 && len(body) >= need && len(body) >= need+int(binary.BigEndian.Uint16(body))
	}
	if !ok {
		return fmt.Errorf("fleet: broker sent a packet of type %d, flags %d, %d bytes, which MQTT does not allow here", kind, flags, len(body))
	}
	return nil
}
