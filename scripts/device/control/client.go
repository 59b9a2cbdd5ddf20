package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Client is the test's end.
type Client struct {
	base string
	http http.Client
}

// NewClient speaks to a device's Handler at an address of this machine.
func NewClient(address string) *Client {
	return &Client{base: "http://" + address, http: http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	w, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	if w.StatusCode != http.StatusOK {
		defer w.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(w.Body, 4096))
		return nil, fmt.Errorf("device: %s", bytes.TrimSpace(text))
	}
	return w.Body, nil
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer r.Close()
	return json.NewDecoder(r).Decode(out)
}

// Do runs a command and returns what became of it; an exit code is no error.
func (c *Client) Do(ctx context.Context, cmd Command) (Result, error) {
	var r Result
	err := c.call(ctx, http.MethodPost, "/run", cmd, &r)
	return r, err
}

// Run runs a program and returns its output; an exit code other than 0 is an error.
func (c *Client) Run(ctx context.Context, args ...string) (string, error) {
	r, err := c.Do(ctx, Command{Args: args})
	if err == nil && (r.Exit != 0 || r.Error != "") {
		err = fmt.Errorf("device: %s: exit %d %s: %s", strings.Join(args, " "), r.Exit, r.Error, bytes.TrimSpace(r.Output))
	}
	return string(r.Output), err
}

// Start begins a program that goes on; its output goes to /run/NAME.log of the device.
func (c *Client) Start(ctx context.Context, name string, cmd Command) (Process, error) {
	var p Process
	err := c.call(ctx, http.MethodPost, "/start/"+url.PathEscape(name), cmd, &p)
	return p, err
}

// Process says how a program that was started fares, after its end or that time at the latest.
func (c *Client) Process(ctx context.Context, name string, wait time.Duration) (Process, error) {
	var p Process
	err := c.call(ctx, http.MethodGet, "/process/"+url.PathEscape(name)+"?wait="+wait.String(), nil, &p)
	return p, err
}

// Put writes a file of the device.
func (c *Client) Put(ctx context.Context, path string, data []byte) error {
	return c.put(ctx, "/file?path="+url.QueryEscape(path), bytes.NewReader(data))
}

// PutProgram copies a program of this machine into the device.
func (c *Client) PutProgram(ctx context.Context, path, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.put(ctx, "/file?program=1&path="+url.QueryEscape(path), f)
}

func (c *Client) put(ctx context.Context, path string, data io.Reader) error {
	r, err := c.do(ctx, http.MethodPut, path, data)
	if err != nil {
		return err
	}
	return r.Close()
}

// Get reads a file of the device, at most 64 MiB of it.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	r, err := c.do(ctx, http.MethodGet, "/file?path="+url.QueryEscape(path), nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 64<<20))
}
