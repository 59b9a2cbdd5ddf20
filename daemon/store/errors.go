package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt/errors"
)

// Errors that callers tell apart with errors.Is. The text of what is returned says more.
var (
	// ErrFull: the disk, the quota, a file size limit or one of the store's own limits is reached. Nothing was changed;
	// the same call succeeds once there is space again.
	ErrFull = errors.New("no space left")
	// ErrReadOnly: the file system refuses writes. Nothing was changed; the store tries again at each call.
	ErrReadOnly = errors.New("read-only")
	// ErrDamaged: stored bytes fail their check. The store stops using the file; the next Open recovers.
	ErrDamaged = errors.New("damaged")
	// ErrKey: the terminal key is not the one that this store was made with. Nothing was touched.
	ErrKey = errors.New("wrong terminal key")
	// ErrInUse: another process holds the store.
	ErrInUse = errors.New("in use")
	// ErrNotFound: no such person, reference or setting.
	ErrNotFound = errors.New("not found")
	// ErrExists: there is such a person already.
	ErrExists = errors.New("exists already")
	// ErrInvalid: an argument breaks a stated limit.
	ErrInvalid = errors.New("invalid argument")
	// ErrReplayed: the command nonce or the code was used before, or nobody can know that it was not; a list is older
	// than the one held.
	ErrReplayed = errors.New("replayed")
	// ErrClock: the terminal's clock is wrong, or was: it tells less than it did before with as much trust. A better
	// clock mends it.
	ErrClock = errors.New("clock")
	// ErrDecided: the review is closed, or its deadline has passed.
	ErrDecided = errors.New("decided")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("closed")
)

// classify names the cause of an I/O error with one of the errors above. bbolt formats some causes with %s (db.grow,
// db.allocate), so the text is looked at where the chain ends early.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case isAny(err, ErrFull, ErrReadOnly, ErrDamaged, ErrKey, ErrInUse, ErrNotFound, ErrExists, ErrInvalid, ErrReplayed,
		ErrClock, ErrDecided, ErrClosed):
		return err
	case errors.Is(err, bolt.ErrMaxSizeReached),
		causedBy(err, syscall.ENOSPC), causedBy(err, syscall.EDQUOT), causedBy(err, syscall.EFBIG):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, bolt.ErrDatabaseReadOnly), errors.Is(err, os.ErrPermission), causedBy(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case errors.Is(err, bolt.ErrDatabaseNotOpen):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return err
}

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

func causedBy(err error, no syscall.Errno) bool {
	return errors.Is(err, no) || strings.HasSuffix(err.Error(), no.Error())
}

// named puts the package's name before an error that does not begin with it yet.
func named(err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "store: ") {
		return err
	}
	return fmt.Errorf("store: %w", err)
}
