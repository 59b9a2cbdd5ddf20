package eval

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// probit spreads an error rate over the normal deviate, the usual scale of a DET plot (Martin et al., Eurospeech 1997).
type probit struct{}

// The scale's ends keep rates of 0 and 1 on the paper.
const lowestRate, highestRate = 1e-6, 0.6

func (probit) Normalize(low, high, x float64) float64 {
	q := distuv.UnitNormal.Quantile
	x = math.Min(math.Max(x, lowestRate), highestRate)
	return (q(x) - q(low)) / (q(high) - q(low))
}

type rateTicks []float64

func (t rateTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	for _, v := range t {
		if v >= low && v <= high {
			// Four digits hide that 1e-4 times 100 is not exactly a hundredth.
			ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.4g %%", v*100)})
		}
	}
	return ticks
}

// CheckPlot says early whether PlotDET could write to a file of this name; an empty name is that of no file.
func CheckPlot(path string) error {
	if path == "" {
		return nil
	}
	if ending := strings.ToLower(filepath.Ext(path)); !slices.Contains([]string{".png", ".svg", ".pdf"}, ending) {
		return fmt.Errorf("eval: plot %s: ending %q, allowed are .png, .svg, .pdf", path, ending)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("eval: plot %s: there is no folder %s", path, filepath.Dir(path))
	}
	return nil
}

// PlotDET writes the detection error trade-off as a picture; the file's ending chooses the format (png, svg, pdf).
func (c *Curve) PlotDET(path, title string) error {
	fmr, fnmr := c.Points()
	points := make(plotter.XYs, 0, len(fmr))
	for i := range fmr {
		x := math.Min(math.Max(fmr[i], lowestRate), highestRate)
		y := math.Min(math.Max(fnmr[i], lowestRate), highestRate)
		points = append(points, plotter.XY{X: x, Y: y})
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return fmt.Errorf("eval: plot: %w", err)
	}
	line.Color = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	line.Width = vg.Points(1.6)
	equal, err := plotter.NewLine(plotter.XYs{{X: 1e-5, Y: 1e-5}, {X: 1e-3, Y: 1e-3}, {X: 0.1, Y: 0.1}, {X: 0.5, Y: 0.5}})
	if err != nil {
		return fmt.Errorf("eval: plot: %w", err)
	}
	equal.Color = color.Gray{Y: 0xb0}
	equal.Dashes = []vg.Length{vg.Points(3), vg.Points(3)}

	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text = "false match rate"
	p.Y.Label.Text = "false non-match rate"
	p.X.Scale, p.Y.Scale = probit{}, probit{}
	marks := rateTicks{1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4}
	p.X.Tick.Marker, p.Y.Tick.Marker = marks, marks
	p.Add(plotter.NewGrid(), equal, line)
	// Adding a line widens the axes to its data, so their ends are set afterwards.
	p.X.Min, p.X.Max = lowestRate, highestRate
	p.Y.Min, p.Y.Max = lowestRate, highestRate
	if err := p.Save(16*vg.Centimeter, 14*vg.Centimeter, path); err != nil {
		return fmt.Errorf("eval: plot %s: %w", path, err)
	}
	return nil
}
