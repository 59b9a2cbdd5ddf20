package r503

import (
	"context"
	"errors"
	"fmt"
	"time"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// Waits of the link.
const (
	poll     = 20 * time.Millisecond  // longest single wait for bytes, so that a context's end is seen soon
	quiet    = 60 * time.Millisecond  // without a byte: the module has finished what it was sending
	settling = 500 * time.Millisecond // longest wait for that, beside what a picture takes
)

// link is the open port. It belongs to whoever holds the sensor's turn.
type link struct {
	opts    *Opts
	count   *fingerprint.Counter
	port    Port
	baud    int
	doubt   bool   // an answer to something earlier may still come
	foreign bool   // since the last command an answer came from another address
	address uint32 // which one
	pending []byte // read, but not parsed
	store   [4 * zfm.MaxPacket]byte
	out     []byte
}

// damaged reports whether an answer came, but not whole.
func damaged(err error) bool { return errors.Is(err, zfm.ErrChecksum) || errors.Is(err, zfm.ErrLength) }

func (l *link) open(baud int) error {
	l.close()
	open := l.opts.Open
	if open == nil {
		open = openSerial
	}
	p, err := open(l.opts.Port, baud)
	if err != nil {
		return fmt.Errorf("%w: %s: %v", fingerprint.ErrAbsent, l.opts.Port, err)
	}
	if err := p.SetReadTimeout(poll); err != nil {
		p.Close()
		return fmt.Errorf("%w: %s: %v", fingerprint.ErrAbsent, l.opts.Port, err)
	}
	l.port, l.baud, l.pending, l.doubt = p, baud, nil, true
	l.count.Opened++
	return nil
}

func (l *link) close() {
	if l.port != nil {
		l.port.Close() // its error is of no use: the port is given up either way
		l.port = nil
	}
}

// lost gives up the port after it failed.
func (l *link) lost(err error) error {
	l.close()
	return fmt.Errorf("%w: %s: %v", fingerprint.ErrAbsent, l.opts.Port, err)
}

// send writes one packet.
func (l *link) send(kind zfm.Kind, content []byte) error {
	l.out = zfm.Packet{Address: l.opts.Address, Kind: kind, Content: content}.Append(l.out[:0])
	for rest := l.out; len(rest) > 0; {
		n, err := l.port.Write(rest)
		if err != nil {
			return l.lost(err)
		}
		rest = rest[n:]
	}
	return nil
}

// receive waits for a packet of one of the kinds. Packets of another address or kind are left over from something
// earlier and are passed over. What looks damaged may be noise before a good packet, so a little longer is waited for
// that. The content is valid until the next call.
func (l *link) receive(ctx context.Context, until time.Time, first, second zfm.Kind) (zfm.Packet, error) {
	var broken error
	for {
		for len(l.pending) > 0 {
			p, used, err := zfm.Parse(l.pending)
			l.pending = l.pending[used:]
			if errors.Is(err, zfm.ErrMore) {
				break
			}
			if err != nil {
				l.count.Damaged++
				broken = err
				if soon := time.Now().Add(quiet); soon.Before(until) {
					until = soon
				}
				continue
			}
			if p.Address != l.opts.Address {
				l.foreign, l.address = true, p.Address
				continue
			}
			if p.Kind == first || p.Kind == second {
				return p, nil
			}
		}
		if err := l.more(ctx, until); err != nil {
			if broken != nil && errors.Is(err, fingerprint.ErrSilent) {
				err = broken
			}
			return zfm.Packet{}, err
		}
	}
}

// more reads what the port has, at least a byte.
func (l *link) more(ctx context.Context, until time.Time) error {
	n := copy(l.store[:], l.pending)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !time.Now().Before(until) {
			l.count.Timeouts++
			return fingerprint.ErrSilent
		}
		got, err := l.port.Read(l.store[n:])
		if err != nil {
			return l.lost(err)
		}
		if got > 0 {
			l.pending = l.store[:n+got]
			return nil
		}
	}
}

// pictureTakes returns how long the largest picture takes on the wire: a module that was sending one goes on to its end. A
// byte is 10 bits on the wire, and packets add less than a quarter to the smallest content.
func (l *link) pictureTakes() time.Duration {
	bits := time.Duration(l.opts.pictureBytes()) * 10 * 5 / 4
	return bits * time.Second / time.Duration(max(l.baud, 9600))
}

