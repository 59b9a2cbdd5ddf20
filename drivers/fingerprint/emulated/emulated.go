// Package emulated is a module of the ZFM family without the hardware: it speaks the protocol on any stream, such as a
// pseudo terminal that a driver opens as a serial port or that a virtual machine has for one, breaks the protocol when told,
// loses power, and can be set up like modules of other makes.
//
// It emulates the protocol, not the recognition: fingers are numbers, and its library compares these.
package emulated

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sync"
	"time"

	"umbral/drivers/fingerprint/zfm"
)

// Sizes of the R503 (introduction of its manual, p. 1).
const (
	Width, Height = 192, 192
	Capacity      = 200
)

// Kind is a kind of module.
type Kind struct {
	Name          string
	Width, Height int
	Capacity      int
	Buffers       int
	Modern        bool // tells its product information and has a lamp
}

// Kinds of modules: the R503, and the optical ones before it.
var (
	R503  = Kind{Name: "R503", Width: Width, Height: Height, Capacity: Capacity, Buffers: 6, Modern: true}
	R307  = Kind{Name: "R307", Width: 256, Height: 288, Capacity: 1000, Buffers: 2}
	AS608 = Kind{Name: "AS608", Width: 256, Height: 288, Capacity: 162, Buffers: 2}
)

// Fault is a way to break the protocol.
type Fault uint8

// Values of Fault.
const (
	BadChecksum Fault = iota + 1 // an answer with a wrong checksum
	Short                        // an answer that stops in the middle
	Busy                         // no answer at all
	Noise                        // random bytes before an answer, some of them headers
	Stale                        // an answer to something that nobody asked, before the right one
	BadLength                    // a header with an impossible length instead of an answer
	Flood                        // bytes without end until the next command
	Late                         // each answer comes only when the next command does, before that one's
	Dip                          // the supply fails in the middle of the answer
)

// Faults are all faults by name.
var Faults = map[string]Fault{
	"checksum": BadChecksum, "short": Short, "busy": Busy, "noise": Noise, "stale": Stale, "length": BadLength, "flood": Flood,
	"late": Late, "dip": Dip,
}

// Module is one emulated module. Its methods are safe for concurrent use.
type Module struct {
	mu       sync.Mutex
	kind     Kind
	address  uint32
	password uint32
	baud     int
	packet   int // content of a data packet, in bytes
	finger   int // 0 is none
	picture  func(finger int) []byte
	fault    Fault
	faults   int    // how many answers are still to break
	late     []byte // of an answer that is kept back
	library  []int
	commands int
	volatile
}

// volatile is what a module forgets without power.
type volatile struct {
	verified bool
	light    byte
	imaged   int // finger on the picture, 0 for none
	read     [7]int
	merged   int
}

// New returns an R503 as it comes from the factory.
func New() *Module { return NewKind(R503) }

// NewKind returns a module of that kind as it comes from the factory.
func NewKind(k Kind) *Module {
	return &Module{
		kind: k, address: 0xFFFFFFFF, baud: 57600, packet: 128, library: make([]int, k.Capacity),
		picture: func(finger int) []byte { return ridges(finger, k.Width, k.Height) },
	}
}

// PowerCycle takes the module's power away for a moment: what was read and that the password was verified is forgotten, the
// library is not.
func (m *Module) PowerCycle() { m.mu.Lock(); m.volatile = volatile{}; m.mu.Unlock() }

// SetAddress sets the address that it listens at.
func (m *Module) SetAddress(a uint32) { m.mu.Lock(); m.address = a; m.mu.Unlock() }

// SetPacket sets how many bytes of a picture a packet holds.
func (m *Module) SetPacket(bytes int) { m.mu.Lock(); m.packet = bytes; m.mu.Unlock() }

// Put lays a finger on the sensor; fingers count from 1.
func (m *Module) Put(finger int) { m.mu.Lock(); m.finger = finger; m.mu.Unlock() }

// Lift takes it away.
func (m *Module) Lift() { m.Put(0) }

// Break breaks the next times answers.
func (m *Module) Break(f Fault, times int) { m.mu.Lock(); m.fault, m.faults = f, times; m.mu.Unlock() }

// SetBaud sets the speed that the module listens at.
func (m *Module) SetBaud(baud int) { m.mu.Lock(); m.baud = baud; m.mu.Unlock() }

// SetPassword sets the password that it wants.
func (m *Module) SetPassword(p uint32) { m.mu.Lock(); m.password = p; m.mu.Unlock() }

// SetPicture sets what a finger looks like: a grey value for each pixel of the kind's picture.
func (m *Module) SetPicture(f func(finger int) []byte) { m.mu.Lock(); m.picture = f; m.mu.Unlock() }

// Lit says whether the ring shines.
func (m *Module) Lit() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.light != 0 && m.light != 0x04 }

// Commands counts the commands that were understood.
func (m *Module) Commands() int { m.mu.Lock(); defer m.mu.Unlock(); return m.commands }

