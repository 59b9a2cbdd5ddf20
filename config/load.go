package config

import "errors"

// Load reads, checks and resolves the file at path: relative names in it are taken from its own folder.
func Load(path string) (Config, error) { return Config{}, errors.New("config: not yet") }

// Parse reads and checks data; name stands for it in errors. Relative names stay as they are.
func Parse(name string, data []byte) (Config, error) { return Config{}, errors.New("config: not yet") }

// Validate checks the whole configuration: each value's range and what must fit together. The error is of type Errors.
func (c Config) Validate() error { return errors.New("config: not yet") }
