package bench

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed runtime.mjs
var runtimeProgram []byte

// peer is another inference runtime in a process of its own, which runs models when it is told.
type peer struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan []byte
}

// Bounds of the conversation with a peer.
const (
	loadDeadline = 60 * time.Second
	runDeadline  = 60 * time.Second
	maxLine      = 1 << 20
)

// errNoPeer says that there is nothing to compare with.
var errNoPeer = errors.New("bench: onnxruntime is not compared")

// startRuntime starts onnxruntime from the folder that npm installed it in.
func startRuntime(ctx context.Context, folder string) (*peer, error) {
	if _, err := os.Stat(filepath.Join(folder, "node_modules/onnxruntime-node/package.json")); err != nil {
		return nil, fmt.Errorf("%w: no onnxruntime-node in %s (scripts/oracle/run installs it)", errNoPeer, folder)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoPeer, err)
	}
	return startPeer(exec.CommandContext(ctx, node, "--input-type=module", "--eval", string(runtimeProgram), folder))
}

func startPeer(cmd *exec.Cmd) (*peer, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	p := &peer{cmd: cmd, in: in, lines: make(chan []byte, 1)}
	go func() {
		defer close(p.lines)
		s := bufio.NewScanner(out)
		s.Buffer(make([]byte, 4096), maxLine)
		for s.Scan() {
			p.lines <- append([]byte(nil), s.Bytes()...)
		}
	}()
	return p, nil
}

// ask sends a request and reads its answer.
func (p *peer) ask(request, answer any, deadline time.Duration) error {
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("bench: the other runtime: %w", err)
	}
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case <-timer.C:
		return fmt.Errorf("bench: the other runtime did not answer within %v", deadline)
	case line, ok := <-p.lines:
		if !ok {
			return errors.New("bench: the other runtime ended")
		}
		var failure struct{ Error string }
		if err := json.Unmarshal(line, &failure); err != nil {
			return fmt.Errorf("bench: the other runtime answered %.80q: %w", line, err)
		}
		if failure.Error != "" {
			return fmt.Errorf("bench: the other runtime: %s", failure.Error)
		}
		return json.Unmarshal(line, answer)
	}
}

// load prepares a model; the runs that follow are its.
func (p *peer) load(path string, shape []int, threads int) (version string, err error) {
	var answer struct{ Version string }
	request := struct {
		Load    string `json:"load"`
		Shape   []int  `json:"shape"`
		Threads int    `json:"threads"`
	}{path, shape, threads}
	err = p.ask(request, &answer, loadDeadline)
	return answer.Version, err
}

// run runs the model n times and returns each run's time.
func (p *peer) run(n int) ([]time.Duration, error) {
	var answer struct{ Milliseconds []float64 }
	request := struct {
		Run int `json:"run"`
	}{n}
	if err := p.ask(request, &answer, runDeadline); err != nil {
		return nil, err
	}
	if len(answer.Milliseconds) != n {
		return nil, fmt.Errorf("bench: the other runtime gave %d times for %d runs", len(answer.Milliseconds), n)
	}
	times := make([]time.Duration, n)
	for i, ms := range answer.Milliseconds {
		times[i] = time.Duration(ms * float64(time.Millisecond))
	}
	return times, nil
}

// peakMemory is the most memory that the process ever held, in bytes.
func (p *peer) peakMemory() (int64, error) { return peakMemory(p.cmd.Process.Pid) }

// close ends the process.
func (p *peer) close() {
	p.in.Close()
	p.cmd.Process.Kill()
	for range p.lines {
		// What it still said is of no interest; the reader must not wait.
	}
	p.cmd.Wait() // it was killed; how it says so is of no interest either
}
