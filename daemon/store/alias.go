package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// Entries name a person by an alias, which is derived from the person's own key. While the person is enrolled, Named
// puts the id in its place; when the key is destroyed, nothing leads from the alias to the person any more.

// aliasMark begins every alias. No id has it.
const aliasMark = "~"

// aliasOf derives a person's alias from their key.
func aliasOf(personKey []byte) string {
	m := hmac.New(sha256.New, personKey)
	m.Write([]byte("umbral journal alias v1"))
	return aliasMark + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:8]))
}

// Renamer rewrites the ids of people in an entry's payload: each becomes what name returns for it. It returns the
// payload itself where there are none.
type Renamer func(kind string, payload []byte, name func(id string) string) ([]byte, error)

// RenameMembers is a Renamer of JSON objects: the strings under the members "person" and "guardian", at any depth, are
// ids. Payloads that are not JSON have none.
func RenameMembers(_ string, payload []byte, name func(id string) string) ([]byte, error) {
	mentions := bytes.Contains(payload, []byte(`"person"`)) || bytes.Contains(payload, []byte(`"guardian"`))
	if !mentions || !json.Valid(payload) {
		return payload, nil
	}
	var out []byte
	kept, end := 0, 0 // of payload: what out has, and what was read
	var member string
	var objects []bool // for each open bracket, whether it is an object
	isKey := false
	for d := json.NewDecoder(bytes.NewReader(payload)); ; {
		t, err := d.Token()
		if err != nil { // the end: the payload is valid
			return append(out, payload[kept:]...), nil
		}
		begin := end
		end = int(d.InputOffset())
		switch v := t.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				objects = append(objects, v == '{')
			} else {
				objects = objects[:len(objects)-1]
			}
		case string:
			if isKey {
				member, isKey = v, false
				continue
			}
			if member == "person" || member == "guardian" {
				if to := name(v); to != v {
					quoted, err := json.Marshal(to)
					if err != nil {
						return nil, err
					}
					begin += bytes.IndexByte(payload[begin:end], '"')
					out = append(append(out, payload[kept:begin]...), quoted...)
					kept = end
				}
			}
		}
		isKey = len(objects) > 0 && objects[len(objects)-1]
		if isKey {
			member = ""
		}
	}
}

// aliased puts aliases in the place of the ids of people who are enrolled. A payload that cannot be rewritten stays as
// it is: the entry counts more, and erasing the person deals with it.
func (c *change) aliased(kind string, payload []byte) ([]byte, error) {
	var failed error
	out, err := c.s.opts.Rename(kind, payload, func(id string) string {
		if id == "" || strings.HasPrefix(id, aliasMark) {
			return id
		}
		key, err := personKey(c.tx, c.s.keys, c.s.keys.tag(id))
		switch {
		case errors.Is(err, ErrNotFound):
			return id
		case err != nil:
			failed = err
			return id
		}
		return aliasOf(key)
	})
	if failed != nil {
		return nil, failed
	}
	if err != nil || len(out) > MaxPayload {
		return payload, nil
	}
	return out, nil
}

// Named returns an entry with the ids of people who are still enrolled in the place of their aliases. Its hash is that
// of the entry as it is stored.
func (s *Store) Named(e Entry) Entry {
	out, err := s.opts.Rename(e.Kind, e.Payload, func(name string) string {
		if id, ok := s.personOf(name); ok {
			return id
		}
		return name
	})
	if err == nil {
		e.Payload = out
	}
	return e
}

// Alias returns what entries call a person. ErrNotFound if there is no such person.
func (s *Store) Alias(id string) (string, error) {
	var alias string
	err := s.read(func(tx *bbolt.Tx) error {
		key, err := personKey(tx, s.keys, s.keys.tag(id))
		if err == nil {
			alias = aliasOf(key)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("%w (%q)", err, id)
	}
	return alias, nil
}

// personOf finds who is meant by an alias.
func (s *Store) personOf(alias string) (id string, ok bool) {
	if !strings.HasPrefix(alias, aliasMark) {
		return "", false
	}
	err := s.read(func(tx *bbolt.Tx) error {
		s.aliasMu.Lock()
		defer s.aliasMu.Unlock()
		if s.aliases == nil {
			if err := s.readAliases(tx); err != nil {
				return err
			}
		}
		tag, known := s.aliases[alias]
		if !known {
			return fmt.Errorf("store: %w: %s", ErrNotFound, alias)
		}
		p, err := openPerson(tx, s.keys, tag[:])
		id = p.ID
		return err
	})
	return id, err == nil
}

// readAliases fills the aliases of everybody who is enrolled, leaving out damaged keys. It needs aliasMu.
func (s *Store) readAliases(tx *bbolt.Tx) error {
	s.aliases = map[string][tagSize]byte{}
	return forEach(tx, bucketKeys, func(tag, _ []byte) error {
		if key, err := personKey(tx, s.keys, tag); err == nil && len(tag) == tagSize {
			s.aliases[aliasOf(key)] = [tagSize]byte(tag)
		}
		return nil
	})
}

// keepAlias adds a person who came to the aliases, forgetAlias removes one who went.
func (s *Store) keepAlias(alias string, tag []byte) {
	s.aliasMu.Lock()
	defer s.aliasMu.Unlock()
	if s.aliases != nil {
		s.aliases[alias] = [tagSize]byte(tag)
	}
}

func (s *Store) forgetAlias(alias string) {
	s.aliasMu.Lock()
	defer s.aliasMu.Unlock()
	delete(s.aliases, alias)
}

// names reports whether an entry names a person, by id or alias.
func (s *Store) names(e *Entry, person ...string) bool {
	named := false
	s.opts.Rename(e.Kind, e.Payload, func(name string) string {
		named = named || slices.Contains(person, name)
		return name
	})
	return named
}
