package passage

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"umbral/config/policy/enum"
)

// Instant is a time on the terminal's monotonic clock, in nanoseconds since its start. Only differences mean anything.
type Instant int64

// Sub returns the time from u to t.
func (t Instant) Sub(u Instant) time.Duration { return time.Duration(t - u) }

// Add returns the instant d after t.
func (t Instant) Add(d time.Duration) Instant { return t + Instant(d) }

// Score is a similarity, a probability or another measure of evidence in millionths: 1 is 1_000_000. Whole numbers make
// comparisons the same on every processor and in every encoding.
type Score int32

// One is the score 1.
const One Score = 1_000_000

// MaxScore bounds scores in both directions; larger ones are cut.
const MaxScore = 1000 * One

// ScoreOf returns x rounded to a score, half away from zero. What is no number becomes the lowest score, so that it
// never passes.
func ScoreOf(x float64) Score {
	switch {
	case math.IsNaN(x) || x <= -1000:
		return -MaxScore
	case x >= 1000:
		return MaxScore
	}
	return Score(math.Round(x * float64(One)))
}

// Float returns the score as a number.
func (s Score) Float() float64 { return float64(s) / float64(One) }

// String returns the score with four digits after the point.
func (s Score) String() string { return strconv.FormatFloat(s.Float(), 'f', 4, 64) }

// ID names a passage: the terminal's boot counter and the passage's number within that boot, from 1.
type ID struct {
	Boot, Number uint64
}

// String returns a text like b12-000034.
func (id ID) String() string { return fmt.Sprintf("b%d-%06d", id.Boot, id.Number) }

// IsZero reports whether id names no passage.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID returns the ID of a text that String wrote.
func ParseID(s string) (ID, error) {
	boot, number, ok := strings.Cut(strings.TrimPrefix(s, "b"), "-")
	b, errBoot := strconv.ParseUint(boot, 10, 64)
	n, errNumber := strconv.ParseUint(number, 10, 64)
	id := ID{b, n}
	if !ok || errBoot != nil || errNumber != nil || id.String() != s {
		return ID{}, fmt.Errorf("passage: id %q, expected something like %q", enum.Clip(s), ID{12, 34})
	}
	return id, nil
}

// MarshalText returns the ID as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText sets the ID as ParseID does.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}
