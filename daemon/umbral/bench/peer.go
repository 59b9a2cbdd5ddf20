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
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	lines  chan []byte
	broken error // why lines was closed, nil where the output has just ended; to be read after that
	stderr tail
}

// Bounds of the conversation with a peer.
const (
	loadDeadline = 60 * time.Second
	runDeadline  = 60 * time.Second
	lastWords    = time.Second // for a process to end whose output has
	maxLine      = 1 << 20
)

// errNoPeer says that there is nothing to compare with.
var errNoPeer = errors.New("bench: onnxruntime is not compared")

// startRuntime starts onnxruntime from the folder that npm installed it in.
func startRuntime(ctx context.Context, folder string) (*peer, error) {
	if _, err := os.Stat(filepath.Join(folder, "node_modules/onnxruntime-node/package.json")); err != nil {
		return nil, fmt.Errorf("%w: no onnxruntime-node in %s (scripts/oracle/install brings it)", errNoPeer, folder)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoPeer, err)
	}
	return startPeer(exec.CommandContext(ctx, node, "--input-type=module", "--eval", string(runtimeProgram), folder))
}

func startPeer(cmd *exec.Cmd) (*peer, error) {
	p := &peer{cmd: cmd, lines: make(chan []byte, 1)}
	cmd.Stderr, cmd.WaitDelay = &p.stderr, lastWords
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if p.out, err = cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	go func() {
		defer close(p.lines)
		s := bufio.NewScanner(p.out)
		s.Buffer(make([]byte, 4096), maxLine)
		for s.Scan() {
			p.lines <- append([]byte(nil), s.Bytes()...)
		}
		p.broken = s.Err()
	}()
	return p, nil
}

// ask sends a request and reads its answer. After an error the peer is of no more use.
func (p *peer) ask(request, answer any, deadline time.Duration) error {
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if _, err := p.in.Write(append(data, '\n')); err != nil {
		return p.ended()
	}
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case <-timer.C:
		return fmt.Errorf("bench: the other runtime did not answer within %v", deadline)
	case line, ok := <-p.lines:
		if !ok {
			return p.ended()
		}
		var failure struct{ Error string }
		if err := json.Unmarshal(line, &failure); err != nil {
			return fmt.Errorf("bench: the other runtime answered %.80q: %w", line, err)
		}
		if failure.Error != "" {
			return fmt.Errorf("bench: the other runtime: %.300s", failure.Error)
		}
		if err := json.Unmarshal(line, answer); err != nil {
			return fmt.Errorf("bench: the other runtime answered %.80q: %w", line, err)
		}
		return nil
	}
}

// ended says how the process ended, and what it said last.
func (p *peer) ended() error {
	p.in.Close()
	kill := time.AfterFunc(lastWords, func() {
		p.cmd.Process.Kill()
		p.out.Close()
	})
	defer kill.Stop()
	for range p.lines {
		// An answer that nobody asked for.
	}
	if p.broken != nil {
		return fmt.Errorf("bench: the other runtime's answer: %w", p.broken)
	}
	err := p.cmd.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	if said := p.stderr.line(); said != "" {
		return fmt.Errorf("bench: the other runtime ended: %w: %s", err, said)
	}
	return fmt.Errorf("bench: the other runtime ended: %w", err)
}

// load prepares a model; the runs that follow are its. Models loaded before stay in memory.
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
		if longest := float64(runDeadline / time.Millisecond); !(ms > 0 && ms <= longest) {
			return nil, fmt.Errorf("bench: the other runtime says that a run took %v ms, possible are more than 0 to %v", ms, longest)
		}
		times[i] = time.Duration(ms * float64(time.Millisecond))
	}
	return times, nil
}

// peakMemory is the most memory that the process ever held, in bytes.
func (p *peer) peakMemory() (int64, error) { return peakMemory(p.cmd.Process.Pid) }

// close ends the process. It is idempotent.
func (p *peer) close() {
	p.in.Close()
	p.cmd.Process.Kill()
	p.out.Close() // or a process that it started could hold the other end open
	for range p.lines {
		// What it still said is of no interest; the reader must not wait.
	}
	p.cmd.Wait() // it was killed; how it says so is of no interest either
}
