package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"umbral/drivers/camera"
	"umbral/drivers/camera/v4l2"
)

func cameraCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "camera", Short: "look at this machine's cameras and set their controls", RunE: chooses}
	cmd.AddCommand(cameraInfoCommand(), cameraSetCommand())
	return cmd
}

func cameraInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info [DEVICE]",
		Short: "list formats, sizes and controls of a camera, or of all",
		Long: `info asks the cameras themselves; the terminal may run meanwhile. Controls that are marked live can be changed with
"umbral camera set", and named in the configuration. One that is not live is in the hands of an automatic, or of nobody.`,
		Args: atMost("DEVICE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths := args
			if len(paths) == 0 {
				var err error
				if paths, err = v4l2.Cameras(); err != nil {
					return err
				}
				if len(paths) == 0 {
					return errors.New("no camera under /dev/video* that can be opened (is this user in the group video?)")
				}
			}
			infos := make([]v4l2.Info, 0, len(paths))
			for _, path := range paths {
				info, err := v4l2.Inspect(path)
				if err != nil {
					return err
				}
				infos = append(infos, info)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), infos)
			}
			for i := range infos {
				if err := printCamera(cmd.OutOrStdout(), &infos[i]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}

func printCamera(w io.Writer, info *v4l2.Info) error {
	fmt.Fprintf(w, "%s  %s, %s; set to %s\n", info.Path, printable(info.Card), printable(info.Bus), info.Now)
	for _, f := range info.Formats {
		note := ""
		if !f.Usable {
			note = "  (not for this program)"
		}
		fmt.Fprintf(w, "  %s  %s%s\n", printable(f.Code), strings.Join(f.Sizes, ", "), note)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range info.Controls {
		live := "live"
		if !c.Live {
			live = ""
		}
		fmt.Fprintf(t, "  %s\t%s\t%d\t%s\t%s\n", c.Name, live, c.Value, rangeOf(&c), printable(choiceOf(&c)))
	}
	return t.Flush()
}

// rangeOf says what a control takes.
func rangeOf(c *v4l2.Control) string {
	if c.Kind == v4l2.Switch {
		return fmt.Sprintf("on or off, default %d", c.Default)
	}
	text := fmt.Sprintf("%d to %d", c.Min, c.Max)
	if c.Step > 1 {
		text += fmt.Sprintf(" by %d", c.Step)
	}
	return text + fmt.Sprintf(", default %d", c.Default)
}

func choiceOf(c *v4l2.Control) string {
	var out []string
	for _, n := range c.Choices {
		out = append(out, fmt.Sprintf("%d %s", n.Value, n.Name))
	}
	return strings.Join(out, ", ")
}

func cameraSetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "set DEVICE NAME=VALUE…",
		Short: "set controls of a camera, also while the terminal runs",
		Long: `set changes a camera's controls at once, until it is opened anew; the configuration is for what is to stay. Switches and
choices are set first, so that an automatic can be turned off and its value set in one go.`,
		Example: `  umbral camera set /dev/video0 auto_exposure=1 exposure_time_absolute=200
  umbral camera set /dev/video0 white_balance_automatic=off white_balance_temperature=4600
  umbral camera set /dev/video0 power_line_frequency=1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("%s needs DEVICE NAME=VALUE…, such as /dev/video0 gain=64", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var wanted []camera.Setting
			for _, text := range args[1:] {
				s, err := camera.ParseSetting(text)
				if err != nil {
					return err
				}
				wanted = append(wanted, s)
			}
			return v4l2.Set(args[0], wanted)
		},
	}
}
