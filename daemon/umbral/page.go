package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/pipeline/credential/symbol"
)

func pageCommand(s *settings) *cobra.Command {
	var screen, asJSON bool
	cmd := &cobra.Command{
		Use:   "page",
		Short: "print a link, and its QR code, to the technician's page or the gate's screen",
		Long: `page prints a link to the terminal's page with a token in it. Without a token the pages tell how the terminal is, and
nothing of the people before it: any user of the machine may open them. A technician's link lasts ten hours; that of the
gate's own screen, for the browser that shows it, two years. To open the page from another machine, carry the port there:
ssh -L 8600:127.0.0.1:8600 TERMINAL.`,
		Example: "  umbral page\n  umbral page --screen",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			ctx, cancel := contextWithTimeout(cmd, 10*time.Second)
			defer cancel()
			name := "page"
			if screen {
				name = "screen"
			}
			link, err := c.Link(ctx, name)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), link)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\nuntil %s\n", link.Page, link.Expires.Local().Format(time.DateTime))
			modules, err := symbol.EncodeQR(link.Page, symbol.Low)
			if err != nil {
				return nil // the link is enough
			}
			return printQR(cmd.OutOrStdout(), modules)
		},
	}
	cmd.Flags().BoolVar(&screen, "screen", false, "the gate's own screen")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// quiet is the white border of a QR code, in modules (ISO/IEC 18004, 5.3.8).
const quiet = 4

// printQR draws a QR code with two modules a character, for a terminal whichever its colours are.
func printQR(w io.Writer, modules [][]bool) error {
	n := len(modules)
	light := func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x < 0 || y < 0 || x >= n || y >= n || !modules[y][x]
	}
	var b strings.Builder
	for y := 0; y < n+2*quiet; y += 2 {
		b.WriteString("\x1b[30;107m") // black on white
		for x := range n + 2*quiet {
			switch upper, lower := light(x, y), light(x, y+1); {
			case upper && lower:
				b.WriteByte(' ')
			case upper:
				b.WriteString("▄")
			case lower:
				b.WriteString("▀")
			default:
				b.WriteString("█")
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
