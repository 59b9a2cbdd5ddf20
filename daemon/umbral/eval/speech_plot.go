package eval

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// maxPanels bounds how many clips one plot shows.
const maxPanels = 48

// PlotSpeech draws one panel a clip: the probability of speaking at both rates, the aperture of the lips, and when speech
// is said to be. The file's ending chooses the format (png, svg, pdf).
func PlotSpeech(path string, traces []SpeechTrace) error {
	traces = traces[:min(len(traces), maxPanels)]
	if len(traces) == 0 {
		return fmt.Errorf("eval: plot %s: there is no clip to draw", path)
	}
	const columns = 3
	rows := (len(traces) + 1 + columns - 1) / columns // the legend has a panel of its own
	grid := make([][]*plot.Plot, rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, columns)
	}
	l := legend{plot.New(), map[string]bool{}}
	l.HideAxes()
	l.Legend.Top, l.Legend.Left = true, true
	for i, t := range traces {
		p, err := t.panel(&l)
		if err != nil {
			return fmt.Errorf("eval: plot: %w", err)
		}
		grid[i/columns][i%columns] = p
	}
	grid[len(traces)/columns][len(traces)%columns] = l.Plot
	ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	canvas, err := draw.NewFormattedCanvas(columns*9*vg.Centimeter, vg.Length(rows)*6*vg.Centimeter, ending)
	if err != nil {
		return fmt.Errorf("eval: plot %s: %w", path, err)
	}
	pad := vg.Points(6)
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: pad, PadY: pad, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}
	for r, line := range plot.Align(grid, tiles, draw.New(canvas)) {
		for c, area := range line {
			if grid[r][c] != nil {
				grid[r][c].Draw(area)
			}
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("eval: plot: %w", err)
	}
	if _, err := canvas.WriteTo(f); err != nil {
		f.Close()
		return fmt.Errorf("eval: plot %s: %w", path, err)
	}
	return f.Close()
}

// legend is a panel that names each kind of line once.
type legend struct {
	*plot.Plot
	named map[string]bool
}

func (l *legend) name(name string, of plot.Thumbnailer) {
	if !l.named[name] {
		l.named[name] = true
		l.Legend.Add(name, of)
	}
}

// panel draws one clip.
func (t *SpeechTrace) panel(names *legend) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = filepath.Base(t.Clip.File)
	p.X.Label.Text = "s"
	p.X.Tick.Marker = plot.TickerFunc(seconds)
	if t.Clip.Labelled {
		area, err := plotter.NewPolygon(plotter.XYs{{X: t.Clip.Start, Y: 0}, {X: t.Clip.End, Y: 0}, {X: t.Clip.End, Y: 1}, {X: t.Clip.Start, Y: 1}})
		if err != nil {
			return nil, err
		}
		area.Color, area.LineStyle.Width = color.RGBA{R: 0xd8, G: 0xea, B: 0xd8, A: 0xff}, 0
		p.Add(area)
		names.name("labelled speech", area)
	}
	add := func(name string, xs, ys []float64, ink color.Color, dashes []vg.Length) error {
		var points plotter.XYs
		for i, y := range ys {
			if !math.IsNaN(y) { // what is not known has no place in a plot
				points = append(points, plotter.XY{X: xs[i], Y: y})
			}
		}
		if len(points) == 0 {
			return nil
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = ink, vg.Points(1.2), dashes
		p.Add(line)
		names.name(name, line)
		return nil
	}
	grid := make([]float64, len(t.Speaking[0]))
	for i := range grid {
		grid[i] = (float64(i) + 0.5) * cellSeconds
	}
	scaled := make([]float64, len(t.Aperture))
	for i, v := range t.Aperture {
		scaled[i] = min(1, v*apertureScale)
	}
	for _, l := range []struct {
		name   string
		xs, ys []float64
		ink    color.Color
		dashes []vg.Length
	}{
		{fmt.Sprintf("%d × aperture ÷ eye distance", apertureScale), t.Seconds, scaled, color.RGBA{R: 0xd0, G: 0x80, B: 0x20, A: 0xff}, nil},
		{"P(speaking)", grid, t.Speaking[0], color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}, nil},
		{"P(speaking), every other frame", grid, t.Speaking[1], color.RGBA{R: 0x80, G: 0x20, B: 0x60, A: 0xff}, []vg.Length{vg.Points(3), vg.Points(2)}},
	} {
		if err := add(l.name, l.xs, l.ys, l.ink, l.dashes); err != nil {
			return nil, err
		}
	}
	// Adding a line widens the axes to its data, so their ends are set afterwards.
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(len(grid))*cellSeconds, 0, 1
	return p, nil
}

// seconds are the ticks of whole seconds; long clips have them further apart.
func seconds(low, high float64) (ticks []plot.Tick) {
	every := math.Max(1, math.Ceil((high-low)/10))
	for v := math.Ceil(low); v <= high; v += every {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprint(v)})
	}
	return ticks
}

// apertureScale brings apertures, up to about 0.15, into the panel.
const apertureScale = 6
