package machine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Edge is a change of an output line.
type Edge struct {
	Line int
	High bool
	At   time.Time // when it was read here, a little after it happened
}

// QTest is a connection to QEMU's test interface (softmmu/qtest.c), which sees and drives the lines of a device.
type QTest struct {
	conn    net.Conn
	replies chan string

	mu    sync.Mutex
	edges []Edge
	wake  chan struct{}
}

// maxEdges bounds what is kept; a test takes them.
const maxEdges = 1 << 16

func dialQTest(ctx context.Context, path string) (*QTest, error) {
	c, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	q := &QTest{conn: c, replies: make(chan string, 1), wake: make(chan struct{})}
	go q.read()
	return q, nil
}

func (q *QTest) read() {
	defer close(q.replies)
	lines := bufio.NewScanner(q.conn)
	for lines.Scan() {
		var line int
		text := lines.Text()
		for _, edge := range []struct {
			format string
			high   bool
		}{{"IRQ raise %d", true}, {"IRQ lower %d", false}} {
			if n, _ := fmt.Sscanf(text, edge.format, &line); n == 1 {
				q.mu.Lock()
				if len(q.edges) < maxEdges {
					q.edges = append(q.edges, Edge{line, edge.high, time.Now()})
				}
				close(q.wake)
				q.wake = make(chan struct{})
				q.mu.Unlock()
			}
		}
		if !strings.HasPrefix(text, "IRQ") {
			q.replies <- text
		}
	}
}

func (q *QTest) do(format string, args ...any) error {
	order := fmt.Sprintf(format, args...)
	if _, err := fmt.Fprintln(q.conn, order); err != nil {
		return fmt.Errorf("qtest: %s: %w", order, err)
	}
	select {
	case reply, ok := <-q.replies:
		if !ok || !strings.HasPrefix(reply, "OK") {
			return fmt.Errorf("qtest: %s: %q", order, reply)
		}
		return nil
	case <-time.After(30 * time.Second):
		return fmt.Errorf("qtest: %s: no answer", order)
	}
}

// Watch reports the edges of a device's outputs from now on. QEMU can do this for one device.
func (q *QTest) Watch(path string) error { return q.do("irq_intercept_out %s", path) }

// WatchChip reports the edges of the board's GPIO chip.
func (q *QTest) WatchChip(m *QMP) error {
	path, err := m.Find("pl061")
	if err != nil {
		return err
	}
	return q.Watch(path)
}

// Drive sets an input line of a device.
func (q *QTest) Drive(path string, line int, high bool) error {
	level := 0
	if high {
		level = 1
	}
	return q.do("set_irq_in %s unnamed-gpio-in %d %d", path, line, level)
}

// Edges returns the edges since the last call.
func (q *QTest) Edges() []Edge {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.edges
	q.edges = nil
	return out
}

// Next waits for edges of any line.
func (q *QTest) Next(ctx context.Context) ([]Edge, error) {
	for {
		q.mu.Lock()
		wake := q.wake
		q.mu.Unlock()
		if edges := q.Edges(); len(edges) > 0 {
			return edges, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Wait waits until a line has an edge to that level, and takes all edges up to now.
func (q *QTest) Wait(ctx context.Context, line int, high bool) ([]Edge, error) {
	if _, err := q.Await(ctx, line, high); err != nil {
		return nil, err
	}
	return q.Edges(), nil
}

// Await waits until a line has an edge to that level that nobody took yet, and takes none.
func (q *QTest) Await(ctx context.Context, line int, high bool) (Edge, error) {
	for {
		q.mu.Lock()
		wake := q.wake
		for _, e := range q.edges {
			if e.Line == line && e.High == high {
				q.mu.Unlock()
				return e, nil
			}
		}
		q.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return Edge{}, errors.Join(fmt.Errorf("qtest: line %d did not go %v", line, high), ctx.Err())
		}
	}
}

// Close ends the connection.
func (q *QTest) Close() error { return q.conn.Close() }
