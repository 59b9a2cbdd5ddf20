package fleet

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// strictObject reads one JSON object into its members. encoding/json would take duplicate names (the
// last wins) and names in another case, so that two readers of one signed command could see two
// different commands; here both are errors, as is anything after the object.
func strictObject(b []byte, known ...string) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("not a JSON object")
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("member %q twice", Printable(name, 40))
		}
		if len(known) > 0 && !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown member %q", Printable(name, 40))
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("member %q is not JSON", Printable(name, 40))
		}
		members[name] = v
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("JSON object is not closed")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// member reads one member that must be there; null would leave the zero value unnoticed.
func member(members map[string]json.RawMessage, name string, to any) error {
	raw, ok := members[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("member %q is missing", name)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("member %q is of the wrong type", name)
	}
	return nil
}

// base64Member reads standard base64 with padding and nothing else, so that one message has one form.
func base64Member(members map[string]json.RawMessage, name string, to *[]byte) error {
	var s string
	if err := member(members, name, &s); err != nil {
		return err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return fmt.Errorf("member %q is not base64", name)
	}
	*to = b
	return nil
}
