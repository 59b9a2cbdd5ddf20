package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Pair is one line of a set of comparisons; the files' paths are usable as they are.
type Pair struct {
	A, B  string
	Mated bool
	Fold  int
}

// maxRows bounds what a set may list: all pairs of ten thousand pictures would already take weeks.
const maxRows = 50_000_000

// ReadPairs reads a CSV with the columns file_a, file_b, same (1 or 0) and, if it has one, fold. Paths are relative to
// the CSV's folder.
func ReadPairs(path string) ([]Pair, error) {
	var pairs []Pair
	err := readCSV(path, []string{"file_a", "file_b", "same"}, func(dir string, field func(string) string) error {
		if field("file_a") == "" || field("file_b") == "" {
			return errors.New("file_a or file_b is empty")
		}
		p := Pair{A: filepath.Join(dir, field("file_a")), B: filepath.Join(dir, field("file_b"))}
		switch same := field("same"); same {
		case "1":
			p.Mated = true
		case "0":
		default:
			return fmt.Errorf("same is %q, allowed are 1 and 0", same)
		}
		if fold := field("fold"); fold != "" {
			n, err := strconv.Atoi(fold)
			if err != nil {
				return fmt.Errorf("fold is %q, wanted a whole number", fold)
			}
			p.Fold = n
		}
		pairs = append(pairs, p)
		return nil
	})
	if err == nil && len(pairs) == 0 {
		err = fmt.Errorf("eval: %s: no line follows the header", path)
	}
	return pairs, err
}

// Labelled is one line of a set of presentations.
type Labelled struct {
	File, Label string
}

// ReadLabels reads a CSV with the columns file and label: "live", or "spoof" with the species behind a hyphen.
// Further columns are ignored but for split: with a split named, only its lines are taken.
func ReadLabels(path, split string) ([]Labelled, error) {
	var rows []Labelled
	lines := 0
	err := readCSV(path, []string{"file", "label"}, func(dir string, field func(string) string) error {
		label := field("label")
		if label != "live" && label != "spoof" && !strings.HasPrefix(label, "spoof-") {
			return fmt.Errorf("label is %q, allowed are live, spoof and spoof-SPECIES", label)
		}
		if field("file") == "" {
			return errors.New("file is empty")
		}
		lines++
		if split == "" || field("split") == split {
			rows = append(rows, Labelled{File: filepath.Join(dir, field("file")), Label: label})
		}
		return nil
	})
	switch {
	case err != nil:
	case lines == 0:
		err = fmt.Errorf("eval: %s: no line follows the header", path)
	case len(rows) == 0:
		err = fmt.Errorf("eval: %s: none of the %d lines says %q in the column split", path, lines, split)
	}
	return rows, err
}

// readCSV calls each line's fn with the folder of the file and a look-up by column name; a column that the file does
// not have is empty.
func readCSV(path string, needed []string, fn func(dir string, field func(string) string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("eval: %s is empty, wanted a header with the columns %s", path, strings.Join(needed, ", "))
	}
	if err != nil {
		return fmt.Errorf("eval: %s: header: %w", path, err)
	}
	columns := make(map[string]int, len(header))
	for i, name := range header {
		columns[strings.TrimPrefix(strings.TrimSpace(name), "\ufeff")] = i
	}
	for _, name := range needed {
		if _, ok := columns[name]; !ok {
			return fmt.Errorf("eval: %s: no column %q; its columns are %s", path, name, strings.Join(header, ", "))
		}
	}
	for rows := 0; ; rows++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("eval: %s: %w", path, err)
		}
		if rows == maxRows {
			return fmt.Errorf("eval: %s: more than %d lines", path, maxRows)
		}
		field := func(name string) string {
			if i, ok := columns[name]; ok {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		if err := fn(filepath.Dir(path), field); err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("eval: %s:%d: %w", path, line, err)
		}
	}
}

// pictureEndings are the kinds of files that count as a person's picture in a folder of people.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".pgm", ".ppm"}

// AllPairs lists every pair of pictures below dir, where each folder is one person.
func AllPairs(dir string) ([]Pair, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	type picture struct {
		file   string
		person int
	}
	var pictures []picture
	for person, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, folder.Name()))
		if err != nil {
			return nil, fmt.Errorf("eval: %w", err)
		}
		for _, file := range files {
			if slices.Contains(pictureEndings, strings.ToLower(filepath.Ext(file.Name()))) {
				pictures = append(pictures, picture{filepath.Join(dir, folder.Name(), file.Name()), person})
			}
		}
	}
	if n := len(pictures); n < 2 || n*(n-1)/2 > maxRows {
		return nil, fmt.Errorf("eval: %s holds %d pictures in folders, wanted 2 to 10000 (one folder a person)", dir, n)
	}
	var pairs []Pair
	for i, a := range pictures {
		for _, b := range pictures[i+1:] {
			pairs = append(pairs, Pair{A: a.file, B: b.file, Mated: a.person == b.person})
		}
	}
	return pairs, nil
}
