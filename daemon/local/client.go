package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// ErrNotRunning means that no terminal listens on the socket.
var ErrNotRunning = errors.New("the terminal is not running")

// maxAnswer bounds what a client reads.
const maxAnswer = 64 << 20

// Client speaks to a terminal on this machine.
type Client struct {
	http http.Client
}

// NewClient makes a client of the terminal that listens on the unix socket.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "unix", socket)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("%w (nobody listens on %s)", ErrNotRunning, socket)
		}
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("%s: permission denied: run as root or as a member of the terminal's group", socket)
		}
		return c, err
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, ResponseHeaderTimeout: time.Minute}}}
}

// do sends a request and decodes the answer, or the error that it carries.
func (c *Client) do(ctx context.Context, method, path string, body, to any) error {
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(to); err != nil {
		return fmt.Errorf("local: the terminal's answer: %w", err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("local: %w", err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://terminal"+path, content)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, err
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	var f Failure
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&f); err != nil || f.Text == "" {
		return nil, fmt.Errorf("local: the terminal answers %s", response.Status)
	}
	return nil, &answered{f}
}

// answered is an error that the terminal answered with. It is ErrUnknown or ErrRefused where the terminal's was.
type answered struct{ Failure }

func (a *answered) Error() string {
	text := strings.TrimPrefix(a.Text, ErrRefused.Error()+": ")
	if a.Hint != "" {
		text += " (" + a.Hint + ")"
	}
	return text
}

func (a *answered) Is(target error) bool {
	return target == ErrUnknown && a.Code == codeUnknown || target == ErrRefused && a.Code == codeRefused
}

// State asks how the terminal is.
func (c *Client) State(ctx context.Context) (s State, err error) {
	return s, c.do(ctx, http.MethodGet, "/api/v1/state", nil, &s)
}

// People asks who is enrolled.
func (c *Client) People(ctx context.Context) (list []Person, err error) {
	return list, c.do(ctx, http.MethodGet, "/api/v1/people", nil, &list)
}

// Person asks for one person.
func (c *Client) Person(ctx context.Context, id string) (p Person, err error) {
	return p, c.do(ctx, http.MethodGet, "/api/v1/people/"+url.PathEscape(id), nil, &p)
}

// Erase destroys a person's references.
func (c *Client) Erase(ctx context.Context, id, reason string) (e Erased, err error) {
	return e, c.do(ctx, http.MethodDelete, "/api/v1/people/"+url.PathEscape(id)+"?reason="+url.QueryEscape(reason), nil, &e)
}

// Export asks for everything that is held about a person.
func (c *Client) Export(ctx context.Context, id string) (e Export, err error) {
	return e, c.do(ctx, http.MethodGet, "/api/v1/people/"+url.PathEscape(id)+"/export", nil, &e)
}

// Enrol enrols from pictures.
func (c *Client) Enrol(ctx context.Context, r EnrolRequest) (e Enrolled, err error) {
	return e, c.do(ctx, http.MethodPost, "/api/v1/enroll", r, &e)
}

// EnrolLive enrols from the terminal's camera.
func (c *Client) EnrolLive(ctx context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error) {
	return c.stepwise(ctx, "/api/v1/enroll/live", r, progress)
}

// EnrolFinger enrols a finger at the terminal's sensor.
func (c *Client) EnrolFinger(ctx context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error) {
	return c.stepwise(ctx, "/api/v1/enroll/finger", r, progress)
}

// stepwise follows an enrolment that tells what the person should do.
func (c *Client) stepwise(ctx context.Context, path string, r EnrolRequest, progress func(Progress)) (Enrolled, error) {
	response, err := c.send(ctx, http.MethodPost, path, r)
	if err != nil {
		return Enrolled{}, err
	}
	defer response.Body.Close()
	for d := json.NewDecoder(response.Body); ; {
		var p Progress
		if err := d.Decode(&p); err != nil {
			return Enrolled{}, fmt.Errorf("local: the enrolment was cut short: %w", err)
		}
		switch {
		case p.Error != "":
			return Enrolled{}, errors.New(p.Error)
		case p.Enrolled != nil:
			return *p.Enrolled, nil
		}
		progress(p)
	}
}

// Issue asks for the credential of somebody whom the terminal has proofed.
func (c *Client) Issue(ctx context.Context, enrolment string) (string, error) {
	var answer Issuance
	err := c.do(ctx, http.MethodPost, "/api/v1/issue", Issuance{Enrolment: enrolment}, &answer)
	return answer.Credential, err
}

// Link makes a link to a page with what is personal on it: "page" for a technician, "screen" for the gate's own screen.
func (c *Client) Link(ctx context.Context, name string) (Link, error) {
	var l Link
	err := c.do(ctx, http.MethodPost, "/api/v1/link?for="+url.QueryEscape(name), nil, &l)
	return l, err
}
