package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Report is what Check found in one file.
type Report struct {
	Path     string   `json:"path"`
	Pages    uint64   `json:"pages"`    // in use or free
	Free     int      `json:"free"`     // free pages
	Entries  int      `json:"entries"`  // of the journal
	First    Position `json:"first"`    // oldest entry
	Last     Position `json:"last"`     // newest entry
	People   int      `json:"people"`   // enrolled people
	Sealed   bool     `json:"sealed"`   // no key was given: sealed values and hashes were not verified
	Problems []string `json:"problems"` // none when the file is sound
	Copies   []Report `json:"copies,omitempty"`
	Damaged  []string `json:"damaged,omitempty"` // files that were set aside earlier
}

// OK says whether the live file is sound.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Check reads the store in dir and changes nothing: the pages of the live file and of the copies, the journal's chain,
// and with the terminal key every sealed value and hash, and that the live file is not older than the head mark. While
// a daemon has the store open, the live file cannot be read consistently: then Check returns ErrInUse with a report of
// the copies.
func Check(dir string, key ...Key) (Report, error) {
	var k *keys
	if len(key) > 0 {
		var err error
		if k, err = deriveKeys(key[0]); err != nil {
			return Report{}, err
		}
	}
	live := filepath.Join(dir, liveName)
	if _, err := os.Stat(dir); err != nil {
		return Report{}, named(err)
	}
	unlock, busy := lockToRead(filepath.Join(dir, lockName))
	defer unlock()
	r := Report{Path: live, Sealed: k == nil}
	s := Store{dir: dir}
	if busy == nil {
		var found snapshot
		if r, found = checkFile(live, k); r.OK() && k != nil {
			m, err := readHead(s.path(headName), k)
			if cause, reason := s.rolledBack(&found, m, err); cause != "" {
				r.Problems = append(r.Problems, reason)
			}
		}
	}
	for _, name := range copyNames {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		report, _ := checkFile(path, k)
		r.Copies = append(r.Copies, report)
	}
	r.Damaged = s.damaged()
	return r, busy
}

func checkFile(path string, k *keys) (Report, snapshot) {
	s, pages, err := inspect(path, k, whole)
	r := Report{
		Path: path, Pages: pages.pages, Free: pages.free,
		Entries: s.entries, First: s.first, Last: s.head, People: s.people, Sealed: k == nil,
	}
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
	}
	if pages.metas == 1 {
		r.Problems = append(r.Problems, "one of the two meta pages is damaged; the newest commit may be missing")
	}
	return r, s
}

// lockToRead keeps a daemon from opening the store while it is read. A lock file that does not exist or cannot be
// opened keeps nobody from reading.
func lockToRead(path string) (unlock func(), busy error) {
	f, err := os.Open(path)
	if err != nil {
		return func() {}, nil
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		f.Close()
		return func() {}, fmt.Errorf("store: %w: %s is open in another process; its copies were checked (is umbrald running?)",
			ErrInUse, filepath.Dir(path))
	}
	return func() { f.Close() }, nil
}
