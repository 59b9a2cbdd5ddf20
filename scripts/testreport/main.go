// Command testreport reads `go test -json` on its standard input and shows what a person wants to know of a test run:
// a line a package, the whole output of what failed, why tests were skipped, and the counts. It exits with 1 when
// anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// event is what test2json writes (go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// maxLine bounds one line of the stream; a test's own output is cut into lines by go test.
const maxLine = 4 << 20

func main() {
	failed, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

func report(in io.Reader, out io.Writer) (failed bool, err error) {
	var passed, failures, skipped int
	output := map[string][]string{} // by package and test
	reasons := map[string]int{}
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		var e event
		if json.Unmarshal(scanner.Bytes(), &e) != nil {
			// The toolchain's own messages are not JSON.
			fmt.Fprintln(out, scanner.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[key] = append(output[key], e.Output)
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "pass", "fail", "skip":
			if e.Test == "" {
				failed = failed || e.Action == "fail"
				packageLine(out, e, output[key])
			} else {
				switch e.Action {
				case "pass":
					passed++
				case "skip":
					skipped++
					reasons[reason(output[key])]++
				case "fail":
					failures++
					fmt.Fprint(out, strings.Join(output[key], ""))
				}
			}
			delete(output, key)
		}
	}
	if err := scanner.Err(); err != nil {
		return true, err
	}
	for _, r := range sortedKeys(reasons) {
		fmt.Fprintf(out, "skipped %d: %s\n", reasons[r], r)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failures, skipped)
	return failed || failures > 0, nil
}

func packageLine(out io.Writer, e event, lines []string) {
	switch e.Action {
	case "fail":
		fmt.Fprintf(out, "FAIL  %s (%.1f s)\n%s", e.Package, e.Elapsed, strings.Join(lines, ""))
	case "pass":
		fmt.Fprintf(out, "ok    %s (%.1f s)\n", e.Package, e.Elapsed)
	}
}

// reason is the last line that the test wrote before it skipped, without the file and line in front.
func reason(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, rest, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok := strings.Cut(rest, ": "); ok {
				return text
			}
		}
		return line
	}
	return "no reason given"
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
