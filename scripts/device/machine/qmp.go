package machine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// dial connects to a socket that QEMU is about to make.
func dial(ctx context.Context, path string) (net.Conn, error) {
	for {
		c, err := net.Dial("unix", path)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// QMP is a connection to QEMU's control (docs/interop/qmp-spec). Events are not kept.
type QMP struct {
	mu   sync.Mutex
	conn net.Conn
	in   *json.Decoder
}

func dialQMP(ctx context.Context, path string) (*QMP, error) {
	c, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	q := &QMP{conn: c, in: json.NewDecoder(bufio.NewReader(c))}
	var greeting json.RawMessage
	if err := q.in.Decode(&greeting); err != nil {
		return nil, err
	}
	return q, q.Do("qmp_capabilities", nil, nil)
}

// Do runs a command; result may be nil.
func (q *QMP) Do(command string, arguments, result any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.conn.SetDeadline(time.Now().Add(30 * time.Second))
	order := map[string]any{"execute": command}
	if arguments != nil {
		order["arguments"] = arguments
	}
	if err := json.NewEncoder(q.conn).Encode(order); err != nil {
		return fmt.Errorf("qmp: %s: %w", command, err)
	}
	for {
		var reply struct {
			Event  string
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := q.in.Decode(&reply); err != nil {
			return fmt.Errorf("qmp: %s: %w", command, err)
		}
		switch {
		case reply.Event != "":
		case reply.Error != nil:
			return fmt.Errorf("qmp: %s: %s", command, reply.Error.Desc)
		case result != nil:
			return json.Unmarshal(reply.Return, result)
		default:
			return nil
		}
	}
}

// Find returns the path of the board's device of a type, such as "pl061".
func (q *QMP) Find(kind string) (string, error) {
	const folder = "/machine/unattached"
	var list []struct{ Name, Type string }
	if err := q.Do("qom-list", map[string]string{"path": folder}, &list); err != nil {
		return "", err
	}
	for _, e := range list {
		if e.Type == "child<"+kind+">" {
			return folder + "/" + e.Name, nil
		}
	}
	return "", fmt.Errorf("qmp: the board has no %s", kind)
}

// Close ends the connection.
func (q *QMP) Close() error { return q.conn.Close() }
