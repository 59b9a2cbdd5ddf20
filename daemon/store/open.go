package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Recovery says what Open found damaged and what it went on with. The zero Recovery means that nothing was wrong.
type Recovery struct {
	// Reason is what was wrong with the live file, for a technician; empty when nothing was.
	Reason string `json:"reason,omitempty"`
	// Damaged is where the live file was moved, untouched; empty when there was none.
	Damaged string `json:"damaged,omitempty"`
	// RestoredFrom is what the store went on with: a duplicate of Damaged, where its pages were sound, or else a copy.
	// Empty when there was nothing and the store began anew, without people.
	RestoredFrom string `json:"restored_from,omitempty"`
	// LostAfter is the newest entry that is still there. Later entries of the damaged file are lost, and, where a copy
	// was restored, so are changes to people and settings made after Copied.
	LostAfter Position `json:"lost_after"`
	// Copied is when the restored copy was written, by the file's time; zero for Damaged itself.
	Copied time.Time `json:"copied,omitzero"`
	// Repaired counts damaged values of Damaged that were taken from the copy, Lost those that the copy did not have.
	// Lost entries that were not acknowledged also leave an entry of kind "gap".
	Repaired int `json:"mended,omitempty"`
	Lost     int `json:"lost,omitempty"`
	// Rollback says what showed that the live file, sound in itself, is older than the store had come: a backup was
	// restored, or the files were deleted. Empty where that is not so.
	Rollback Rollback `json:"rollback,omitempty"`
	// Expected is the newest entry that the store had, where Rollback knows it.
	Expected Position `json:"expected,omitzero"`
}

// Happened reports whether anything was damaged or rolled back.
func (r Recovery) Happened() bool { return r.Reason != "" }

const (
	// keptDamaged is how many damaged files are kept; the oldest goes first.
	keptDamaged = 3
	// bootJump is added to the boot counter of a restored store when the boot file is gone too, so that positions that
	// the lost entries had are not given again.
	bootJump = 1000
)

