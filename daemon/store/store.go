package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Store is an open store. Its methods are safe for concurrent use.
type Store struct {
	dir   string
	opts  Opts
	keys  *keys
	clock func() (time.Time, string)
	lock  *lockFile

	// Taken in this order. copying is held while a copy is made or the live file is replaced; write while something is
	// changed; file, for reading, around every use of db, and for writing while db itself is exchanged.
	copying sync.Mutex
	write   sync.Mutex
	file    sync.RWMutex
	db      *database

	owed      []owedEntry // entries to be written before anything else; guarded by write
	bootSaved bool        // the boot file holds the current boot; guarded by write
	counted   time.Time   // when the hardware counter was last advanced; Open's and Run's
	begun     bool        // there was no file at all; set by Open
	head      *os.File    // of the head mark, nil until it is first written; guarded by write
	faces     int         // people with a reference of a face, -1 before they are counted; guarded by write
	headMoved bool        // it has been written since it was last flushed; guarded by write

	aliasMu sync.Mutex               // taken after file
	aliases map[string][tagSize]byte // tags of people by alias, nil until needed; guarded by aliasMu

	mu           sync.Mutex // guards the rest; never held during I/O
	state        snapshot
	fault        error // of the last change that failed, nil after one that succeeded
	broken       error // set once the file must not be used any more
	closed       bool
	copyFault    error
	headFault    error
	counterFault error
	lastCopy     time.Time
	copied       int // transaction of the last copy
	peopleCopied bool
	news         chan struct{} // closed and replaced at each new entry
}

type owedEntry struct {
	kind    string
	payload []byte
}

// String names the store.
func (s *Store) String() string { return fmt.Sprintf("store(%s)", s.dir) }

// change is one commit in the making: the transaction and the state as it will be.
type change struct {
	s    *Store
	tx   *bbolt.Tx
	next snapshot
	done []func() // run after the commit
}

// commit runs fn in one bbolt transaction and, when that is on the disk, makes its state the store's.
func (s *Store) commit(fn func(*change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.writable(); err != nil {
		return s.failed(err)
	}
	s.file.RLock()
	defer s.file.RUnlock()
	if err := s.saveBoot(); err != nil {
		return s.failed(err)
	}
	c := &change{s: s}
	s.mu.Lock()
	c.next = s.state
	s.mu.Unlock()
	var refused error
	txid := 0
	err := guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			c.tx, txid = tx, tx.ID()
			if refused = c.apply(fn); refused != nil {
				return refused
			}
			c.next.Commit++
			return putLedger(tx, s.keys, c.next.ledger)
		})
	})
	switch {
	case err == nil:
	case isAny(refused, ErrInvalid, ErrNotFound, ErrExists, ErrReplayed, ErrClock, ErrDecided, ErrFull):
		return refused // the caller's doing, not the disk's
	case refused == nil && !errors.Is(err, errFault):
		s.lookAgain(txid)
		return s.failed(err)
	default:
		return s.failed(err)
	}
	s.owed = s.owed[:0]
	s.markHead(c.next.mark())
	for _, done := range c.done {
		done()
	}
	s.mu.Lock()
	s.publish(c.next)
	s.fault = nil
	s.mu.Unlock()
	return nil
}

func (c *change) apply(fn func(*change) error) error {
	if c.next.Schema < schema {
		for _, name := range buckets {
			if _, err := c.tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		if err := c.pendOldErasures(); err != nil {
			return err
		}
		c.next.Schema = schema
	}
	for _, o := range c.s.owed {
		if _, err := c.append(o.kind, o.payload); err != nil {
			return err
		}
	}
	return fn(c)
}

// publish makes next the state and wakes those who wait for entries. It needs mu.
func (s *Store) publish(next snapshot) {
	grown := next.head != s.state.head
	s.state = next
	if grown {
		close(s.news)
		s.news = make(chan struct{})
	}
}

// failed keeps the cause for Status and names its class.
func (s *Store) failed(err error) error {
	err = classify(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, errFault) && s.broken == nil {
		s.broken = err
	}
	if !errors.Is(err, ErrClosed) {
		s.fault = err
	}
	return named(err)
}

// lookAgain finds out, after a commit failed, whether its change is there all the same: bbolt's last fdatasync may fail
// when the page cache already shows the new meta page.
func (s *Store) lookAgain(txid int) {
	err := s.view(func(tx *bbolt.Tx) error {
		if tx.ID() < txid {
			return nil
		}
		seen, err := load(tx, s.keys, shallow)
		if err != nil {
			return err
		}
		s.mu.Lock()
		doubt := Doubt{After: s.state.head, Head: seen.head}
		s.publish(seen)
		s.mu.Unlock()
		s.owed = s.owed[:0]
		if doubt.After != doubt.Head {
			s.owe(KindDoubt, doubt)
		}
		return nil
	})
	if err != nil {
		s.failed(fmt.Errorf("%w: after a failed commit: %w", errFault, err))
	}
}

// owe writes an entry with the next commit.
func (s *Store) owe(kind string, payload any) {
	b, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("store: %s: %v", kind, err)) // the store's own types always encode
	}
	s.owed = append(s.owed, owedEntry{kind, b})
}

