package bench

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// inks tell algorithms apart, also for people who don't see all colours (Okabe and Ito, 2008).
var inks = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xb0}, {0xd5, 0x5e, 0x00, 0xb0}, {0x00, 0x9e, 0x73, 0xb0}, {0xcc, 0x79, 0xa7, 0xb0}, {0xe6, 0x9f, 0x00, 0xb0}, {0x56, 0xb4, 0xe9, 0xb0}, {0xf0, 0xe4, 0x42, 0xb0}, {0x33, 0x33, 0x33, 0xb0},
}

// plotFormats are the endings of a picture's file.
var plotFormats = []string{".png", ".svg", ".pdf"}

// CheckPlot says whether PlotRoofline will be able to draw what is measured, before it is.
func (o *Opts) CheckPlot(path string) error {
	if !slices.Contains(plotFormats, strings.ToLower(filepath.Ext(path))) {
		return fmt.Errorf("bench: plot %s: unknown ending, known are %s", path, strings.Join(plotFormats, ", "))
	}
	if !slices.Contains(o.Threads, 1) {
		return errors.New("bench: the plot shows the roofs of one core: measure one thread too (as in 1,2)")
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	return f.Close()
}

// PlotRoofline draws each layer that multiplies, by the operations that it does for each byte and by its speed, under the
// two roofs of one core: what its multipliers do at most and what memory gives at most (Williams et al., "Roofline",
// 2009). A circle's area is the layer's share of its model's time; the costliest of each model is named. A layer above the
// slope reads from caches; one above the flat roof does fewer multiplications than it counts, as Winograd's do. The
// file's ending chooses the format (png, svg, pdf).
func (r *Report) PlotRoofline(path string) error {
	spots := r.spots()
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Layers under the roofs of one core, kernels %s", r.Tier)
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text, p.Y.Label.Text = "arithmetic intensity, FLOP/byte", "speed, GFLOP/s"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{}, powers{}
	p.X.Min, p.X.Max = 0.25, 128
	p.Y.Min, p.Y.Max = 0.5, 1
	for _, s := range spots {
		p.X.Max = max(p.X.Max, 2*s.X)
		p.Y.Max = max(p.Y.Max, s.Y)
	}
	p.Y.Max = 8 * max(p.Y.Max, r.Peak) // the legend stands above the roof
	if err := r.drawRoof(p); err != nil {
		return err
	}
	if err := drawSpots(p, spots); err != nil {
		return err
	}
	if err := p.Save(24*vg.Centimeter, 16*vg.Centimeter, path); err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	return nil
}

func (r *Report) drawRoof(p *plot.Plot) error {
	ridge := r.Peak / r.Bandwidth
	roof, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: math.Max(p.X.Min*r.Bandwidth, p.Y.Min)}, {X: ridge, Y: r.Peak}, {X: p.X.Max, Y: r.Peak}})
	if err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	roof.Width = vg.Points(1.5)
	p.Add(plotter.NewGrid(), roof)
	p.Legend.Add(fmt.Sprintf("measured: %.0f GFLOP/s, %.0f GB/s", r.Peak, r.Bandwidth), roof)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	return nil
}

// spot is a layer's place in the plot.
type spot struct {
	plotter.XY
	algorithm string
	share     float64
	name      string // empty for most
}

// spots are the layers of the runs with one thread that multiply, the costliest first, so that small ones lie on top.
func (r *Report) spots() (list []spot) {
	for i := range r.Results {
		m := &r.Results[i]
		if m.Threads > 1 {
			continue
		}
		first := len(list)
		for _, l := range m.Layers {
			if l.MACs > 0 && l.Micros > 0 {
				list = append(list, spot{plotter.XY{X: l.Intensity, Y: l.GFLOPS}, l.Algorithm, l.Share, ""})
			}
		}
		if own := list[first:]; len(own) > 0 {
			costliest := slices.MaxFunc(own, func(a, b spot) int { return cmp.Compare(a.share, b.share) })
			own[slices.Index(own, costliest)].name = fmt.Sprintf("%s, %.0f %%", m.Model, 100*costliest.share)
		}
	}
	slices.SortStableFunc(list, func(a, b spot) int { return cmp.Compare(b.share, a.share) })
	return list
}

// drawSpots draws the layers in their algorithms' colours; those outside the picture stand at its edge.
func drawSpots(p *plot.Plot, spots []spot) error {
	var names []string
	var labels plotter.XYLabels
	for i := range spots {
		s := &spots[i]
		s.X, s.Y = min(max(s.X, p.X.Min), p.X.Max), min(max(s.Y, p.Y.Min), p.Y.Max)
		if !slices.Contains(names, s.algorithm) {
			names = append(names, s.algorithm)
		}
		if s.name != "" {
			labels.XYs, labels.Labels = append(labels.XYs, s.XY), append(labels.Labels, s.name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		var own []spot
		var points plotter.XYs
		for _, s := range spots {
			if s.algorithm == name {
				own, points = append(own, s), append(points, s.XY)
			}
		}
		scatter, err := plotter.NewScatter(points)
		if err != nil {
			return fmt.Errorf("bench: plot: %w", err)
		}
		style := draw.GlyphStyle{Color: inks[i%len(inks)], Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
		scatter.GlyphStyle = style
		scatter.GlyphStyleFunc = func(i int) draw.GlyphStyle {
			style := style
			style.Radius = vg.Points(1.5 + 20*math.Sqrt(own[i].share))
			return style
		}
		p.Add(scatter)
		p.Legend.Add(name, scatter)
	}
	if len(labels.XYs) == 0 {
		return nil
	}
	apart(labels.XYs)
	written, err := plotter.NewLabels(labels)
	if err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	for i := range written.TextStyle {
		written.TextStyle[i].Font = font.From(plot.DefaultFont, 9)
		written.TextStyle[i].YAlign = text.YCenter
	}
	p.Add(written)
	return nil
}

// Labels closer than this, in doublings to the side and upwards, would cover each other.
const labelWidth, labelHeight = 1.4, 0.34

// apart moves labels that would cover each other down until they don't.
func apart(places plotter.XYs) {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(places[b].Y, places[a].Y) })
	for k, i := range order {
		for moved := true; moved; {
			moved = false
			for _, j := range order[:k] {
				x, y := math.Abs(math.Log2(places[i].X/places[j].X)), math.Log2(places[j].Y/places[i].Y)
				if x < labelWidth && math.Abs(y) < labelHeight-1e-9 {
					places[i].Y = places[j].Y / math.Exp2(labelHeight)
					moved = true
				}
			}
		}
	}
}

// powers marks the powers of two.
type powers struct{}

func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log2(low)); e <= math.Ceil(math.Log2(high)); e++ {
		ticks = append(ticks, plot.Tick{Value: math.Exp2(e), Label: fmt.Sprintf("%g", math.Exp2(e))})
	}
	return ticks
}
