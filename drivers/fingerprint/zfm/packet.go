// Package zfm is the packet format and the command set of the ZFM family of fingerprint modules: ZFM-20, R305, R307,
// R503. Page numbers are those printed in the R503 user manual 1.2.2 of October 2022 (Hangzhou Grow Technology).
//
// A packet is, in big-endian order: header EF01, address (4 bytes), kind (1), length (2) of what follows, content, and
// the sum of kind, length and content (2).
package zfm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Kind of a packet.
type Kind uint8

// Values of Kind.
const (
	Command Kind = 0x01
	Data    Kind = 0x02 // more follows
	Answer  Kind = 0x07
	End     Kind = 0x08 // the last of the data
)

// Sizes of a packet's parts in bytes.
const (
	headLength = 9
	sumLength  = 2
	// MaxContent is the longest content: that of a data packet of the largest size.
	MaxContent = 256
	// MaxPacket is the longest packet.
	MaxPacket = headLength + MaxContent + sumLength
)

var header = []byte{0xEF, 0x01}

// Packet is one packet. Content is at most MaxContent bytes.
type Packet struct {
	Address uint32
	Kind    Kind
	Content []byte
}

// Append writes the packet behind b.
func (p Packet) Append(b []byte) []byte {
	b = append(b, header...)
	b = binary.BigEndian.AppendUint32(b, p.Address)
	start := len(b)
	b = append(b, byte(p.Kind))
	b = binary.BigEndian.AppendUint16(b, uint16(len(p.Content)+sumLength))
	b = append(b, p.Content...)
	return binary.BigEndian.AppendUint16(b, sum(b[start:]))
}

func sum(b []byte) (s uint16) {
	for _, v := range b {
		s += uint16(v)
	}
	return s
}

// Errors of Parse.
var (
	ErrMore     = errors.New("zfm: the packet is not complete")
	ErrChecksum = errors.New("zfm: wrong checksum")
	ErrLength   = errors.New("zfm: impossible length")
)

// Parse finds the first packet in b and returns it with the number of bytes that are done with, also beside an error.
// Bytes before a header are noise and skipped. ErrMore asks for more bytes behind the rest. After ErrChecksum or
// ErrLength the search goes on behind the header that led to them. The content lies in b.
func Parse(b []byte) (p Packet, used int, err error) {
	at := bytes.Index(b, header)
	if at < 0 {
		if n := len(b); n > 0 && b[n-1] == header[0] {
			return p, n - 1, ErrMore
		}
		return p, len(b), ErrMore
	}
	rest := b[at:]
	if len(rest) < headLength {
		return p, at, ErrMore
	}
	length := int(binary.BigEndian.Uint16(rest[7:]))
	if length < sumLength || length > sumLength+MaxContent {
		return p, at + len(header), fmt.Errorf("%w: %d, allowed are %d to %d", ErrLength, length, sumLength, sumLength+MaxContent)
	}
	if len(rest) < headLength+length {
		return p, at, ErrMore
	}
	end := headLength + length - sumLength
	if want, got := sum(rest[6:end]), binary.BigEndian.Uint16(rest[end:]); want != got {
		return p, at + len(header), fmt.Errorf("%w: %04x, wanted %04x", ErrChecksum, got, want)
	}
	p = Packet{binary.BigEndian.Uint32(rest[2:]), Kind(rest[6]), rest[headLength:end]}
	return p, at + headLength + length, nil
}
