// Package powercut makes the disks that power cuts leave behind. QEMU's blklogwrites logs what a device writes and when it
// flushes; a disk after a cut holds all that was flushed, and of what was written since then anything at all.
package powercut

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// The log's format is that of the kernel's dm-log-writes (Linux drivers/md/dm-log-writes.c), as QEMU's
// block/blklogwrites.c writes it: a superblock, then entries of a header and data, each from a new sector on.
const (
	magic       = 0x6a736677736872
	sector      = 512
	flagFlush   = 1 << 0
	flagFUA     = 1 << 1
	flagDiscard = 1 << 2
)

// Entry is one thing that the device did with the disk.
type Entry struct {
	Offset int64 // in bytes
	Data   []byte
	Flush  bool // all that came before is on the disk from here on
}

// maxLog bounds a log that is read into memory.
const maxLog = 512 << 20

// ReadLog reads a whole log.
func ReadLog(path string) ([]Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("powercut: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxLog {
		return nil, fmt.Errorf("powercut: %s: %d bytes, limit %d (%v)", path, info.Size(), maxLog, err)
	}
	in := bufio.NewReaderSize(f, 1<<20)
	head := make([]byte, sector)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, fmt.Errorf("powercut: %s: %w", path, err)
	}
	if binary.LittleEndian.Uint64(head) != magic || binary.LittleEndian.Uint64(head[8:]) != 1 || binary.LittleEndian.Uint32(head[24:]) != sector {
		return nil, fmt.Errorf("powercut: %s is no log of version 1 with sectors of %d bytes", path, sector)
	}
	var out []Entry
	for {
		// The count in the superblock lags behind; an entry that says nothing is the end.
		if _, err := io.ReadFull(in, head); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("powercut: %s: %w", path, err)
		}
		at, n, flags := binary.LittleEndian.Uint64(head), binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint64(head[16:])
		if n == 0 && flags == 0 {
			return out, nil
		}
		if at > 1<<40 || n > maxLog/sector {
			return nil, fmt.Errorf("powercut: %s: entry %d: sector %d, %d sectors", path, len(out), at, n)
		}
		e := Entry{Offset: int64(at) * sector, Flush: flags&(flagFlush|flagFUA) != 0}
		if n > 0 && flags&flagDiscard == 0 {
			e.Data = make([]byte, n*sector)
			if _, err := io.ReadFull(in, e.Data); err != nil {
				return out, nil // the log was cut here
			}
		}
		out = append(out, e)
	}
}

// Disk is a disk to which a log happens.
type Disk struct {
	image   []byte // what is on it for certain
	entries []Entry
	at      int   // entries that happened
	pending []int // of these, writes that no flush has followed
	// Flushes that are false do nothing: a disk that lies.
	Flushes bool
}

// NewDisk begins with an image as it was before the log.
func NewDisk(image []byte, entries []Entry) *Disk {
	return &Disk{image: image, entries: entries, Flushes: true}
}

// Advance lets the log happen up to entry n, which comes not before the last such call.
func (d *Disk) Advance(n int) {
	for ; d.at < n; d.at++ {
		e := &d.entries[d.at]
		if len(e.Data) > 0 {
			d.pending = append(d.pending, d.at)
		}
		if e.Flush && d.Flushes {
			for _, i := range d.pending {
				copy(d.image[d.entries[i].Offset:], d.entries[i].Data)
			}
			d.pending = d.pending[:0]
		}
	}
}

// Cut writes a disk as a power cut could leave it now. Of the writes since the last flush each is on it wholly, or in its
// first sectors only, or not at all.
func (d *Disk) Cut(to io.WriterAt, r *rand.Rand) error {
	if _, err := to.WriteAt(d.image, 0); err != nil {
		return fmt.Errorf("powercut: %w", err)
	}
	for _, i := range d.pending {
		data := d.entries[i].Data
		switch r.IntN(4) {
		case 0, 1:
			continue
		case 2:
			data = data[:r.IntN(len(data)/sector+1)*sector]
		}
		if _, err := to.WriteAt(data, d.entries[i].Offset); err != nil {
			return fmt.Errorf("powercut: %w", err)
		}
	}
	return nil
}

// Whole writes the disk without any cut: all writes up to now are on it.
func (d *Disk) Whole(to io.WriterAt) error {
	if _, err := to.WriteAt(d.image, 0); err != nil {
		return fmt.Errorf("powercut: %w", err)
	}
	for _, i := range d.pending {
		if _, err := to.WriteAt(d.entries[i].Data, d.entries[i].Offset); err != nil {
			return fmt.Errorf("powercut: %w", err)
		}
	}
	return nil
}

// Pending is how many writes the next cut may lose.
func (d *Disk) Pending() int { return len(d.pending) }
