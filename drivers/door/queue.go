package door

import (
	"context"
	"sync"
)

// Queue holds the events that nobody has fetched yet. When it is full the oldest goes, and the next event to be fetched
// says how many went. The zero Queue is ready.
type Queue struct {
	mu     sync.Mutex
	events [QueueLength]Event
	first  int
	n      int
	lost   int
	wake   chan struct{} // closed when an event arrives; nil while nobody waits
}

// Put adds an event. It never waits.
func (q *Queue) Put(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == QueueLength {
		q.first = (q.first + 1) % QueueLength
		q.n--
		q.lost++
	}
	q.events[(q.first+q.n)%QueueLength] = e
	q.n++
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// Next waits for the oldest event, or returns ctx's error.
func (q *Queue) Next(ctx context.Context) (Event, error) {
	for {
		q.mu.Lock()
		if q.n > 0 {
			e := q.events[q.first]
			q.events[q.first] = Event{}
			q.first = (q.first + 1) % QueueLength
			q.n--
			e.Lost, q.lost = q.lost, 0
			q.mu.Unlock()
			return e, nil
		}
		if q.wake == nil {
			q.wake = make(chan struct{})
		}
		wake := q.wake
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return Event{}, ctx.Err()
		case <-wake:
		}
	}
}
