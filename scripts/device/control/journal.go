package control

import (
	"bytes"
	"fmt"

	"umbral/daemon/store"
)

// What "guest journal" writes, and who looks at the disks after a cut expects.

// NoteBytes is the length of the note that says how far the journal was acknowledged.
const NoteBytes = 4096

// JournalKey seals that store.
var JournalKey = store.Key{'p', 'o', 'w', 'e', 'r'}

// Passage is the content of entry n, as long as that of a real passage.
func Passage(n uint64) []byte {
	return fmt.Appendf(nil, `{"passage":%d,"padding":%q}`, n, bytes.Repeat([]byte{byte('a' + n%26)}, 600))
}
