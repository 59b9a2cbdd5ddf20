package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// sample is what the process takes at one time, by its own /metrics and the kernel's /proc.
type sample struct {
	minute     float64 // of this machine's time, since the beginning
	device     float64 // minutes that the device has been up by its own clock
	own        float64 // MiB resident that are the process's alone (RssAnon)
	mapped     float64 // MiB resident of files (RssFile): more and more of the store's file, up to its size, which is no leak
	heap       float64 // MiB on the Go heap, live or not collected yet
	goal       float64 // MiB at which the heap is collected next: what lived at the last collection, and a tenth
	heapSys    float64 // MiB that the heap has taken of the kernel
	stacks     float64 // MiB of stacks
	sys        float64 // MiB of addresses that Go has taken of the kernel for all purposes
	goroutines float64
	threads    float64
	open       float64 // descriptors
}

const mib = 1 << 20

// sampled asks the process.
func (s *site) sampled(pid int, minute float64) sample {
	s.t.Helper()
	metrics := fields(run(s.t, s.Machine, "wget", "-q", "-O", "-", "http://127.0.0.1:8600/metrics"))
	status := fields(run(s.t, s.Machine, "cat", fmt.Sprintf("/proc/%d/status", pid)))
	up := run(s.t, s.Machine, "cut", "-d.", "-f1", "/proc/uptime")
	open := run(s.t, s.Machine, "sh", "-c", fmt.Sprintf("ls /proc/%d/fd | wc -l", pid))
	get := func(from map[string]float64, key string) float64 {
		n, ok := from[key]
		if !ok {
			s.t.Fatalf("umbrald does not tell its %s", key)
		}
		return n
	}
	number := func(text string) float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		return n
	}
	return sample{
		minute: minute, device: number(up) / 60,
		own: get(status, "RssAnon:") / 1024, mapped: get(status, "RssFile:") / 1024,
		heap: get(metrics, "go_memstats_heap_alloc_bytes") / mib, goal: get(metrics, "go_memstats_next_gc_bytes") / mib, heapSys: get(metrics, "go_memstats_heap_sys_bytes") / mib,
		stacks: get(metrics, "go_memstats_stack_inuse_bytes") / mib, sys: get(metrics, "go_memstats_sys_bytes") / mib,
		goroutines: get(metrics, "go_goroutines"),
		threads:    get(metrics, "go_threads"), open: number(open),
	}
}

// fields reads lines of a name and a number.
func fields(text string) map[string]float64 {
	out := map[string]float64{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) >= 2 {
			if n, err := strconv.ParseFloat(f[1], 64); err == nil {
				out[f[0]] = n
			}
		}
	}
	return out
}

func (s sample) String() string {
	return fmt.Sprintf("%5.1f min (device up %.2f min): own %.2f MiB, of files %.2f; heap %.2f, collected at %.2f, of %.2f; stacks %.2f, all that Go took %.2f; %.0f goroutines, %.0f threads, %.0f descriptors",
		s.minute, s.device, s.own, s.mapped, s.heap, s.goal, s.heapSys, s.stacks, s.sys, s.goroutines, s.threads, s.open)
}

// trend is a straight line's slope through measurements, with its two-sided 95 % bounds (least squares, Student's t).
// What is measured here is not independent from one time to the next, so the true uncertainty is somewhat larger.
type trend struct{ slope, low, high float64 }

func trendOf(x, y []float64) trend {
	n := len(x)
	if n < 3 {
		return trend{0, math.Inf(-1), math.Inf(1)}
	}
	at0, slope := stat.LinearRegression(x, y, nil, false)
	var rest, spread float64
	mean := stat.Mean(x, nil)
	for i := range x {
		d := y[i] - at0 - slope*x[i]
		rest += d * d
		spread += (x[i] - mean) * (x[i] - mean)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}.Quantile(0.975)
	half := t * math.Sqrt(rest/float64(n-2)/spread)
	return trend{slope, slope - half, slope + half}
}

func (t trend) String() string { return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", t.slope, t.low, t.high) }

// trendIn is the trend of one figure over another.
func trendIn(samples []sample, x, y func(sample) float64) trend {
	xs, ys := make([]float64, len(samples)), make([]float64, len(samples))
	for i, s := range samples {
		xs[i], ys[i] = x(s), y(s)
	}
	return trendOf(xs, ys)
}

// TestTrend compares with an example worked by hand: x 1…5, y 2, 4, 5, 4, 5 has the slope 0.6, a residual sum of squares of
// 2.4 with 3 degrees of freedom, and so a standard error of sqrt(2.4/3/10) = 0.28284; t(0.975, 3) is 3.18245.
func TestTrend(t *testing.T) {
	got := trendOf([]float64{1, 2, 3, 4, 5}, []float64{2, 4, 5, 4, 5})
	for _, c := range []struct{ got, want float64 }{{got.slope, 0.6}, {got.low, 0.6 - 3.18245*0.28284}, {got.high, 0.6 + 3.18245*0.28284}} {
		if math.Abs(c.got-c.want) > 1e-4 {
			t.Errorf("got %v, wanted %v", c.got, c.want)
		}
	}
	if two := trendOf([]float64{1, 2}, []float64{1, 2}); !math.IsInf(two.high, 1) {
		t.Errorf("two points bound nothing: %v", two)
	}
}
