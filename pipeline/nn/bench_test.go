package nn_test

import (
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
)

// benchmarkModels are the models at the sizes in which terminals use them.
var benchmarkModels = []struct {
	file   string
	shapes map[string][]int
}{
	{"fr_detect.onnx", nil},
	{"fr_landmark.onnx", nil},
	{"fr_feature.onnx", nil},
	{"fr_liveness.onnx", nil},
	{"fr_pose.onnx", nil},
	{"fr_eye.onnx", nil},
	{"ch_PP-OCRv4_det_infer.onnx", map[string][]int{"x": {1, 3, 608, 960}}},
	{"ch_PP-OCRv4_rec_infer.onnx", map[string][]int{"x": {1, 3, 48, 320}}},
	{"ch_ppocr_mobile_v2.0_cls_infer.onnx", map[string][]int{"x": {1, 3, 48, 192}}},
}

func compiled(t testing.TB, file string, shapes map[string][]int, pool *nn.Pool, tier string) *nn.Program {
	t.Helper()
	model, err := nn.Open(pathstest.Model(t, file), nn.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	program, err := model.Compile(nn.Options{Shapes: shapes, Pool: pool, Tier: tier})
	if err != nil {
		t.Fatal(err)
	}
	for i := range model.Inputs() {
		in, err := program.Input(model.Inputs()[i].Name)
		if err != nil {
			t.Fatal(err)
		}
		for k := range in {
			in[k] = float32(k%17)/17 - 0.5
		}
	}
	return program
}

func BenchmarkModel(b *testing.B) {
	for _, m := range benchmarkModels {
		for _, threads := range []int{1, 2} {
			b.Run(m.file+"/threads="+string(rune('0'+threads)), func(b *testing.B) {
				pool := nn.NewPool(threads)
				defer pool.Close()
				program := compiled(b, m.file, m.shapes, pool, "")
				var macs int64
				for _, l := range program.Layers() {
					macs += l.MACs
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := program.Run(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}

// A run allocates nothing, with one thread or several.
func TestRunAllocatesNothing(t *testing.T) {
	for _, m := range benchmarkModels {
		pool := nn.NewPool(2)
		program := compiled(t, m.file, m.shapes, pool, "")
		if n := testing.AllocsPerRun(3, func() {
			if err := program.Run(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a run", m.file, n)
		}
		pool.Close()
	}
}