// Open opens the store in dir, which it creates where there is none, and counts one boot. It verifies the live file
// before using it; if that is damaged or missing, it goes on from the last good copy and says so in Recovery and in the
// journal.
//
// On a full disk the store opens, and changes fail with ErrFull until there is space. On a read-only file system it
// opens for reading, and changes fail with ErrReadOnly until writing is possible.
//
// Errors: ErrInvalid for options out of range, ErrInUse after Opts.LockWait, ErrKey for a key that is not the store's,
// ErrFull or ErrReadOnly when there is no store yet and none can be made.
func Open(dir string, o Opts) (*Store, Recovery, error) {
	if err := o.validate(); err != nil {
		return nil, Recovery{}, err
	}
	k, err := deriveKeys(o.Key)
	if err != nil {
		return nil, Recovery{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, Recovery{}, named(classify(err))
	}
	s := &Store{
		dir: dir, opts: o, keys: k, clock: o.Clock, faces: -1, news: make(chan struct{}),
		lock: &lockFile{path: filepath.Join(dir, lockName)},
	}
	if err := s.lock.acquire(o.LockWait); err != nil {
		return nil, Recovery{}, named(classify(err))
	}
	rec, err := s.open()
	if err != nil {
		s.lock.release()
		return nil, rec, named(classify(err))
	}
	return s, rec, nil
}

func (s *Store) open() (Recovery, error) {
	os.Remove(s.path(newName))
	os.Remove(s.path(copyingName))
	rec, err := s.makeSound()
	if err != nil {
		return rec, err
	}
	s.db, err = openDatabase(s.path(liveName), s.opts.FileBytes, false)
	if errors.Is(classify(err), ErrReadOnly) {
		s.db, err = openDatabase(s.path(liveName), 0, true)
	}
	if err != nil {
		return rec, err
	}
	var found snapshot
	err = s.view(func(tx *bbolt.Tx) (err error) {
		found, err = load(tx, s.keys, shallow)
		return err
	})
	if err == nil {
		s.checkCounter(&found, &rec)
		err = s.begin(&found, rec)
	}
	if err != nil {
		s.db.abandon()
		return rec, err
	}
	s.state = found
	_, err = os.Stat(s.path(copyNames[0]))
	s.peopleCopied = err == nil && !rec.Happened()
	s.Probe() // makes the boot durable; where that cannot be done now, Status says why and the next change tries again
	s.advanceCounter()
	return rec, nil
}

// begin counts the boot, and after a recovery raises what the lost time may have raised before.
func (s *Store) begin(found *snapshot, rec Recovery) error {
	boot, bootErr := readBoot(s.dir)
	if m, err := readHead(s.path(headName), s.keys); err == nil {
		boot = max(boot, m.Boot, m.Head.Boot)
		found.Commit = max(found.Commit, m.Commit)
		if rec.Happened() {
			found.catchUp(&m)
		}
	}
	found.Boot = max(found.Boot, boot) + 1
	if !rec.Happened() {
		return nil
	}
	if bootErr != nil {
		found.Boot += bootJump
	}
	r, err := found.Marks.read(s.clock, s.opts.ClockAhead)
	if err != nil {
		return err
	}
	found.setFloors(r, &s.opts)
	s.owe(KindRecovery, rec)
	return nil
}

// catchUp raises what the lost commits had raised, as far as the head mark knows it.
func (l *ledger) catchUp(m *headMark) {
	for t := range l.Marks {
		l.Marks[t] = max(l.Marks[t], m.Marks[t])
	}
	numbers := maps.Clone(m.Lists)
	for kind, n := range l.Lists {
		if numbers == nil {
			numbers = map[string]uint64{}
		}
		numbers[kind] = max(numbers[kind], n)
	}
	l.Lists = numbers
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

// makeSound sees to it that the live file is one that bbolt can be trusted with.
func (s *Store) makeSound() (Recovery, error) {
	found, pages, err := inspect(s.path(liveName), s.keys, depth(s.opts.CheckBytes))
	switch {
	case err == nil && pages.metas == 2:
		return s.checkRollback(&found)
	case err == nil:
		// bbolt would go on from the older meta page without a word. That page's commit is complete, but whoever waited
		// for the newer one may have been told that it is on the disk.
		err = fmt.Errorf("%w: one of the two meta pages; the newest commit may be missing", ErrDamaged)
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrKey), errors.Is(err, fs.ErrNotExist):
	default:
		return Recovery{}, err
	}
	copies, wrongKey := s.goodCopies()
	if len(copies) == 0 && (errors.Is(err, ErrKey) || wrongKey != nil) {
		return Recovery{}, errors.Join(err, wrongKey)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if len(copies) == 0 {
			s.begun = true
			if err := s.create(); err != nil {
				return Recovery{}, err
			}
			return s.checkRollback(&snapshot{ledger: ledger{Schema: schema}})
		}
		rec := Recovery{Reason: "the live file is missing"}
		return rec, s.restore(&rec, copies)
	}
	rec := Recovery{Reason: err.Error()}
	if pages.metas > 0 { // the pages are sound
		m, err := s.repairLive(copies)
		if err == nil {
			rec.LostAfter, rec.Repaired, rec.Lost = m.head, m.repaired, m.lost
			if m.gap.Count > 0 {
				s.owe(KindGap, m.gap)
			}
			if rec.Damaged, err = s.setAside(); err != nil {
				return rec, err
			}
			rec.RestoredFrom = rec.Damaged
			return rec, s.install(newName, liveName)
		}
		if len(copies) == 0 && isAny(classify(err), ErrFull, ErrReadOnly) {
			return rec, fmt.Errorf("%s; repairing it: %w", rec.Reason, err)
		}
	}
	return rec, s.restore(&rec, copies)
}

type candidate struct {
	path  string
	state snapshot
	time  time.Time
}

// goodCopies are the copies that pass every check, newest first, and ErrKey if one was made with another key.
func (s *Store) goodCopies() (good []candidate, wrongKey error) {
	for _, name := range copyNames {
		path := s.path(name)
		state, _, err := inspect(path, s.keys, whole)
		if errors.Is(err, ErrKey) {
			wrongKey = err
		}
		if err != nil {
			continue
		}
		c := candidate{path: path, state: state}
		if info, err := os.Stat(path); err == nil {
			c.time = info.ModTime()
		}
		good = append(good, c)
	}
	slices.SortStableFunc(good, func(a, b candidate) int { return b.state.head.Compare(a.state.head) })
	return good, wrongKey
}

// create makes an empty live file; it appears whole or not at all.
func (s *Store) create() error {
	if err := createDatabase(s.path(newName), s.keys, s.opts.FileBytes); err != nil {
		os.Remove(s.path(newName))
		return err
	}
	return s.install(newName, liveName)
}

func (s *Store) install(from, to string) error {
	if err := os.Rename(s.path(from), s.path(to)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// restore puts the newest good copy, or an empty store, in the place of the live file, which is moved aside if there is
// one. The replacement is ready before anything moves; a crash in between leaves a missing live file, which the next
// Open restores.
func (s *Store) restore(rec *Recovery, copies []candidate) error {
	next := newName
	var err error
	if len(copies) == 0 {
		err = createDatabase(s.path(newName), s.keys, s.opts.FileBytes)
	} else {
		best := copies[0]
		rec.RestoredFrom, rec.LostAfter, rec.Copied = best.path, best.state.head, best.time
		err = duplicate(best.path, s.path(newName))
	}
	if err != nil {
		os.Remove(s.path(newName))
		if len(copies) == 0 || !errors.Is(classify(err), ErrFull) {
			return err
		}
		next = filepath.Base(rec.RestoredFrom) // no space for a second file: the copy itself becomes the live file
	}
	if _, err := os.Lstat(s.path(liveName)); err == nil {
		if rec.Damaged, err = s.setAside(); err != nil {
			return err
		}
	}
	return s.install(next, liveName)
}

// setAside renames the damaged live file and bounds how many such files there are.
func (s *Store) setAside() (string, error) {
	now, _ := s.clock()
	stem := s.path(damagedStem) + now.UTC().Format("20060102T150405.000000000Z")
	to := stem
	for i := 2; ; i++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s-%d", stem, i)
	}
	if err := os.Rename(s.path(liveName), to); err != nil {
		return "", err
	}
	type aged struct {
		path string
		time time.Time
	}
	var kept []aged
	for _, path := range s.damaged() {
		if info, err := os.Lstat(path); err == nil && path != to {
			kept = append(kept, aged{path, info.ModTime()})
		}
	}
	slices.SortFunc(kept, func(a, b aged) int { return b.time.Compare(a.time) })
	for _, old := range kept[min(len(kept), keptDamaged-1):] {
		if err := os.Remove(old.path); err != nil {
			return to, err
		}
	}
	return to, nil
}

// damaged are the files that were set aside.
func (s *Store) damaged() []string {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(s.dir), damagedStem+"*"))
	if err != nil {
		return nil
	}
	return paths
}

// escapeGlob makes a directory's name mean itself in a pattern.
func escapeGlob(dir string) string {
	out := make([]byte, 0, len(dir))
	for _, c := range []byte(dir) {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}
