package usbip

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// plug is one time that the camera is plugged in.
type plug struct {
	*Camera
	conn net.Conn
	news chan struct{} // a transfer waits
	done chan struct{}

	// answering guards the connection and the transfers that wait together: an answer to a transfer that follows the answer
	// to its unlinking makes the kernel pull the plug (vhci_rx.c, "cannot find a urb").
	answering sync.Mutex
	waiting   []request

	// The kernel's unlinking may overtake the transfer that it means (vhci_tx.c sends each from a list of its own). It is
	// answered when the transfer comes. Of serve's goroutine.
	seen  uint32 // number of the last transfer
	early map[uint32]request
}

// maxWaiting bounds the transfers that wait; uvcvideo asks for five at a time.
const maxWaiting = 64

// serve answers the kernel until the plug is pulled.
func (p *plug) serve() {
	defer close(p.done)
	in := bufio.NewReader(p.conn)
	for {
		q, err := readRequest(in)
		unlinked, overtaken := p.early[q.seq]
		switch {
		case err != nil:
			return
		case q.unlink && q.unlinkSeq > p.seen:
			if len(p.early) == maxWaiting {
				return
			}
			p.early[q.unlinkSeq] = q
			continue
		case q.unlink:
			err = p.unlink(q)
		case overtaken:
			delete(p.early, q.seq)
			err = p.send(unlinked.unlinked(true))
		case q.endpoint == 0:
			data, ok := p.control(q)
			status := int32(statusOK)
			if !ok {
				status = statusStall
			}
			err = p.send(q.reply(status, data[:min(len(data), q.length)]))
		case q.endpoint == endpoint && q.in:
			err = p.wait(q)
		default:
			err = p.send(q.reply(statusStall, nil))
		}
		if err != nil {
			return
		}
		if !q.unlink {
			p.seen = q.seq
		}
	}
}

func (p *plug) send(b []byte) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	_, err := p.conn.Write(b)
	return err
}

// wait queues a transfer for the stream.
func (p *plug) wait(q request) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	if len(p.waiting) == maxWaiting {
		return errors.New("usbip: too many transfers")
	}
	p.waiting = append(p.waiting, q)
	select {
	case p.news <- struct{}{}:
	default:
	}
	return nil
}

// take removes a waiting transfer; false if it is not there. The caller holds answering.
func (p *plug) take(seq uint32) bool {
	i := slices.IndexFunc(p.waiting, func(q request) bool { return q.seq == seq })
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	return i >= 0
}

// unlink takes a transfer back for the kernel.
func (p *plug) unlink(q request) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	_, err := p.conn.Write(q.unlinked(p.take(q.unlinkSeq)))
	return err
}

// answer answers a waiting transfer; false if it was unlinked meanwhile.
func (p *plug) answer(q request, status int32, data []byte) (bool, error) {
	p.answering.Lock()
	defer p.answering.Unlock()
	if !p.take(q.seq) {
		return false, nil
	}
	_, err := p.conn.Write(q.reply(status, data))
	return true, err
}

// next waits for a transfer to answer, which goes on waiting.
func (p *plug) next() (request, bool) {
	for {
		p.answering.Lock()
		if len(p.waiting) > 0 {
			q := p.waiting[0]
			p.answering.Unlock()
			return q, true
		}
		p.answering.Unlock()
		select {
		case <-p.news:
		case <-p.done:
			return request{}, false
		}
	}
}

// stream answers transfers with frames at the negotiated rate. Each transfer is a payload of its own with a header of two
// bytes (2.4.3.3): the frame's bit, which changes with each frame, and a bit for its last payload.
func (p *plug) stream() {
	const endOfHeader, endOfFrame = 0x80, 0x02
	begin, bit := time.Now(), byte(0)
	for n := 0; ; n++ {
		frame, period, fault := p.frame(n)
		// The rate is kept by the clock; a kernel that asks late gets no burst.
		if due := begin.Add(period); time.Until(due) > 0 {
			select {
			case <-time.After(time.Until(due)):
			case <-p.done:
				return
			}
			begin = due
		} else {
			begin = time.Now()
		}
		if fault == Stalled {
			continue
		}
		for sent := 0; sent < len(frame); {
			q, ok := p.next()
			if !ok {
				return
			}
			k := min(len(frame)-sent, q.length-2, payload-2)
			if fault == Stalling || k <= 0 {
				if _, err := p.answer(q, statusStall, nil); err != nil {
					return
				}
				if fault == Stalling {
					break
				}
				continue
			}
			flags := endOfHeader | bit
			if sent+k == len(frame) {
				flags |= endOfFrame
			}
			data := append([]byte{2, flags}, frame[sent:sent+k]...)
			answered, err := p.answer(q, statusOK, data)
			if err != nil {
				return
			}
			if answered {
				sent += k
			}
		}
		bit ^= 1
		p.mu.Lock()
		p.frames++
		p.mu.Unlock()
	}
}

// frame is what is sent next, and how long after the one before.
func (p *plug) frame(n int) (data []byte, period time.Duration, fault Fault) {
	p.mu.Lock()
	picture, probe, fault, slower := p.picture, p.probe, p.fault, p.slower
	p.mu.Unlock()
	f := formats[probe[2]-1]
	size := f.frames[probe[3]-1]
	period = time.Duration(binary.LittleEndian.Uint32(probe[4:])) * 100 * time.Nanosecond * time.Duration(slower)
	if shown := picture(n); f.code == "MJPG" {
		data = shown.JPEG
	} else {
		data = shown.YUYV(size.width, size.height)
	}
	switch fault {
	case Truncated:
		data = data[:len(data)/3]
	case Garbage:
		data = bytes.Repeat([]byte{0x55, 0xaa, 0xff}, len(data)/3)
	}
	return data, period, fault
}
