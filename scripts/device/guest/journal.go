package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"umbral/daemon/store"
	"umbral/scripts/device/control"
)

// journal appends entries for ever, and after each notes on the raw disk that it was acknowledged. The note is written
// past the page cache and without a flush: in the disk's log it stands behind what the journal flushed, and it flushes
// nothing that the journal did not.
func journal(args []string) error {
	if len(args) != 4 {
		return errors.New("journal: store|nosync DIR DEVICE OFFSET wanted")
	}
	offset, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return err
	}
	fd, err := unix.Open(args[2], unix.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", args[2], err)
	}
	// Transfers past the page cache want aligned memory.
	note, err := unix.Mmap(-1, 0, control.NoteBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	if _, err := unix.Pread(fd, note, offset); err != nil {
		return err
	}
	last := binary.LittleEndian.Uint64(note)
	if binary.LittleEndian.Uint64(note[8:]) != ^last {
		last = 0
	}
	appendOne, err := journals[args[0]](args[1])
	if err != nil {
		return err
	}
	for n := last + 1; ; n++ {
		if err := appendOne(n); err != nil {
			return err
		}
		binary.LittleEndian.PutUint64(note, n)
		binary.LittleEndian.PutUint64(note[8:], ^n)
		if _, err := unix.Pwrite(fd, note, offset); err != nil {
			return err
		}
	}
}

// journals are the terminal's store, and a database that does not flush, to prove that the test would notice.
var journals = map[string]func(dir string) (func(n uint64) error, error){
	"store": func(dir string) (func(uint64) error, error) {
		o := store.DefaultOpts()
		o.Key, o.JournalBytes, o.FileBytes = control.JournalKey, 2<<20, 8<<20
		s, rec, err := store.Open(dir, o)
		if err != nil {
			return nil, err
		}
		if rec.Happened() {
			fmt.Fprintln(os.Stderr, "recovery:", rec.Reason)
		}
		return func(n uint64) error {
			_, err := s.Append("passage", control.Passage(n))
			return err
		}, nil
	},
	"nosync": func(dir string) (func(uint64) error, error) {
		db, err := bbolt.Open(dir+"/nosync.db", 0o600, &bbolt.Options{NoSync: true, NoGrowSync: true})
		if err != nil {
			return nil, err
		}
		return func(n uint64) error {
			return db.Update(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucketIfNotExists([]byte("journal"))
				if err != nil {
					return err
				}
				return b.Put(binary.BigEndian.AppendUint64(nil, n), control.Passage(n))
			})
		}, nil
	},
}

// unflushed leaves a bbolt file as a process killed between writing a commit's meta page and flushing it leaves it: the
// commit is visible to the next process that opens the file, and a power cut can still undo it.
func unflushed(args []string) error {
	if len(args) != 1 {
		return errors.New("unflushed: FILE wanted")
	}
	before, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "unflushed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	after, err := committed(dir+"/copy", before)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(args[0], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	const page, metas = 4096, 2
	write := func(from, to int) error {
		for n := from; n < to; n++ {
			at := n * page
			if now := after[at : at+page]; at >= len(before) || !bytes.Equal(now, before[at:at+page]) {
				if _, err := f.WriteAt(now, int64(at)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return errors.Join(write(metas, len(after)/page), f.Sync(), write(0, metas))
}

// committed returns data, the bytes of a bbolt file, as an empty commit leaves them. It works on a copy at path.
func committed(path string, data []byte) ([]byte, error) {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Update(func(*bbolt.Tx) error { return nil }), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
