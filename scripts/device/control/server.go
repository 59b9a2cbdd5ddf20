package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// server is the device's end.
type server struct {
	mu        sync.Mutex
	processes map[string]*process
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Handler returns the device's end.
func Handler() http.Handler {
	s := &server{processes: map[string]*process{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /run", s.run)
	mux.HandleFunc("POST /start/{name}", s.start)
	mux.HandleFunc("GET /process/{name}", s.process)
	mux.HandleFunc("PUT /file", s.put)
	mux.HandleFunc("GET /file", s.get)
	return mux
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func commandOf(ctx context.Context, r io.Reader) (*exec.Cmd, Command, error) {
	var c Command
	if err := json.NewDecoder(r).Decode(&c); err != nil {
		return nil, c, err
	}
	if len(c.Args) == 0 {
		return nil, c, errors.New("no program named")
	}
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin = bytes.NewReader(c.Input)
	return cmd, c, nil
}

// tail keeps the end of what is written to it.
type tail struct{ bytes.Buffer }

func (t *tail) Write(b []byte) (int, error) {
	if t.Len() > maxOutput {
		t.Next(t.Len() / 2)
	}
	return t.Buffer.Write(b)
}

func (s *server) run(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	cmd, c, err := commandOf(ctx, r.Body)
	if err != nil {
		answer(w, nil, err)
		return
	}
	limit := c.Limit
	if limit <= 0 {
		limit = time.Minute
	}
	defer time.AfterFunc(limit, cancel).Stop()
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	begin := time.Now()
	err = cmd.Run()
	result := Result{Output: out.Bytes(), Took: time.Since(begin)}
	if err != nil {
		result.Exit, result.Error = -1, err.Error()
	}
	if state := cmd.ProcessState; state != nil {
		result.Exit, result.CPU = state.ExitCode(), state.UserTime()+state.SystemTime()
	}
	answer(w, result, nil)
}

// start begins a program whose output goes to /run/NAME.log.
func (s *server) start(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	cmd, _, err := commandOf(context.Background(), r.Body)
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.processes[name]; p != nil {
		select {
		case <-p.done:
		default:
			answer(w, nil, fmt.Errorf("%s runs already", name))
			return
		}
	}
	log, err := os.OpenFile("/run/"+name+".log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		answer(w, nil, err)
		return
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		answer(w, nil, err)
		return
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	s.processes[name] = p
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	answer(w, Process{PID: cmd.Process.Pid, Running: true}, nil)
}

// process says how a started program fares. With wait=DURATION it waits for its end for so long.
func (s *server) process(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.processes[r.PathValue("name")]
	s.mu.Unlock()
	if p == nil {
		answer(w, nil, errors.New("no such program was started"))
		return
	}
	wait, _ := time.ParseDuration(r.FormValue("wait"))
	state := Process{PID: p.cmd.Process.Pid}
	select {
	case <-p.done:
		state.Exit = p.cmd.ProcessState.ExitCode()
		if p.err != nil {
			state.Error = p.err.Error()
		}
	case <-time.After(wait):
		state.Running = true
	}
	answer(w, state, nil)
}

func (s *server) put(w http.ResponseWriter, r *http.Request) {
	path := r.FormValue("path")
	perm := os.FileMode(0o644)
	if r.FormValue("program") != "" {
		perm = 0o755
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, perm); err == nil {
			_, err = io.Copy(f, r.Body)
			err = errors.Join(err, f.Close())
		}
	}
	answer(w, struct{}{}, err)
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	f, err := os.Open(r.FormValue("path"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	defer f.Close()
	io.Copy(w, f)
}
