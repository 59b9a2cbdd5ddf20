package nn_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
)

// Programs that share an arena compute the same as with one of their own, in whatever order they run, also when several
// goroutines call them; and all together take no more than they say.
func TestProgramsShareAnArena(t *testing.T) {
	arena, err := nn.NewArena(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	type pair struct {
		shared *nn.Program
		output string
		want   []float32
	}
	var pairs []pair
	var sum, own int64
	before := arena.Bytes()
	for _, m := range benchmarkModels[:6] {
		alone := compiled(t, m.file, m.shapes, nil, "")
		if err := alone.Run(); err != nil {
			t.Fatal(err)
		}
		model, err := nn.Open(pathstest.Model(t, m.file), nn.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		shared, err := model.Compile(nn.Options{Arena: arena})
		if err != nil {
			t.Fatal(err)
		}
		name := model.Inputs()[0].Name
		from, err := alone.Input(name)
		if err != nil {
			t.Fatal(err)
		}
		to, err := shared.Input(name)
		if err != nil {
			t.Fatal(err)
		}
		copy(to, from)
		p := pair{shared: shared, output: model.Outputs()[0].Name}
		want, _, err := alone.Output(p.output)
		if err != nil {
			t.Fatal(err)
		}
		p.want = slices.Clone(want)
		pairs = append(pairs, p)
		sum, own = sum+shared.Budget().Arena, own+alone.Budget().Arena
	}
	if got := arena.Bytes() - before; got != sum {
		t.Errorf("the programs take %d bytes of the arena, their budgets say %d", got, sum)
	}
	if sum > own/2+own/10 {
		t.Errorf("%d bytes together, %d with an arena each", sum, own)
	}
	var group sync.WaitGroup
	for i := range pairs {
		p := &pairs[i]
		group.Go(func() {
			for range 3 {
				if err := p.shared.Run(); err != nil {
					t.Error(err)
				}
				if got, _, err := p.shared.Output(p.output); err != nil || !slices.Equal(got, p.want) {
					t.Errorf("program %d: another result in a shared arena (%v)", i, err)
				}
			}
		})
	}
	group.Wait()
}

// Programs that are used in turns, input to output, may share their inputs and outputs as well.
func TestTransientArena(t *testing.T) {
	lasting, err := nn.NewArena(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	transient, err := nn.NewArena(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	transient.Transient = true
	models := benchmarkModels[:4]
	programs := map[*nn.Arena][]*nn.Program{}
	var inputs, outputs []string
	for _, arena := range []*nn.Arena{lasting, transient} {
		for _, m := range models {
			model, err := nn.Open(pathstest.Model(t, m.file), nn.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			p, err := model.Compile(nn.Options{Arena: arena, Shapes: m.shapes})
			if err != nil {
				t.Fatal(err)
			}
			programs[arena] = append(programs[arena], p)
			inputs, outputs = append(inputs, model.Inputs()[0].Name), append(outputs, model.Outputs()[0].Name)
		}
	}
	if l, s := lasting.Bytes(), transient.Bytes(); s >= l {
		t.Errorf("transient inputs and outputs take %d bytes, lasting ones %d", s, l)
	}
	run := func(arena *nn.Arena, i, turn int) []float32 {
		t.Helper()
		p := programs[arena][i]
		v, err := p.Input(inputs[i])
		if err != nil {
			t.Fatal(err)
		}
		for k := range v {
			v[k] = float32((k*7+turn*13)%251) / 251
		}
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		out, _, err := p.Output(outputs[i])
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out)
	}
	for turn := range 3 {
		for i := range models {
			if want, got := run(lasting, i, turn), run(transient, i, turn); !slices.Equal(got, want) {
				t.Errorf("turn %d, program %d: another result", turn, i)
			}
		}
	}
}

func TestArenaIsBounded(t *testing.T) {
	for _, bytes := range []int64{-1, 0, 1<<20 - 1, 1<<30 + 1} {
		if _, err := nn.NewArena(bytes); err == nil {
			t.Errorf("an arena of %d bytes was made", bytes)
		}
	}
	arena, err := nn.NewArena(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	model, err := nn.Open(pathstest.Model(t, "fr_detect.onnx"), nn.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.Compile(nn.Options{Arena: arena}); !errors.Is(err, nn.ErrUnsupported) {
		t.Errorf("a model of 4 MiB in an arena of 1 MiB: %v", err)
	}
}
