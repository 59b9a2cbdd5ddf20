package bench

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// inks tell algorithms apart, also for people who don't see all colours (Okabe and Ito, 2008).
var inks = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
}

// PlotRoofline draws each layer that multiplies, by the operations that it does for each byte and by its speed, under the
// two roofs of one core: what its multipliers do at most and what memory gives at most (Williams et al., "Roofline",
// 2009). A layer above the slope reads from caches; one above the flat roof does fewer multiplications than it counts,
// as Winograd's do. The file's ending chooses the format (png, svg, pdf).
func (r *Report) PlotRoofline(path string) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Layers of %d runs under the roofs of one core, kernels %s", len(r.Results), r.Tier)
	p.X.Label.Text, p.Y.Label.Text = "operations a byte", "GFLOP/s"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{}, powers{}
	p.X.Min, p.X.Max = 0.25, 512
	p.Y.Min, p.Y.Max = 1, math.Max(2.5*r.Peak, 2)
	ridge := r.Peak / r.Bandwidth
	roof, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: math.Max(p.X.Min*r.Bandwidth, p.Y.Min)}, {X: ridge, Y: r.Peak}, {X: p.X.Max, Y: r.Peak}})
	if err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	roof.Width = vg.Points(1.5)
	p.Add(plotter.NewGrid(), roof)
	p.Legend.Add(fmt.Sprintf("%.0f GFLOP/s, %.0f GB/s", r.Peak, r.Bandwidth), roof)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)

	points := map[string]plotter.XYs{}
	for _, m := range r.Results {
		if m.Threads > 1 {
			continue
		}
		for _, l := range m.Layers {
			if l.MACs > 0 && l.Micros > 0 {
				x := math.Min(math.Max(l.Intensity, p.X.Min), p.X.Max)
				y := math.Min(math.Max(l.GFLOPS, p.Y.Min), p.Y.Max)
				points[l.Algorithm] = append(points[l.Algorithm], plotter.XY{X: x, Y: y})
			}
		}
	}
	var names []string
	for name := range points {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		s, err := plotter.NewScatter(points[name])
		if err != nil {
			return fmt.Errorf("bench: plot: %w", err)
		}
		s.GlyphStyle = draw.GlyphStyle{Color: inks[i%len(inks)], Radius: vg.Points(2.2), Shape: draw.CircleGlyph{}}
		p.Add(s)
		p.Legend.Add(name, s)
	}
	if err := p.Save(18*vg.Centimeter, 12*vg.Centimeter, path); err != nil {
		return fmt.Errorf("bench: plot: %w", err)
	}
	return nil
}

// powers marks the powers of two.
type powers struct{}

func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log2(low)); e <= math.Ceil(math.Log2(high)); e++ {
		ticks = append(ticks, plot.Tick{Value: math.Exp2(e), Label: fmt.Sprintf("%g", math.Exp2(e))})
	}
	return ticks
}
