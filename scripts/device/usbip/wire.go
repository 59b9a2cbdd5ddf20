package usbip

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The commands of USB/IP after a device was chosen. All integers are big-endian.
const (
	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4
)

// Statuses are negative error numbers of Linux.
const (
	statusOK         = 0
	statusStall      = -32  // EPIPE
	statusConnReset  = -104 // ECONNRESET: unlinked before it was done
	headerLength     = 48
	maxTransfer      = 1 << 20
	directionIn      = 1
	directionOut     = 0
	setupStandard    = 0x00
	setupClass       = 0x20
	setupTypeMask    = 0x60
	setupDeviceToPC  = 0x80
	setupToInterface = 0x01
)

// request is one transfer that the kernel asks for.
type request struct {
	seq       uint32
	in        bool
	endpoint  uint32
	length    int // that the kernel has room for, or sends
	setup     [8]byte
	data      []byte // that the kernel sent
	unlink    bool
	unlinkSeq uint32
}

// readRequest reads the next command.
func readRequest(r io.Reader) (request, error) {
	var h [headerLength]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return request{}, err
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(h[4*i:]) }
	q := request{seq: word(1), in: word(3) == directionIn, endpoint: word(4)}
	switch command := word(0); command {
	case cmdUnlink:
		q.unlink, q.unlinkSeq = true, word(5)
		return q, nil
	case cmdSubmit:
		n := word(6)
		if n > maxTransfer {
			return q, fmt.Errorf("usbip: a transfer of %d bytes, limit %d", n, maxTransfer)
		}
		q.length = int(n)
		copy(q.setup[:], h[40:])
		if !q.in {
			q.data = make([]byte, n)
			if _, err := io.ReadFull(r, q.data); err != nil {
				return q, err
			}
		}
		return q, nil
	default:
		return q, fmt.Errorf("usbip: command %d is unknown", command)
	}
}

// reply encodes the answer to a transfer.
func (q request) reply(status int32, data []byte) []byte {
	out := make([]byte, headerLength, headerLength+len(data))
	n := len(data)
	if !q.in {
		n, data = len(q.data), nil
	}
	binary.BigEndian.PutUint32(out[0:], retSubmit)
	binary.BigEndian.PutUint32(out[4:], q.seq)
	binary.BigEndian.PutUint32(out[20:], uint32(status))
	binary.BigEndian.PutUint32(out[24:], uint32(n))
	return append(out, data...)
}

// unlinked encodes the answer to cmdUnlink.
func (q request) unlinked(found bool) []byte {
	out := make([]byte, headerLength)
	binary.BigEndian.PutUint32(out[0:], retUnlink)
	binary.BigEndian.PutUint32(out[4:], q.seq)
	if found {
		status := int32(statusConnReset)
		binary.BigEndian.PutUint32(out[20:], uint32(status))
	}
	return out
}
