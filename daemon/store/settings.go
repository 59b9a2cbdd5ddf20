package store

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// Limits of settings.
const (
	MaxSettings    = 256
	MaxSettingName = 64       // bytes
	MaxSetting     = 64 << 10 // bytes
)

// SetSetting stores a value under a name, or removes the name when value is nil. ErrFull at MaxSettings.
func (s *Store) SetSetting(name string, value []byte) error {
	if len(name) == 0 || len(name) > MaxSettingName || len(value) > MaxSetting {
		return fmt.Errorf("store: %w: setting with a name of %d bytes, limit 1 to %d, and %d bytes, limit %d",
			ErrInvalid, len(name), MaxSettingName, len(value), MaxSetting)
	}
	key := []byte(name)
	return s.commit(func(c *change) error {
		b := c.tx.Bucket([]byte(bucketSettings))
		c.done = append(c.done, s.peopleChanged)
		if value == nil {
			return b.Delete(key)
		}
		if b.Get(key) == nil {
			if n := b.Stats().KeyN; n >= MaxSettings {
				return fmt.Errorf("store: %w: %d settings, limit %d", ErrFull, n, MaxSettings)
			}
		}
		if err := c.spare(len(value)); err != nil {
			return err
		}
		return b.Put(key, c.s.keys.values.seal(bucketSettings, key, value))
	})
}

// Setting returns the value of a setting, or ErrNotFound.
func (s *Store) Setting(name string) ([]byte, error) {
	var out []byte
	err := s.read(func(tx *bbolt.Tx) (err error) {
		v := tx.Bucket([]byte(bucketSettings)).Get([]byte(name))
		if v == nil {
			return fmt.Errorf("store: %w: setting %q", ErrNotFound, name)
		}
		out, err = s.keys.values.open(bucketSettings, []byte(name), v)
		return err
	})
	return out, err
}
