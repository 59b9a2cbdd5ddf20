package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// The head mark says, outside the live file, how far that had come: whoever puts an older file in its place, or takes
// every file of the database away, is noticed. It is written after each commit, when that is on the disk, so it is
// never ahead of a file that nobody exchanged. It is flushed only now and then: a power cut may set it back by a
// minute, which hides as much of a rollback and raises no alarm.

// headMark is sealed JSON in one of the two slots of the file headName. They are written in turn, so that a write that
// the power cuts leaves the one before it.
type headMark struct {
	Commit uint64            `json:"commit"` // ledger.Commit
	Boot   uint64            `json:"boot"`
	Head   Position          `json:"head"` // the newest entry
	Hash   [32]byte          `json:"hash"` // and its hash
	Marks  marks             `json:"marks"`
	Lists  map[string]uint64 `json:"lists,omitempty"`
}

const (
	headName    = "head"
	headSlot    = 4 << 10 // bytes: whole blocks of any disk
	headSlots   = 2
	bucketHead  = "head" // binds the seal to its place, as a bucket does
	headLengths = 4
)

func (s *snapshot) mark() headMark {
	return headMark{Commit: s.Commit, Boot: s.Boot, Head: s.head, Hash: s.headHash, Marks: s.Marks, Lists: s.Lists}
}

func headPlace(slot int) []byte { return []byte{byte(slot)} }

// encode returns the slot's bytes.
func (m *headMark) encode(k *keys, slot int) []byte {
	plain, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("store: head mark: %v", err)) // plain numbers always encode
	}
	sealed := k.values.seal(bucketHead, headPlace(slot), plain)
	b := make([]byte, headSlot)
	binary.BigEndian.PutUint32(b, uint32(len(sealed)))
	copy(b[headLengths:], sealed)
	return b
}

func decodeHead(k *keys, slot int, b []byte) (m headMark, err error) {
	if len(b) < headLengths {
		return m, fmt.Errorf("store: %w: head mark of %d bytes", ErrDamaged, len(b))
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-headLengths) {
		return m, fmt.Errorf("store: %w: head mark of %d bytes in a slot of %d", ErrDamaged, n, len(b))
	}
	plain, err := k.values.open(bucketHead, headPlace(slot), b[headLengths:headLengths+n])
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, fmt.Errorf("store: %w: head mark: %w", ErrDamaged, err)
	}
	return m, nil
}

// readHead returns the newer mark of the two slots, or an error where neither holds one.
func readHead(path string, k *keys) (newest headMark, err error) {
	f, err := os.Open(path)
	if err != nil {
		return headMark{}, err
	}
	defer f.Close()
	var all error
	found := false
	for slot := range headSlots {
		b := make([]byte, headSlot)
		_, err := f.ReadAt(b, int64(slot)*headSlot)
		if err != nil && !errors.Is(err, io.EOF) {
			all = errors.Join(all, err)
			continue
		}
		m, err := decodeHead(k, slot, b)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		if !found || m.Commit > newest.Commit {
			newest, found = m, true
		}
	}
	if !found {
		return headMark{}, all
	}
	return newest, nil
}

// openHead opens the file of the head mark for writing, and makes it where there is none, on the disk when it returns.
// It needs write.
func (s *Store) openHead() error {
	if s.head != nil {
		return nil
	}
	path := s.path(headName)
	s.mu.Lock()
	mark := s.state.mark()
	s.mu.Unlock()
	if _, err := readHead(path, s.keys); err != nil {
		err := writeFile(path+".new", func(w io.Writer) error {
			_, err := w.Write(mark.encode(s.keys, 0))
			if err == nil {
				_, err = w.Write(make([]byte, headSlot))
			}
			return err
		})
		if err == nil {
			err = os.Rename(path+".new", path)
		}
		if err == nil {
			err = syncDir(s.dir)
		}
		if err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	s.head = f
	return err
}

// markHead notes a commit that is on the disk. It needs write.
func (s *Store) markHead(m headMark) {
	slot := int(m.Commit % headSlots)
	_, err := s.head.WriteAt(m.encode(s.keys, slot), int64(slot)*headSlot)
	s.noteHead(err)
	s.headMoved = true
}

// flushHead puts the mark on the disk.
func (s *Store) flushHead() {
	s.write.Lock()
	defer s.write.Unlock()
	if !s.headMoved {
		return
	}
	err := s.head.Sync()
	s.headMoved = err != nil
	s.noteHead(err)
}

func (s *Store) noteHead(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headFault = named(classify(err))
}

// Rollback says what showed that the live file is older than the store had come.
type Rollback string

// The rollbacks.
const (
	RollbackMark    Rollback = "head-mark"    // the head mark is of a later commit, or of another history
	RollbackNoMark  Rollback = "no-head-mark" // the head mark is gone
	RollbackNoFiles Rollback = "no-database"  // its files are gone, the boot counter or the head mark is not
	RollbackCounter Rollback = "counter"      // the hardware counter differs, or cannot be read
)

// rolledBack compares a sound live file with what stands outside it, and returns what disagrees, "" where nothing does.
func (s *Store) rolledBack(found *snapshot, m headMark, markErr error) (Rollback, string) {
	_, bootErr := readBoot(s.dir)
	switch {
	case markErr == nil && s.begun:
		return RollbackNoFiles, "the database is gone, and its head mark is not"
	case bootErr == nil && s.begun:
		return RollbackNoFiles, "the database is gone, and its boot counter is not"
	case markErr == nil && m.Commit > found.Commit:
		return RollbackMark, fmt.Sprintf("the database is that of commit %d, entry %v, and its head mark that of commit %d, entry %v (was a backup restored?)",
			found.Commit, found.head, m.Commit, m.Head)
	case markErr == nil && m.Commit == found.Commit && m.Hash != found.headHash:
		return RollbackMark, fmt.Sprintf("the database and its head mark have different entries %v and %v at commit %d",
			found.head, m.Head, m.Commit)
	case markErr != nil && found.Schema >= 3 && (found.Commit > 0 || bootErr == nil):
		return RollbackNoMark, fmt.Sprintf("the head mark cannot be read: %v (was a backup restored?)", markErr)
	}
	return "", ""
}

// checkRollback compares a sound live file with what stands outside it. Where that says that the file is older than the
// store had come, the store goes on from a copy that is newer, else from the file as it is.
func (s *Store) checkRollback(found *snapshot) (Recovery, error) {
	m, err := readHead(s.path(headName), s.keys)
	cause, reason := s.rolledBack(found, m, err)
	if cause == "" {
		return Recovery{}, nil
	}
	rec := Recovery{Reason: reason, Rollback: cause, Expected: m.Head, LostAfter: found.head}
	if s.begun {
		return rec, nil
	}
	copies, _ := s.goodCopies()
	copies = slices.DeleteFunc(copies, func(c candidate) bool { return c.state.Commit <= found.Commit })
	if len(copies) > 0 {
		return rec, s.restore(&rec, copies)
	}
	rec.RestoredFrom = s.path(liveName)
	return rec, nil
}
