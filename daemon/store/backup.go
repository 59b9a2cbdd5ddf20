package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// makeCopy writes a consistent copy of the live file, verifies all of it, and makes it the newest of the two copies.
// Changes go on meanwhile. Nothing is done when nothing changed since the last copy.
func (s *Store) makeCopy() error {
	s.copying.Lock()
	defer s.copying.Unlock()
	return s.copyLocked()
}

func (s *Store) copyLocked() error {
	s.file.RLock()
	defer s.file.RUnlock()
	if err := s.usable(); err != nil {
		return err
	}
	txid := 0
	people := false
	unchanged := errors.New("unchanged")
	err := s.view(func(tx *bbolt.Tx) error {
		s.mu.Lock()
		txid, people = tx.ID(), s.peopleCopied
		same := s.copied == txid
		s.peopleCopied = true
		s.mu.Unlock()
		if same {
			return unchanged
		}
		return writeFile(s.path(copyingName), func(w io.Writer) error {
			_, err := tx.WriteTo(w)
			return err
		})
	})
	switch {
	case errors.Is(err, unchanged):
		return nil
	case err == nil:
		err = s.rotate()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.peopleCopied = people
		return named(classify(fmt.Errorf("copy: %w", err)))
	}
	s.copied, s.lastCopy = txid, time.Now()
	return nil
}

// rotate verifies the copy just written and makes it the newest.
func (s *Store) rotate() error {
	if _, _, err := inspect(s.path(copyingName), s.keys, whole); err != nil {
		os.Remove(s.path(copyingName))
		return err
	}
	// A copy that went bad since must not push out the good one behind it.
	if _, _, err := inspect(s.path(copyNames[0]), s.keys, whole); err == nil {
		if err := os.Rename(s.path(copyNames[0]), s.path(copyNames[1])); err != nil {
			return err
		}
	}
	return s.install(copyingName, copyNames[0])
}

func (s *Store) noteCopy(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copyFault = err
}

// rewriteFiles writes every file of the store anew, without what freed pages hold. It needs copying.
func (s *Store) rewriteFiles() error {
	if err := s.compact(); err != nil {
		return err
	}
	s.mu.Lock()
	s.copied = 0
	s.mu.Unlock()
	if err := s.copyLocked(); err != nil {
		return err
	}
	for _, path := range append(s.damaged(), s.path(copyNames[1])) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncDir(s.dir)
}

// compactTx is how many bytes one commit of a compaction carries: it bounds the memory for dirty pages.
const compactTx = 1 << 20

func (s *Store) compact() error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.compactTo(s.path(newName)); err != nil {
		os.Remove(s.path(newName))
		return err
	}
	s.file.Lock()
	defer s.file.Unlock()
	return s.exchange(func() error { return s.install(newName, liveName) })
}

func (s *Store) compactTo(path string) error {
	os.Remove(path)
	to, err := openDatabase(path, s.opts.FileBytes, false)
	if err != nil {
		return err
	}
	s.file.RLock()
	err = guard(func() error { return bbolt.Compact(to.DB, s.db.DB, compactTx) })
	s.file.RUnlock()
	if err := errors.Join(err, to.close()); err != nil {
		return err
	}
	_, _, err = inspect(path, s.keys, whole)
	return err
}