// Speed is a stream that knows at what speed the other side talks.
type Speed interface{ Baud() (int, error) }

// Run answers commands that come from the stream until it ends or ctx does, and then closes it. It returns nil then.
// A stream that is a Speed must have the module's speed, else the module hears and says only garbage.
func (m *Module) Run(ctx context.Context, stream io.ReadWriteCloser) error {
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { stream.Close() })()
	var store [2 * zfm.MaxPacket]byte
	var pending []byte
	for {
		n := copy(store[:], pending)
		if n == len(store) {
			n = 0
		}
		got, err := stream.Read(store[n:])
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, os.ErrClosed) {
				return nil
			}
			return fmt.Errorf("emulated: %w", err)
		}
		pending = store[:n+got]
		if s, ok := stream.(Speed); ok {
			if baud, err := s.Baud(); err == nil && baud != m.speed() {
				pending = nil
				if err := m.write(stream, []byte{0xFF, 0x80, 0xEF, 0x00}); err != nil {
					return nil
				}
				continue
			}
		}
		for {
			p, used, err := zfm.Parse(pending)
			pending = pending[used:]
			if errors.Is(err, zfm.ErrMore) {
				break
			}
			if err == nil && p.Kind == zfm.Command && len(p.Content) > 0 {
				if err := m.serve(ctx, stream, p); err != nil {
					return nil // the other side is gone
				}
			}
		}
	}
}

func (m *Module) speed() int { m.mu.Lock(); defer m.mu.Unlock(); return m.baud }

// serve answers one command.
func (m *Module) serve(ctx context.Context, w io.Writer, p zfm.Packet) error {
	m.mu.Lock()
	if p.Address != m.address {
		m.mu.Unlock()
		return nil
	}
	m.commands++
	content, data := m.obey(zfm.Instruction(p.Content[0]), p.Content[1:])
	fault := Fault(0)
	if m.faults > 0 {
		m.faults--
		fault = m.fault
	}
	answer := zfm.Packet{Address: m.address, Kind: zfm.Answer, Content: content}.Append(nil)
	packets := packets(m.address, data, m.packet)
	late := m.late
	m.late = nil
	m.mu.Unlock()

	if len(late) > 0 {
		if err := m.write(w, late); err != nil {
			return err
		}
	}
	if len(packets) > 0 && fault != 0 {
		// A picture is broken in its middle, which is harder to notice.
		if err := m.write(w, answer); err != nil {
			return err
		}
		return m.writeBroken(ctx, w, fault, packets)
	}
	if fault != 0 {
		return m.writeBroken(ctx, w, fault, answer)
	}
	return m.write(w, append(answer, packets...))
}

// packets cuts a picture into data packets of size bytes.
func packets(address uint32, data []byte, size int) (b []byte) {
	for len(data) > 0 {
		kind, n := zfm.Data, size
		if len(data) <= size {
			kind, n = zfm.End, len(data)
		}
		b = zfm.Packet{Address: address, Kind: kind, Content: data[:n]}.Append(b)
		data = data[n:]
	}
	return b
}

