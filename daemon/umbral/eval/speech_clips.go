package eval

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// SpeechClip is a clip of somebody who says one thing, with silence before and after.
type SpeechClip struct {
	File string
	// Start and End are when speech begins and ends, in seconds, if Labelled.
	Start, End float64
	Labelled   bool
	Words      []Word // if an alignment lies beside the clip
}

// Word is one word of an alignment, in seconds.
type Word struct {
	Start, End float64
	Text       string
}

// GRID's alignments (M. Cooke et al., JASA 120(5), 2006) count in units of 1/25000 s; "sil" and "sp" are silence.
const (
	alignUnits   = 25_000
	maxAlignment = 1 << 16 // bytes
	maxSeconds   = 3600
)

// ReadSpeechClips reads a CSV with the columns file, speech_start_s and speech_end_s (seconds). Paths are relative to the
// CSV's folder. Where the times are empty they come from an alignment of the clip's name and the ending .align beside it;
// a clip without either is taken without labels.
func ReadSpeechClips(path string) ([]SpeechClip, error) {
	var clips []SpeechClip
	err := readCSV(path, []string{"file", "speech_start_s", "speech_end_s"}, func(dir string, field func(string) string) error {
		if field("file") == "" {
			return errors.New("file is empty")
		}
		c := SpeechClip{File: filepath.Join(dir, field("file"))}
		var err error
		if c.Words, err = readAlignment(strings.TrimSuffix(c.File, filepath.Ext(c.File)) + ".align"); err != nil {
			return err
		}
		start, end := field("speech_start_s"), field("speech_end_s")
		switch {
		case start != "" && end != "":
			if c.Start, err = strconv.ParseFloat(start, 64); err == nil {
				c.End, err = strconv.ParseFloat(end, 64)
			}
			if err != nil || !(c.Start >= 0 && c.Start < c.End && c.End <= maxSeconds) {
				return fmt.Errorf("speech from %q to %q, wanted rising seconds from 0 to %d", start, end, maxSeconds)
			}
			c.Labelled = true
		case start != "" || end != "":
			return fmt.Errorf("speech from %q to %q: one of the two is empty", start, end)
		case len(c.Words) > 0:
			c.Start, c.End, c.Labelled = c.Words[0].Start, c.Words[len(c.Words)-1].End, true
		}
		clips = append(clips, c)
		return nil
	})
	if err == nil && len(clips) == 0 {
		err = fmt.Errorf("eval: %s: no line follows the header", path)
	}
	return clips, err
}

// readAlignment reads the words of an alignment; none if there is no such file.
func readAlignment(path string) ([]Word, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxAlignment {
		return nil, fmt.Errorf("alignment %s has %d bytes, limit %d", path, info.Size(), maxAlignment)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	words, err := parseAlignment(text)
	if err != nil {
		return nil, fmt.Errorf("alignment %s: %w", path, err)
	}
	return words, nil
}

// parseAlignment reads lines of begin, end and word.
func parseAlignment(text []byte) ([]Word, error) {
	var words []Word
	last := 0.0
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d has %d fields, wanted begin, end and word", n, len(fields))
		}
		from, err1 := strconv.ParseUint(fields[0], 10, 31)
		to, err2 := strconv.ParseUint(fields[1], 10, 31)
		w := Word{Start: float64(from) / alignUnits, End: float64(to) / alignUnits, Text: fields[2]}
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if w.Start < last || w.End <= w.Start || w.End > maxSeconds {
			return nil, fmt.Errorf("line %d: %s to %s, wanted whole numbers that rise from line to line (%d are a second)", n, fields[0], fields[1], alignUnits)
		}
		last = w.End
		if w.Text != "sil" && w.Text != "sp" {
			words = append(words, w)
		}
	}
	return words, lines.Err()
}