// view runs fn in a read transaction. The caller holds file for reading; fn calls nothing of a user's.
func (s *Store) view(fn func(*bbolt.Tx) error) error {
	return guard(func() error { return s.db.View(fn) })
}

// read is view for the exported methods.
func (s *Store) read(fn func(*bbolt.Tx) error) error {
	s.file.RLock()
	defer s.file.RUnlock()
	if err := s.usable(); err != nil {
		return named(err)
	}
	err := classify(s.view(fn))
	if errors.Is(err, ErrDamaged) {
		s.noteDamage(err)
	}
	return named(err)
}

// noteDamage keeps damage in one value for Status; other values may be sound, so the store goes on.
func (s *Store) noteDamage(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

// usable says why the file must not be used.
func (s *Store) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return s.broken
}

// errFault is the kind of ErrDamaged after which the whole file must not be used any more.
var errFault = fmt.Errorf("%w: file cannot be read", ErrDamaged)

// guard turns a fault on the memory map (a sector that cannot be read, a file cut off by someone else) and bbolt's
// assertions into ErrDamaged.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errFault, p)
		}
	}()
	return fn()
}

// writable reopens a file that could only be opened for reading, once the file system allows it.
func (s *Store) writable() error {
	if err := s.usable(); err != nil {
		return err
	}
	if !s.db.IsReadOnly() {
		return nil
	}
	path := filepath.Join(s.dir, liveName)
	probe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	probe.Close()
	s.file.Lock()
	defer s.file.Unlock()
	if err := s.lock.acquire(s.opts.LockWait); err != nil {
		return err
	}
	return s.exchange(func() error { return nil })
}

// exchange closes the live file, lets fn replace it, and opens it again. It needs write and file.
func (s *Store) exchange(fn func() error) error {
	s.db.close()
	err := fn()
	db, openErr := openDatabase(filepath.Join(s.dir, liveName), s.opts.FileBytes, false)
	if openErr != nil {
		openErr = fmt.Errorf("%w: reopening: %w", ErrDamaged, openErr)
		s.mu.Lock()
		s.broken = openErr
		s.mu.Unlock()
		return errors.Join(err, openErr)
	}
	s.db = db
	return err
}

// Probe commits a transaction without content: it is nil exactly when the store can commit now.
func (s *Store) Probe() error { return s.commit(func(*change) error { return nil }) }

// Run makes the periodic copies, and finishes erasures that could not rewrite every file at once, until ctx ends; then
// it returns nil. Failures are in Status and are tried again.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(max(s.opts.CopyEvery/10, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s.flushHead()
		s.mu.Lock()
		scrub, due := s.state.Scrub, !s.peopleCopied || time.Since(s.lastCopy) >= s.opts.CopyEvery
		s.mu.Unlock()
		if time.Since(s.counted) >= counterEvery {
			s.advanceCounter()
		}
		switch {
		case scrub:
			_, err := s.scrub()
			s.noteCopy(err)
		case due:
			s.noteCopy(s.makeCopy())
		}
	}
}

// Close makes a last copy, closes the file and lets go of the directory. It is idempotent. An error of the copy is
// returned after everything is closed.
func (s *Store) Close() error {
	s.mu.Lock()
	done := s.closed
	s.mu.Unlock()
	if done {
		return nil
	}
	copyErr := s.makeCopy()
	s.flushHead()
	s.copying.Lock()
	defer s.copying.Unlock()
	s.write.Lock()
	defer s.write.Unlock()
	s.file.Lock()
	defer s.file.Unlock()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	broken := s.broken
	close(s.news)
	s.news = nil
	s.mu.Unlock()
	var err error
	if broken != nil {
		s.db.abandon()
	} else {
		err = s.db.close()
	}
	if s.head != nil {
		err = errors.Join(err, s.head.Close())
	}
	return errors.Join(copyErr, err, s.lock.release())
}

// Status is the store's state for health and the technician's page. ErrDamaged in Fault or CopyFault is repaired by
// closing the store and opening it again: a daemon that sees it ends, and its supervisor starts it anew.
type Status struct {
	Head, Cursor Position
	Entries      int
	Pending      int   // entries that are not acknowledged
	JournalBytes int64 // what the entries take, against Opts.JournalBytes
	People       int
	Codes        int       // shown codes that are remembered, against Opts.Replays
	Fault        error     // nil, or the error of the last change or reading that failed
	LastCopy     time.Time // by the process's clock; zero before the first of this run
	CopyFault    error     // nil, or why the last copy, the head mark or the counter failed
	ScrubPending bool      // an erased person's key may still be in freed pages or copies
}

// Status returns the state without waiting for the disk.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{
		Head: s.state.head, Cursor: s.state.Cursor, Entries: s.state.entries, Pending: s.state.pending,
		JournalBytes: s.state.bytes, People: s.state.people, Codes: len(s.state.replays),
		Fault: errors.Join(s.fault, s.broken), LastCopy: s.lastCopy,
		CopyFault: errors.Join(s.copyFault, s.headFault, s.counterFault), ScrubPending: s.state.Scrub,
	}
}
