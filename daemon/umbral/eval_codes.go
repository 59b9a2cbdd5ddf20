package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"umbral/daemon/umbral/eval"
)

// codesReport is what eval codes prints as JSON.
type codesReport struct {
	Pictures int       `json:"pictures"`
	Read     int       `json:"read"`
	NotRead  eval.Rate `json:"not_read"` // pictures of which the text did not come out
	Wrong    eval.Rate `json:"wrong"`    // pictures that gave another text
	Missed   []string  `json:"missed"`
}

func evalCodesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "codes DIR",
		Short: "read photographs of QR codes and bar codes whose text is known",
		Long: `codes searches every picture (png, jpg) below DIR that has a text file of the same name beside it, in every way of looking,
and compares what it reads with the text. Blank space at the ends and kinds of line ends do not count.`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := evalCodes(cmd, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), report)
			}
			printCodes(cmd.OutOrStdout(), report)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func evalCodes(cmd *cobra.Command, dir string) (codesReport, error) {
	r := codesReport{Missed: []string{}}
	wrong := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		kind := strings.ToLower(filepath.Ext(path))
		if entry.IsDir() || kind != ".png" && kind != ".jpg" && kind != ".jpeg" {
			return nil
		}
		want, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".txt")
		if err != nil {
			return nil // a picture without a text is not part of the set
		}
		r.Pictures++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		symbols, err := readSymbols(data)
		if err != nil {
			r.Missed = append(r.Missed, fmt.Sprintf("%s: %v", path, err))
			return nil
		}
		right, other := false, false
		for _, s := range symbols {
			if sameText(s.Text, string(want)) {
				right = true
			} else {
				other = true
			}
		}
		if right {
			r.Read++
		} else {
			r.Missed = append(r.Missed, path)
		}
		if other {
			wrong++
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if r.Pictures == 0 {
		return r, fmt.Errorf("%s: no picture (png, jpg) with a text file of the same name beside it", dir)
	}
	r.NotRead, r.Wrong = eval.NewRate(r.Pictures-r.Read, r.Pictures), eval.NewRate(wrong, r.Pictures)
	return r, nil
}

func sameText(a, b string) bool {
	clean := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return clean(a) == clean(b)
}

func printCodes(w io.Writer, r codesReport) {
	fmt.Fprintf(w, "pictures   %d, %d read\n", r.Pictures, r.Read)
	fmt.Fprintf(w, "not read   %s\n", rateText(r.NotRead))
	fmt.Fprintf(w, "wrong text %s\n", rateText(r.Wrong))
	for i, path := range r.Missed {
		if i == missedShown {
			fmt.Fprintf(w, "and %d more\n", len(r.Missed)-i)
			break
		}
		fmt.Fprintf(w, "not read: %s\n", printable(path))
	}
}
