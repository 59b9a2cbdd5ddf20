package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/frames"
	"umbral/daemon/passage"
	"umbral/daemon/rules"
	"umbral/daemon/store"
	"umbral/drivers/camera"
)

// part is something that works until its context ends.
type part struct {
	name string
	run  func(context.Context) error
	// last parts are stopped after all others: they take what the others still say.
	last bool
	// vital parts hold the decision. When one panics nobody knows its state any more, so the terminal ends, inert, and is
	// started again.
	vital bool
}

// Waits between attempts to start a part that failed.
const (
	restartMin = time.Second
	restartMax = 30 * time.Second
)

// errVital ends the terminal: the decision's state can't be relied on.
var errVital = errors.New("terminal: the decision failed; the terminal has to be started again")

// errDamaged ends the terminal: starting again mends the store.
var errDamaged = errors.New("terminal: the store is damaged; starting again goes on from the last good copy")

// supervise runs the parts until ctx ends or the store turns out to be damaged, starting again what fails.
func (t *Terminal) supervise(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// What records the others' last words stops when they have stopped.
	lastCtx, cancelLast := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelLast()
	var first, last sync.WaitGroup
	for _, p := range t.parts(cancel) {
		group, c := &first, ctx
		if p.last {
			group, c = &last, lastCtx
		}
		group.Go(func() { t.keep(c, p, cancel) })
	}
	<-ctx.Done()
	first.Wait()
	cancelLast()
	last.Wait()
	if cause := context.Cause(ctx); errors.Is(cause, errDamaged) || errors.Is(cause, errVital) {
		return cause
	}
	return nil
}

// parts lists what runs. The door comes first: its first act makes the relay inert.
func (t *Terminal) parts(cancel context.CancelCauseFunc) []part {
	list := []part{
		{name: "door", run: t.door.Run},
		{name: "camera", run: t.camera.Run},
		{name: "decision on time", run: t.decider.tickLoop, vital: true},
		{name: "decision on the door", run: t.decider.doorLoop, vital: true},
		{name: "frames", run: t.frameLoop},
		{name: "health", run: func(ctx context.Context) error { return t.healthLoop(ctx, cancel) }},
		{name: "consents", run: t.consentLoop},
		{name: "journal", run: t.decider.commitLoop, last: true, vital: true},
		{name: "store", run: t.store.Run, last: true},
	}
	for _, source := range t.sources.list {
		list = append(list, part{name: source.Kinds().String(), run: func(ctx context.Context) error {
			return source.Run(ctx, t.decider.establish)
		}})
	}
	if t.reviews != nil {
		list = append(list, part{name: "reviews", run: t.reviews.Run})
	}
	if t.local != nil {
		list = append(list, part{name: "local", run: t.local.Run})
	}
	if t.link != nil {
		list = append(list, part{name: "fleet", run: t.link.Run})
	}
	return list
}