// settle reads and forgets until nothing comes any more, so that the next answer is that of the next command.
func (l *link) settle(ctx context.Context) {
	l.pending, l.doubt = nil, false
	end := time.Now().Add(settling + l.pictureTakes())
	for still := time.Now(); l.port != nil && ctx.Err() == nil && time.Since(still) < quiet && time.Now().Before(end); {
		n, err := l.port.Read(l.store[:])
		if err != nil {
			l.close()
			return
		}
		if n > 0 {
			still = time.Now()
		}
	}
}

// flusher is a port that can forget what it has received.
type flusher interface{ ResetInputBuffer() error }

// clear forgets what came before a command was sent: a module says nothing unasked, so it belongs to something earlier.
func (l *link) clear(ctx context.Context) error {
	if l.doubt {
		l.settle(ctx)
	}
	l.pending, l.foreign = nil, false
	if p, ok := l.port.(flusher); ok {
		if err := p.ResetInputBuffer(); err != nil {
			return l.lost(err)
		}
	}
	if l.port == nil {
		return fmt.Errorf("%w: %s was lost", fingerprint.ErrAbsent, l.opts.Port)
	}
	return nil
}

// exchange sends a command and returns the answer's code and what follows it. A damaged or missing answer leads to the
// same command again: each of them can be repeated without harm.
func (l *link) exchange(ctx context.Context, repeat int, wait time.Duration, command []byte) (zfm.Code, []byte, error) {
	var err error
	for try := 0; try <= repeat; try++ {
		if try > 0 {
			l.count.Repeated++
		}
		if err := l.clear(ctx); err != nil {
			return 0, nil, err
		}
		var code zfm.Code
		var content []byte
		code, content, err = l.once(ctx, wait, command)
		if ctx.Err() != nil {
			// What still comes must not be taken for the answer to the next command.
			l.close()
			return 0, nil, ctx.Err()
		}
		if err == nil {
			l.count.Exchanges++
			l.doubt = try > 0 // the answer to an earlier try may still come
			return code, content, nil
		}
		if errors.Is(err, fingerprint.ErrAbsent) {
			return 0, nil, err
		}
		l.doubt = true
	}
	switch {
	case damaged(err):
		err = fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
	case l.foreign:
		err = fmt.Errorf("%w at address %08X, another one does at %08X", fingerprint.ErrSilent, l.opts.Address, l.address)
	}
	return 0, nil, err
}

// once sends a command and waits for its answer.
func (l *link) once(ctx context.Context, wait time.Duration, command []byte) (zfm.Code, []byte, error) {
	if err := l.send(zfm.Command, command); err != nil {
		return 0, nil, err
	}
	p, err := l.receive(ctx, time.Now().Add(wait), zfm.Answer, zfm.Answer)
	if err != nil {
		return 0, nil, err
	}
	if len(p.Content) == 0 {
		l.count.Damaged++
		return 0, nil, fmt.Errorf("%w: empty", zfm.ErrLength)
	}
	code, content := zfm.Code(p.Content[0]), p.Content[1:]
	in := zfm.Instruction(command[0])
	switch {
	case code == zfm.BadPacket:
		return 0, nil, fmt.Errorf("%w: it could not read instruction 0x%02X", errUnread, command[0])
	case code == zfm.OK && !in.Fits(content):
		l.count.Damaged++
		return 0, nil, fmt.Errorf("%w: %d bytes are no answer to instruction 0x%02X", zfm.ErrLength, len(content), command[0])
	case in == zfm.VfyPwd && code != zfm.OK && code != zfm.WrongPassword && code != zfm.WrongAddress:
		l.count.Damaged++
		return 0, nil, fmt.Errorf("%w: %v is no answer to a password", zfm.ErrLength, code)
	}
	return code, content, nil
}

// data receives the data packets of a picture into to and returns how many bytes they held.
func (l *link) data(ctx context.Context, to []byte) (n int, err error) {
	for {
		p, err := l.receive(ctx, time.Now().Add(l.opts.Answer), zfm.Data, zfm.End)
		if err != nil {
			return n, err
		}
		if len(p.Content) > len(to)-n {
			return n, fmt.Errorf("%w: picture of more than %d bytes", zfm.ErrLength, len(to))
		}
		n += copy(to[n:], p.Content)
		if p.Kind == zfm.End {
			return n, nil
		}
	}
}
