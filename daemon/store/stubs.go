package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

var errStub = errors.New("store: not yet")

func syncDir(string) error { return nil }

// Store is an open store. Its methods are safe for concurrent use.
type Store struct{}

// Recovery says what Open found damaged and what it went on with. The zero Recovery means that nothing was wrong.
type Recovery struct {
	// Damaged is where the damaged file was moved, untouched; empty when nothing was damaged.
	Damaged string `json:"damaged,omitempty"`
	// Reason is what was wrong with it, for a technician.
	Reason string `json:"reason,omitempty"`
	// RestoredFrom is the copy that the store went on with; empty when there was none and the store began anew.
	RestoredFrom string `json:"restored_from,omitempty"`
	// LostAfter is the last entry that is still there; entries after it that the damaged file held are lost.
	LostAfter Position `json:"lost_after"`
	// CopyTime is when that copy was made: changes to people and settings after it are lost.
	CopyTime time.Time `json:"copy_time,omitzero"`
}

// Happened says whether anything was damaged.
func (r Recovery) Happened() bool { return r.Damaged != "" }

// Open opens or creates the store in dir.
func Open(dir string, o Opts) (*Store, Recovery, error) { return nil, Recovery{}, errStub }

// Run makes the periodic copies until ctx ends.
func (s *Store) Run(ctx context.Context) error { return errStub }

// Close makes a last copy and closes the store. It is idempotent.
func (s *Store) Close() error { return errStub }

// Entry is one entry of the journal.
type Entry struct {
	Position Position
	// Wall is the entry's wall time, never before that of the entry before it.
	Wall time.Time
	// Told is what the clock said. Told before Wall means that the clock ran backwards.
	Told time.Time
	// Clock is how far the clock was trusted.
	Clock    string
	Kind     string
	Payload  []byte
	Previous [32]byte
	Hash     [32]byte
}

// Append adds an entry and returns its position after it is on the disk. kind is 1 to 32 bytes of a-z, 0-9, '.', '-', '_';
// payload at most MaxPayload bytes.
func (s *Store) Append(kind string, payload []byte) (Position, error) { return Position{}, errStub }

// Next returns up to max entries after a position, oldest first.
func (s *Store) Next(after Position, max int) ([]Entry, error) { return nil, errStub }

// Ack moves the fleet's cursor.
func (s *Store) Ack(p Position) error { return errStub }

// Cursor is the last acknowledged position.
func (s *Store) Cursor() Position { return Position{} }

// Head is the position and hash of the newest entry.
func (s *Store) Head() (Position, [32]byte) { return Position{}, [32]byte{} }

// Wait returns when there is an entry after a position, or ctx ends.
func (s *Store) Wait(ctx context.Context, after Position) error { return errStub }

// Pending is the number of entries that are not acknowledged.
func (s *Store) Pending() int { return 0 }

// Person is one enrolled person.
type Person struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Created time.Time       `json:"created"`
	Status  string          `json:"status"` // StatusActive or StatusSuspended
	Fields  json.RawMessage `json:"fields,omitempty"`
}

// Values of Person.Status.
const (
	StatusActive    = "active"
	StatusSuspended = "suspended"
)

// Reference is one stored biometric template of a person.
type Reference struct {
	Number   uint32    // given by the store, unique for the person
	Template []float32 // 1 to 4096 finite values
	Model    string    // hash of the model that made it, 1 to 64 bytes
	Source   string    // where the sample came from, up to 128 bytes
	Quality  float32   // finite
	Created  time.Time
}

// Enrol stores a new person with references in one commit.
func (s *Store) Enrol(p Person, refs []Reference) error { return errStub }

// PutPerson creates a person or changes all of a person's record but the references.
func (s *Store) PutPerson(p Person) error { return errStub }

// Person returns one person.
func (s *Store) Person(id string) (Person, error) { return Person{}, errStub }

// People returns all people ordered by id.
func (s *Store) People() ([]Person, error) { return nil, errStub }

// AddReference adds a reference to a person and returns its number.
func (s *Store) AddReference(id string, r Reference) (uint32, error) { return 0, errStub }

// RemoveReference removes one reference.
func (s *Store) RemoveReference(id string, number uint32) error { return errStub }

// References returns a person's references by number.
func (s *Store) References(id string) ([]Reference, error) { return nil, errStub }

// EachReference calls fn for every reference of every person.
func (s *Store) EachReference(fn func(p Person, r Reference) error) error { return errStub }

// Receipt is what erasing a person leaves.
type Receipt struct {
	Person     string    `json:"person"`
	References int       `json:"references"`
	Reason     string    `json:"reason,omitempty"`
	Position   Position  `json:"-"`
	Wall       time.Time `json:"-"`
}

// Erase destroys a person's key, record and references and journals a receipt.
func (s *Store) Erase(id, reason string) (Receipt, error) { return Receipt{}, errStub }

// SetSetting stores a setting; nil removes it.
func (s *Store) SetSetting(name string, value []byte) error { return errStub }

// Setting returns a setting, or ErrNotFound.
func (s *Store) Setting(name string) ([]byte, error) { return nil, errStub }

// UseNonce records a command nonce, or refuses it with ErrReplayed.
func (s *Store) UseNonce(nonce []byte, expires time.Time) error { return errStub }

// Probe commits nothing and returns the error of doing so.
func (s *Store) Probe() error { return errStub }

// Status is the store's state for health and the technician's page; it never waits for the disk.
type Status struct {
	Head, Cursor Position
	Pending      int
	JournalBytes int64
	FileBytes    int64
	People       int
	Fault        error     // nil, or the error of the last change that failed
	LastCopy     time.Time // zero before the first
	CopyFault    error
	ScrubPending bool // an erased person's key may still be in a freed page or a copy
}

// Status returns the store's state.
func (s *Store) Status() Status { return Status{} }

// Report is what Check found.
type Report struct {
	Path     string   `json:"path"`
	Entries  int      `json:"entries"`
	First    Position `json:"first"`
	Last     Position `json:"last"`
	People   int      `json:"people"`
	Problems []string `json:"problems"`
	Copies   []Report `json:"copies,omitempty"`
}

// OK says whether the live file is without problems.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Check reads a closed store in dir and changes nothing. Without the key only the pages and the links of the chain are checked.
func Check(dir string, key ...Key) (Report, error) { return Report{}, errStub }
