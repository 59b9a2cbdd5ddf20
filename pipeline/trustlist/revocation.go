package trustlist

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Entry stands for a credential, a subject or a person that is revoked.
type Entry [entrySize]byte

const entrySize = 16

// MaxEntries limits a revocation list.
const MaxEntries = 100_000

// MaxPart limits the issuer, the subject, the token id and the person's id of an entry, in bytes.
const MaxPart = 255

// Credential returns the entry of one credential: who issued it (the claim iss) and its token id (cti).
func Credential(issuer string, token []byte) Entry { return entry("credential", issuer, string(token)) }

// Subject returns the entry of everything that an issuer has issued to one subject (the claim sub).
func Subject(issuer, subject string) Entry { return entry("subject", issuer, subject) }

// Person returns the entry of a person by the id under which a terminal knows them: enrolled, or named by a document.
func Person(id string) Entry { return entry("person", id) }

func entry(parts ...string) (e Entry) {
	h := sha256.New()
	h.Write([]byte("umbral-revocation-v1\x00"))
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	copy(e[:], h.Sum(nil))
	return e
}

// ParseEntry parses a line: "person ID", "subject ISSUER SUBJECT", or "credential ISSUER TOKEN" with the token id in
// hex.
func ParseEntry(line string) (Entry, error) {
	words := strings.Fields(line)
	for _, w := range words {
		if len(w) > 2*MaxPart {
			return Entry{}, fmt.Errorf("trustlist: %d bytes in one word, limit %d", len(w), MaxPart)
		}
	}
	switch {
	case len(words) == 2 && words[0] == "person" && len(words[1]) <= MaxPart:
		return Person(words[1]), nil
	case len(words) == 3 && words[0] == "subject" && len(words[1]) <= MaxPart && len(words[2]) <= MaxPart:
		return Subject(words[1], words[2]), nil
	case len(words) == 3 && words[0] == "credential" && len(words[1]) <= MaxPart:
		token, err := hex.DecodeString(words[2])
		if err != nil {
			return Entry{}, fmt.Errorf("trustlist: token id %.80q, wanted it in hex", words[2])
		}
		return Credential(words[1], token), nil
	}
	return Entry{}, fmt.Errorf(
		`trustlist: %.80q, wanted "person ID", "subject ISSUER SUBJECT" or "credential ISSUER TOKEN"`, line)
}

// Revocations is a revocation list that a trusted key has signed. It is not changed after it was made, so that any
// number of goroutines may look.
type Revocations struct {
	Sequence uint64
	Issued   time.Time
	Signer   Signer
	entries  []byte
}

// NewRevocations returns an unsigned list. Entries may come in any order, and twice.
func NewRevocations(sequence uint64, issued time.Time, entries []Entry) (*List, error) {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int { return bytes.Compare(a[:], b[:]) })
	sorted = slices.Compact(sorted)
	if len(sorted) > MaxEntries {
		return nil, fmt.Errorf("trustlist: %d entries, limit %d", len(sorted), MaxEntries)
	}
	l := &List{Kind: KindRevocation, Sequence: sequence, Issued: issued,
		Content: make([]byte, 0, len(sorted)*entrySize)}
	for _, e := range sorted {
		l.Content = append(l.Content, e[:]...)
	}
	return l, l.check()
}

// OpenRevocations decodes a revocation list and verifies that one of the keys has signed it.
func OpenRevocations(b []byte, keys ...ed25519.PublicKey) (*Revocations, error) {
	l, err := Open(b, KindRevocation, keys...)
	if err != nil {
		return nil, err
	}
	return l.Revocations()
}

// Revocations decodes the content of a revocation list.
func (l *List) Revocations() (*Revocations, error) {
	if l.Kind != KindRevocation || len(l.Content)%entrySize != 0 || len(l.Content)/entrySize > MaxEntries {
		return nil, fmt.Errorf("trustlist: %w of revocations: kind %q, %d bytes, wanted at most %d entries of %d",
			ErrMalformed, l.Kind, len(l.Content), MaxEntries, entrySize)
	}
	r := &Revocations{Sequence: l.Sequence, Issued: l.Issued, Signer: l.Signer, entries: l.Content}
	for i := 1; i < r.Len(); i++ {
		if bytes.Compare(r.at(i-1), r.at(i)) >= 0 {
			return nil, fmt.Errorf("trustlist: %w of revocations: entry %d is not after the one before", ErrMalformed,
				i)
		}
	}
	return r, nil
}

func (r *Revocations) at(i int) []byte { return r.entries[i*entrySize : (i+1)*entrySize] }

// Len returns the number of entries.
func (r *Revocations) Len() int { return len(r.entries) / entrySize }

// Holds reports whether the list has any of the entries. A nil list has none.
func (r *Revocations) Holds(entries ...Entry) bool {
	if r == nil {
		return false
	}
	for _, e := range entries {
		i := sort.Search(r.Len(), func(i int) bool { return bytes.Compare(r.at(i), e[:]) >= 0 })
		if i < r.Len() && bytes.Equal(r.at(i), e[:]) {
			return true
		}
	}
	return false
}

// Stale reports whether the list is older than limit; 0 is no limit. A nil list is stale under every limit. A list that
// is dated after now is not stale: the clock may be wrong.
func (r *Revocations) Stale(now time.Time, limit time.Duration) bool {
	return limit > 0 && (r == nil || now.Sub(r.Issued) > limit)
}
