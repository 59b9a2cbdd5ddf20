package store

import (
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// Beyond some number of faces the law asks the operator to notify an authority, so a site can limit how many people may
// have a reference of a face. They are counted when the limit is first asked for: kinds are sealed.

// admitFaces refuses somebody's first reference of a face at Opts.Faces people with one. have are the references that
// the person has, add those that come.
func (c *change) admitFaces(have, add []Reference) error {
	isFace := func(r Reference) bool { return r.Kind == KindFace }
	limit := c.s.opts.Faces
	if limit >= c.s.opts.People || slices.ContainsFunc(have, isFace) || !slices.ContainsFunc(add, isFace) {
		return nil
	}
	n, err := c.s.countFaces(c.tx)
	if err != nil {
		return err
	}
	if n >= limit {
		return fmt.Errorf("store: %w: %d people with a face, limit %d (store.faces)", ErrFull, n, limit)
	}
	c.done = append(c.done, func() { c.s.faces = n + 1 })
	return nil
}

// countFaces counts the people with a reference of a face. It needs write.
func (s *Store) countFaces(tx *bbolt.Tx) (int, error) {
	if s.faces >= 0 {
		return s.faces, nil
	}
	n := 0
	err := forEach(tx, bucketKeys, func(tag, _ []byte) error {
		own, err := personBox(tx, s.keys, tag)
		if err != nil {
			return err
		}
		refs := tx.Bucket([]byte(bucketReferences))
		for _, key := range referenceKeys(refs, tag) {
			if kindOf(own, key, refs.Get(key)) == KindFace {
				n++
				break
			}
		}
		return nil
	})
	return n, err
}

// forgetFaces lets the faces be counted anew. It needs write, as what runs after a commit has.
func (s *Store) forgetFaces() { s.faces = -1 }
