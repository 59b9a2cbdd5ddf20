package bench

import "math"

// Report is everything that was measured.
type Report struct {
	Tier      string      `json:"tier"`
	Peak      float64     `json:"peak_gflops"`       // of one core
	Bandwidth float64     `json:"bandwidth_gb_s"`    // one core reading memory
	Runtime   string      `json:"runtime,omitempty"` // version of onnxruntime
	Missing   string      `json:"missing,omitempty"` // why some or all models are not compared
	Results   []Result    `json:"results"`
	Memory    []Footprint `json:"memory,omitempty"`
}

// Result is one model's speed with one number of threads. Times are in milliseconds.
type Result struct {
	Model   string  `json:"model"`
	Threads int     `json:"threads"`
	Tier    string  `json:"tier"`
	MACs    int64   `json:"macs"`
	Millis  float64 `json:"ms"`      // median of the turns' medians
	Low     float64 `json:"ms_low"`  // the fastest turn
	High    float64 `json:"ms_high"` // the slowest
	GFLOPS  float64 `json:"gflops"`
	Peak    float64 `json:"peak_gflops"` // of as many cores, measured in the same turns
	OfPeak  float64 `json:"of_peak"`
	// Of onnxruntime in the same turns; 0 where it is not compared.
	RuntimeMillis float64 `json:"runtime_ms,omitempty"`
	RuntimeLow    float64 `json:"runtime_ms_low,omitempty"`
	RuntimeHigh   float64 `json:"runtime_ms_high,omitempty"`
	// Ratio is the time of Umbral ÷ the time of onnxruntime: median, least and most over the turns.
	Ratio     float64 `json:"ratio,omitempty"`
	RatioLow  float64 `json:"ratio_low,omitempty"`
	RatioHigh float64 `json:"ratio_high,omitempty"`
	Layers    []Layer `json:"layers,omitempty"`
}

// MeanRatio is the geometric mean of the ratios with a number of threads, and of how many models.
func (r *Report) MeanRatio(threads int) (mean float64, models int) {
	sum := 0.0
	for i := range r.Results {
		if m := &r.Results[i]; m.Threads == threads && m.Ratio > 0 {
			sum += math.Log(m.Ratio)
			models++
		}
	}
	if models == 0 {
		return 0, 0
	}
	return math.Exp(sum / float64(models)), models
}
