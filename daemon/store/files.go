package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// Names in the store's directory.
const (
	liveName    = "umbral.db"
	newName     = "umbral.db.new"  // being prepared; worthless after a crash
	copyingName = "umbral.db.copy" // likewise
	damagedStem = "umbral.db.damaged-"
	bootName    = "boot"
	lockName    = "lock"
)

var copyNames = []string{"umbral.db.1", "umbral.db.2"} // newest first

// Exists says whether dir holds a store: a live file, whole or not, or a copy that Open would go on from.
func Exists(dir string) bool {
	for _, name := range append([]string{liveName}, copyNames...) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// allocSize is how far bbolt grows the file ahead of need; its own 16 MB would be a large share of a small flash.
const allocSize = 1 << 20

// database is bbolt's DB with the descriptor, so that the file can be let go even when bbolt must not be touched.
type database struct {
	*bbolt.DB
	file *os.File
}

// openDatabase opens a file that verifyPages accepted, or that bbolt is to create.
func openDatabase(path string, limit int64, readOnly bool) (*database, error) {
	d := &database{}
	o := &bbolt.Options{
		Timeout:      time.Second,
		ReadOnly:     readOnly,
		FreelistType: bbolt.FreelistMapType,
		MaxSize:      int(limit),
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag, mode)
			d.file = f
			return f, err
		},
	}
	if !readOnly {
		o.InitialMmapSize = int(limit)
	}
	err := guard(func() (err error) {
		if d.DB, err = bbolt.Open(path, 0o600, o); err != nil || readOnly {
			return err
		}
		// A process killed between writing a commit and flushing it leaves a commit that is visible here and that a
		// power cut can still undo. Without a flush, the next commit would overwrite pages that the one before it still
		// needs.
		if err = d.Sync(); err != nil {
			d.DB.Close()
		}
		return err
	})
	if err != nil {
		if d.file != nil {
			d.file.Close() // bbolt closed it, unless it panicked
		}
		return nil, err
	}
	d.AllocSize = allocSize
	return d, nil
}

func (d *database) close() error {
	return guard(d.DB.Close)
}

// abandon lets go of the file and leaves bbolt, whose locks a fault may have left taken, alone.
func (d *database) abandon() { d.file.Close() }

// inspect verifies a file without changing it: first its pages with plain reads, then, through bbolt, its values.
func inspect(path string, k *keys, d depth) (snapshot, pageReport, error) {
	f, err := os.Open(path)
	if err != nil {
		return snapshot{}, pageReport{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return snapshot{}, pageReport{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes+fileHeadroom {
		return snapshot{}, pageReport{}, fmt.Errorf("%w: mode %v, %d bytes, limit %d",
			ErrDamaged, info.Mode(), info.Size(), maxFileBytes+fileHeadroom)
	}
	pages, err := verifyPages(f, info.Size())
	if err != nil {
		return snapshot{}, pages, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	db, err := openDatabase(path, 0, true)
	if err != nil {
		return snapshot{}, pages, err
	}
	var s snapshot
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) (err error) {
			s, err = load(tx, k, d)
			return err
		})
	})
	return s, pages, errors.Join(err, db.close())
}

// createDatabase makes an empty store in a file of that name.
func createDatabase(path string, k *keys, limit int64) (err error) {
	db, err := openDatabase(path, limit, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		if err := tx.Bucket([]byte(bucketState)).Put(keyID, k.id[:]); err != nil {
			return err
		}
		return putLedger(tx, k, ledger{Schema: schema})
	})
}

// duplicate copies from's bytes to a new file, on the disk when it returns.
func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// writeFile makes a file of mode 0600 with what fn writes, on the disk when it returns; after an error there is no
// file.
func writeFile(path string, fn func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := fn(f); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	return f.Close()
}

// syncDir puts a directory's renames on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// saveBoot keeps the boot counter and the head mark beside the live file. It needs write and file.
func (s *Store) saveBoot() error {
	if s.bootSaved {
		return nil
	}
	if err := s.openHead(); err != nil {
		return err
	}
	s.mu.Lock()
	boot := s.state.Boot
	s.mu.Unlock()
	path := filepath.Join(s.dir, bootName)
	err := writeFile(path+".new", func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d\n", boot)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	s.bootSaved = true
	return nil
}

func readBoot(dir string) (uint64, error) {
	f, err := os.Open(filepath.Join(dir, bootName))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var b [24]byte
	n, err := io.ReadFull(f, b[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSuffix(string(b[:n]), "\n"), 10, 48)
}

// lockFile keeps a second process out of the directory, also while the live file is being exchanged.
type lockFile struct {
	path string
	f    *os.File
}

const lockRetry = 20 * time.Millisecond

// acquire waits for the lock. On a read-only file system without a lock file there is nothing to protect.
func (l *lockFile) acquire(wait time.Duration) error {
	if l.f != nil {
		return nil
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
	writable := err == nil
	if errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) {
		if f, err = os.Open(l.path); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	deadline := time.Now().Add(wait)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || !time.Now().Before(deadline) {
			var b [16]byte
			n, _ := f.ReadAt(b[:], 0)
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return fmt.Errorf("%w: process %s has %s open; waited %v (is umbrald running?)",
					ErrInUse, strings.TrimSpace(string(b[:n])), filepath.Dir(l.path), wait)
			}
			return err
		}
		time.Sleep(lockRetry)
	}
	if writable {
		// For the message above only: a full disk must not keep the store from opening.
		f.Truncate(0)
		f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	l.f = f
	return nil
}

func (l *lockFile) release() error {
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
