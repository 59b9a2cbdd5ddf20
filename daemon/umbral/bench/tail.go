package bench

import (
	"strings"
	"sync"
)

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is how much a tail keeps, in bytes: the end of a stack trace.
const maxTail = 2 << 10

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	t.text = append(t.text[:0], t.text[max(0, len(t.text)-maxTail):]...)
	return len(p), nil
}

// line is the most telling line: the first that speaks of an error, or else the last, at most 300 bytes of it.
func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	chosen := ""
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		chosen = line[:min(len(line), 300)]
		if strings.Contains(line, "rror") {
			break
		}
	}
	return chosen
}