func (m *Module) write(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// writeBroken writes b as a fault has it.
func (m *Module) writeBroken(ctx context.Context, w io.Writer, f Fault, b []byte) error {
	switch f {
	case BadChecksum:
		b[len(b)-1] ^= 0x5A
	case Short:
		b = b[:len(b)-len(b)/3-1]
	case Busy:
		return nil
	case Noise:
		b = append([]byte{0x00, 0xEF, 0x01, 0xEF, 0x55, 0x01, 0xEF, 0xEF, 0x01, 0x12, 0x34, 0x56, 0x78, 0x07, 0xFF, 0xFF}, b...)
	case Stale:
		b = append(zfm.Packet{Address: 0x01020304, Kind: zfm.Answer, Content: []byte{byte(zfm.NoFinger)}}.Append(nil), b...)
	case BadLength:
		b = []byte{0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x7F, 0xFF, 0x00}
	case Late:
		m.mu.Lock()
		m.late = b
		m.mu.Unlock()
		return nil
	case Dip:
		m.PowerCycle()
		b = append(b[:len(b)/2], 0x55) // with which a module says that it has started
	case Flood:
		// Longer than any answer may take, in pieces, and never a packet.
		for range 40 {
			if err := m.write(w, make([]byte, 256)); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
		return nil
	}
	return m.write(w, b)
}

// obey carries out an instruction and returns the answer's content and what data packets follow.
func (m *Module) obey(in zfm.Instruction, args []byte) (content, data []byte) {
	code := func(c zfm.Code) []byte { return []byte{byte(c)} }
	word := func(i int) int { return int(binary.BigEndian.Uint16(args[i:])) }
	if len(args) < argumentsOf[in] {
		return code(zfm.BadPacket), nil
	}
	if !m.verified && m.password != 0 && in != zfm.VfyPwd && in != zfm.HandShake {
		return code(zfm.NeedsPassword), nil
	}
	switch in {
	case zfm.HandShake:
		return code(zfm.OK), nil
	case zfm.VfyPwd:
		if m.verified = binary.BigEndian.Uint32(args) == m.password; !m.verified {
			return code(zfm.WrongPassword), nil
		}
	case zfm.ReadSysPara:
		b := code(zfm.OK)
		size := bits.Len(uint(m.packet / 64))
		for _, v := range []int{0, 0, m.kind.Capacity, 3, int(m.address >> 16), int(m.address & 0xFFFF), size, m.baud / 9600} {
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		}
		return b, nil
	case zfm.ReadProdInfo:
		if !m.kind.Modern {
			return code(zfm.BadPacket), nil
		}
		return append(code(zfm.OK), m.product()...), nil
	case zfm.GenImg:
		if m.imaged = m.finger; m.finger == 0 {
			return code(zfm.NoFinger), nil
		}
	case zfm.UpImage:
		if m.imaged == 0 {
			return code(zfm.NotSent), nil
		}
		return code(zfm.OK), halves(m.picture(m.imaged))
	case zfm.Img2Tz:
		if args[0] < 1 || int(args[0]) > m.kind.Buffers || m.imaged == 0 {
			return code(zfm.NoPicture), nil
		}
		m.read[args[0]] = m.imaged
	case zfm.RegModel:
		m.merged = 0
		presses := 0
		for i, f := range m.read {
			if f == 0 {
				continue
			}
			if presses++; m.merged != 0 && m.merged != f {
				m.merged, m.read = 0, [7]int{}
				return code(zfm.NotMerged), nil
			}
			m.merged = f
			m.read[i] = 0
		}
		if presses < 2 {
			m.merged = 0
			return code(zfm.NotMerged), nil
		}
	case zfm.Store:
		if word(1) >= len(m.library) {
			return code(zfm.OutOfLibrary), nil
		}
		m.library[word(1)] = m.merged
	case zfm.DeletChar:
		if word(0)+word(2) > len(m.library) {
			return code(zfm.NotDeleted), nil
		}
		clear(m.library[word(0) : word(0)+word(2)])
	case zfm.Search:
		if args[0] < 1 || int(args[0]) > m.kind.Buffers {
			return code(zfm.BadPacket), nil
		}
		for i, f := range m.library[:] {
			if f != 0 && f == m.read[args[0]] && i >= word(1) && i < word(1)+word(3) {
				return []byte{byte(zfm.OK), byte(i >> 8), byte(i), 0, 100}, nil
			}
		}
		return []byte{byte(zfm.NotFound), 0, 0, 0, 0}, nil
	case zfm.TempleteNum:
		n := 0
		for _, f := range m.library {
			n += min(f, 1)
		}
		return []byte{byte(zfm.OK), byte(n >> 8), byte(n)}, nil
	case zfm.ReadIndex:
		b := append(code(zfm.OK), make([]byte, 32)...)
		for i, f := range m.library {
			if f != 0 && i/256 == int(args[0]) {
				b[1+i%256/8] |= 1 << (i % 8)
			}
		}
		return b, nil
	case zfm.AuraLedConfig:
		if !m.kind.Modern {
			return code(zfm.BadPacket), nil
		}
		m.light = args[0]
	default:
		return code(zfm.BadPacket), nil
	}
	return code(zfm.OK), nil
}

// product is what ReadProdInfo returns (p. 16).
func (m *Module) product() []byte {
	b := make([]byte, zfm.ProductLength)
	copy(b, m.kind.Name)
	copy(b[20:], "00000001")
	copy(b[30:], "emulated")
	for i, v := range []int{m.kind.Width, m.kind.Height, 0, m.kind.Capacity} {
		binary.BigEndian.PutUint16(b[38+2*i:], uint16(v))
	}
	return b
}

// argumentsOf is how many bytes follow an instruction.
var argumentsOf = map[zfm.Instruction]int{
	zfm.VfyPwd: 4, zfm.Img2Tz: 1, zfm.Store: 3, zfm.DeletChar: 4, zfm.Search: 5, zfm.ReadIndex: 1, zfm.AuraLedConfig: 4,
}

// halves packs grey values as the module sends them: four bits each, the left pixel in the upper half.
func halves(pix []byte) []byte {
	b := make([]byte, len(pix)/2)
	for i := range b {
		b[i] = pix[2*i]&0xF0 | pix[2*i+1]>>4
	}
	return b
}

// ridges draws a pattern of ridges that differs from finger to finger. It is no fingerprint.
func ridges(finger, width, height int) []byte {
	pix := make([]byte, width*height)
	cx, cy := 60+finger*37%70, 60+finger*53%70
	for y := range height {
		for x := range width {
			dx, dy := x-cx, y-cy
			d := dx*dx*(3+finger%3) + dy*dy*4 // rings, more or less oval
			r := 0
			for r*r < d {
				r++
			}
			pix[y*width+x] = 0x20
			if r/9%2 == 1 {
				pix[y*width+x] = 0xE0
			}
		}
	}
	return pix
}