// keep runs a part again and again until ctx ends.
func (t *Terminal) keep(ctx context.Context, p part, end context.CancelCauseFunc) {
	wait := restartMin
	for {
		begin := time.Now()
		err := t.panics.guard(p.name, func() error { return p.run(ctx) })
		if panicked := new(errPanic); p.vital && errors.As(err, &panicked) {
			end(errVital)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if time.Since(begin) > restartMax {
			wait = restartMin
		}
		t.log.Error("a part of the terminal ended; it is started again", "part", p.name, "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, restartMax)
	}
}

// frameLoop takes the newest frame, analyses it and lets the machine see the result.
func (t *Terminal) frameLoop(ctx context.Context) error {
	for {
		f, err := t.camera.Frame(ctx)
		if ctx.Err() != nil {
			return nil
		}
		t.pulse.beat()
		if err != nil {
			t.cameraIs(false)
			if errors.Is(err, camera.ErrStalled) {
				continue
			}
			return err
		}
		var frame *passage.Frame
		err = t.panics.guard("frames", func() (err error) {
			frame, err = t.frames.Look(f, t.decider.wants)
			return err
		})
		f.Release()
		if err != nil {
			t.pulse.broken(err)
			if t.unreadable() != nil {
				t.cameraIs(false)
			}
			continue
		}
		t.cameraIs(true)
		begin := time.Now()
		t.decider.observe(passage.Observation{Kind: passage.ObserveFrame, Frame: *frame})
		t.watch.Add(frames.Decide, time.Since(begin))
		t.pulse.frame()
	}
}

// cameraIs tells the machine when frames begin or cease to come.
func (t *Terminal) cameraIs(up bool) {
	if t.pulse.camera(up) {
		t.decider.observe(passage.Observation{Kind: passage.ObserveCamera, Up: up})
	}
}

// unreadable is why frames that come have not been analysed for as long as a camera may be silent; nil while they are.
func (t *Terminal) unreadable() error {
	p := t.pulse
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing.IsZero() || time.Since(p.failing) < t.cfg.Camera.StallTimeout {
		return nil
	}
	return p.lastErr
}

// pulse is what the watchdog and the page know of the frame loop.
type pulse struct {
	mu      sync.Mutex
	beaten  time.Time // the loop went round
	framed  time.Time // a frame was analysed
	up      bool
	told    bool
	failed  uint64    // frames that could not be analysed
	failing time.Time // the first of them after the last frame that could be; zero if there is none
	lastErr error
}

func (p *pulse) beat() {
	p.mu.Lock()
	p.beaten = time.Now()
	p.mu.Unlock()
}

func (p *pulse) frame() {
	p.mu.Lock()
	p.framed, p.failing = time.Now(), time.Time{}
	p.mu.Unlock()
}

func (p *pulse) broken(err error) {
	p.mu.Lock()
	p.failed++
	p.lastErr = err
	if p.failing.IsZero() {
		p.failing = time.Now()
	}
	p.mu.Unlock()
}

// camera notes whether frames come and returns whether that is news.
func (p *pulse) camera(up bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := !p.told || p.up != up
	p.up, p.told = up, true
	return news
}

func (p *pulse) read() (beaten, framed time.Time, failed uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.beaten, p.framed, p.failed, p.lastErr
}

// healthEvery is how often conditions are looked at.
const healthEvery = 500 * time.Millisecond

// healthLoop keeps the list of conditions and the system's watchdog.
func (t *Terminal) healthLoop(ctx context.Context, cancel context.CancelCauseFunc) error {
	dog := newWatchdog()
	dog.ready()
	defer dog.stopping()
	ticker := time.NewTicker(healthEvery)
	defer ticker.Stop()
	for {
		t.look()
		if s := t.store.Status(); errors.Is(s.Fault, store.ErrDamaged) || errors.Is(s.CopyFault, store.ErrDamaged) {
			cancel(errDamaged)
			return nil
		}
		if t.alive() {
			dog.pet()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// look sets and clears the conditions.
func (t *Terminal) look() {
	s := t.store.Status()
	t.journal.EndOutage()
	fault := s.Fault
	if fault == nil {
		fault = t.journal.Fault()
	}
	t.health.put(conditionJournal, errorText("The journal can't be written, so nobody can pass: ", fault))
	t.health.put(conditionCopy, errorText("The store's copy could not be made: ", s.CopyFault))
	c := t.camera.Stats()
	text := errorText("The camera's pictures can't be read: ", t.unreadable())
	if c.State != camera.Streaming {
		text = strings.TrimSpace("The camera gives no pictures (" + c.State.String() + "). " + c.Text)
	}
	t.health.put(conditionCamera, text)
	d := t.door.State()
	text = ""
	if d.Fault != "" {
		text = "The door's hardware does not answer: " + d.Fault
	}
	t.health.put(conditionDoor, text)
	if f := t.sources.fingers; f != nil {
		kind := conditionFinger
		if rules.FingerRequired(t.cfg.Passage.Policy) {
			kind = conditionFingers
		}
		t.health.put(kind, f.Fault())
	}
	if t.link != nil {
		t.putLinkConditions(t.link.Stats(), s.Pending, time.Now())
	}
	t.health.put(conditionPanic, t.panics.text())
	text = ""
	if _, trust := t.clock.Read(); trust == policy.TrustUnknown {
		text = "Nothing vouches for the clock: commands are refused where they need it."
	}
	t.health.put(conditionClock, text)
	t.health.put(conditionUnread, errorText("Whether a time daemon keeps the clock can't be found out, so it counts as kept by none: ", t.clock.Fault()))
	text = ""
	if t.gallery.People() == 0 {
		text = "Nobody is enrolled."
	}
	t.health.put(conditionEmpty, text)
}

func errorText(prefix string, err error) string {
	if err == nil {
		return ""
	}
	return prefix + err.Error()
}

// loopLimit is how long the frame loop may take for one round before it counts as hanging.
const loopLimit = 15 * time.Second

// alive says that the terminal does its work, or can say why not. A camera that is away or sends garbage, or a full disk,
// is no reason to be restarted; a loop that hangs is.
func (t *Terminal) alive() bool {
	beaten, framed, _, _ := t.pulse.read()
	if time.Since(beaten) > loopLimit && time.Since(t.clock.Start) > loopLimit {
		return false
	}
	if t.camera.Stats().State == camera.Streaming && t.unreadable() == nil && time.Since(framed) > loopLimit && time.Since(t.clock.Start) > loopLimit {
		return false
	}
	err := t.store.Probe()
	return err == nil || errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrReadOnly)
}

// status is the answer to the fleet's status command.
func (t *vitals) status() any {
	c, s := t.camera.Stats(), t.store.Status()
	p50, p95, frames := t.watch.Percentiles(frames.WholeFrame)
	conditions := []map[string]string{}
	for _, k := range t.health.shown() {
		conditions = append(conditions, map[string]string{"code": k.code, "severity": string(k.severity), "text": k.text})
	}
	return map[string]any{
		"version": Version, "uptime_s": int64(time.Since(t.clock.Start) / time.Second), "boot": t.boot,
		"camera":     map[string]any{"state": c.State.String(), "fps": c.FPS, "dropped": c.Dropped},
		"frame":      map[string]any{"count": frames, "p50_ms": milliseconds(p50), "p95_ms": milliseconds(p95)},
		"store":      map[string]any{"entries": s.Entries, "pending": s.Pending, "people": s.People},
		"conditions": conditions,
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// residentBytes is the process's resident memory (proc(5), /proc/self/statm), 0 where it can't be read.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}
