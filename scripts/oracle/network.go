package main

import "umbral/pipeline/models"

// network is one model of the set, as far as the comparison has to know it.
type network struct {
	models.Model
	// shape is that of random inputs; the text models take others too.
	shape []int
	// probabilities names an output that is softmaxed in the graph: it is compared by absolute difference.
	probabilities string
}

// networkOf describes the default model of a role.
func networkOf(role models.Role) network {
	model, err := models.Default().Of(role)
	if err != nil {
		panic(err) // the roles of this program are constants
	}
	n := network{Model: model, shape: []int{1, model.Input.Norm().Order.Planes(), model.Input.Height, model.Input.Width}}
	switch role {
	case models.Detect:
		n.probabilities = model.Outputs["scores"]
	case models.TextDetect:
		n.shape[2], n.shape[3] = 96, 160
	case models.TextRecognise:
		n.shape[3] = 160
		n.probabilities = model.Outputs["characters"]
	case models.TextDirection:
		n.probabilities = model.Outputs["directions"]
	}
	return n
}

// networks are all models of the set, in its order.
func networks() []network {
	var all []network
	for _, model := range models.Default().Models {
		if model.Role != models.TextKeys {
			all = append(all, networkOf(model.Role))
		}
	}
	return all
}

// span is what the model's normalisation makes of black and white.
func (n network) span() (low, high float32) {
	norm := n.Input.Norm()
	return (0 - norm.Mean[0]) * norm.Scale[0], (255 - norm.Mean[0]) * norm.Scale[0]
}

// inference is one run: a network on one input.
type inference struct {
	network network
	source  string // where the input comes from: "random" or a picture
	shape   []int
	data    []float32
}

func (n network) randomRun(seed uint64) inference {
	r := inference{network: n, source: "random", shape: n.shape}
	low, high := n.span()
	switch n.kind() {
	case "strokes":
		r.data = strokes(seed, low, high, n.shape)
	default:
		r.data = noise(seed, low, high, size(n.shape))
	}
	return r
}

// kind of random input: noise, but strokes for the text finder.
func (n network) kind() string {
	if n.Role == models.TextDetect {
		return "strokes"
	}
	return "noise"
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// splitmix64 is a generator of random bits (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014). The golden test has the same, and the same two kinds of input.
type splitmix64 uint64

func (s *splitmix64) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// noise is n numbers from low to high, each from the upper 24 bits of one output.
func noise(seed uint64, low, high float32, n int) []float32 {
	generator := splitmix64(seed)
	values := make([]float32, n)
	for i := range values {
		share := float64(generator.next()>>40) / (1 << 24)
		values[i] = float32(float64(low) + float64((float64(high)-float64(low))*share))
	}
	return values
}

// strokes is a page that a text finder takes for text, where it finds nothing in noise: of every 32 rows, 18 hold cells
// of 2×3 pixels that are low or high by the highest bit of one output, the rest is high; all planes are the same.
func strokes(seed uint64, low, high float32, shape []int) []float32 {
	const line, written, cellWidth, cellHeight = 32, 18, 2, 3
	generator := splitmix64(seed)
	h, w := shape[2], shape[3]
	values := make([]float32, size(shape))
	for i := range values {
		values[i] = high
	}
	for y := 0; y < h; y += cellHeight {
		for x := 0; x < w; x += cellWidth {
			if generator.next()>>63 == 0 {
				continue
			}
			for cy := y; cy < min(y+cellHeight, h); cy++ {
				for cx := x; cx < min(x+cellWidth, w) && cy%line < written; cx++ {
					for plane := range shape[1] {
						values[(plane*h+cy)*w+cx] = low
					}
				}
			}
		}
	}
	return values
}
