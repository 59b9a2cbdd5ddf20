package terminal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"umbral/config"
	"umbral/daemon/clock"
	"umbral/daemon/enrolment"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/evidence/lists"
	"umbral/daemon/frames"
	"umbral/daemon/store"
	"umbral/pipeline/gallery"
	"umbral/pipeline/nn"
)

// BudgetLine is one part's memory in bytes.
type BudgetLine struct {
	Part  string     `json:"part"`
	Bytes int64      `json:"bytes"`
	Model *nn.Budget `json:"model,omitempty"` // of a model: what it is made of
}

// Budget is what a terminal of this configuration takes.
type Budget struct {
	Lines []BudgetLine `json:"lines"`
	Sum   int64        `json:"sum"`
	Limit int64        `json:"limit"`
}

// programBytes is the program itself, as measured in the demo: 12 MiB of code that runs, 6 of Go's runtime for a heap of
// this size, and 6 of small things and of what waits for the collector.
const programBytes = 24 << 20

// storePerMiB is what the store keeps beside its file's pages, which the kernel can take back: bbolt's free list and one
// transaction.
const storePerMiB = 48 << 10

// addModel adds what a model takes, with what it is made of.
func (b *Budget) addModel(part string, m nn.Budget) {
	b.add(part, m.Sum())
	b.Lines[len(b.Lines)-1].Model = &m
}

// add adds a part, unless it takes nothing.
func (b *Budget) add(part string, bytes int64) {
	if bytes == 0 {
		return
	}
	b.Lines = append(b.Lines, BudgetLine{Part: part, Bytes: bytes})
	b.Sum += bytes
}

// check refuses a sum above the limit, and shows it.
func (b *Budget) check() error {
	if b.Sum <= b.Limit {
		return nil
	}
	return fmt.Errorf("terminal: the configuration takes %.1f MiB, terminal.memory_mib allows %d:\n%s", mib(b.Sum), b.Limit>>20, b)
}

// String is a table.
func (b *Budget) String() string {
	var s strings.Builder
	for _, l := range b.Lines {
		fmt.Fprintf(&s, "  %-28s %8.1f MiB", l.Part, mib(l.Bytes))
		if m := l.Model; m != nil {
			fmt.Fprintf(&s, "  (weights %.2f, packed %.2f, arena %.2f, scratch %.2f)", mib(m.Weights), mib(m.Packed), mib(m.Arena), mib(m.Scratch))
		}
		s.WriteByte('\n')
	}
	fmt.Fprintf(&s, "  %-28s %8.1f MiB of %d\n", "sum", mib(b.Sum), b.Limit>>20)
	return s.String()
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// BudgetOf states the memory of a configuration without opening camera or store.
func BudgetOf(cfg config.Config) (_ *Budget, err error) {
	var opened closers
	defer func() { err = errors.Join(err, opened.close()) }()
	m, err := frames.Open(&cfg, frames.ModelsDir(&cfg))
	if err != nil {
		return nil, err
	}
	opened.add(func() error { m.Close(); return nil })
	c, err := openCamera(&cfg.Camera)
	if err != nil {
		return nil, err
	}
	opened.add(c.Halt)
	s, err := newSources(sourceOpts{
		cfg: &cfg, models: m, register: new(enrolment.Register), claims: new(evidence.Claims), shelf: bare{}, fingers: bare{},
		clock: clock.New(cfg.Clock.NTP, cfg.Clock.MaxDrift), log: slog.New(slog.DiscardHandler), opened: &opened,
	})
	if err != nil {
		return nil, err
	}
	pictures := frames.NewCloseup(cfg.Remote.Send == "picture" || cfg.Review.Pictures)
	return budgetOf(&cfg, m, c.Stats().PoolBytes, s, pictures), nil
}

// bare is a store that holds nothing.
type bare struct{}

func (bare) List(string) ([]byte, bool, error)                   { return nil, false, lists.ErrNone }
func (bare) Put(string, ed25519.PublicKey, uint64, []byte) error { return store.ErrReadOnly }
func (bare) Bind(string, ed25519.PublicKey) error                { return store.ErrReadOnly }
func (bare) Suspended(string) (bool, error)                      { return false, nil }
func (bare) Of(string) ([]finger.Record, error)                  { return nil, nil }
func (bare) Each(func(id string, r finger.Record) error) error   { return nil }

// budgetOf states what the parts take. Models and sources of evidence are asked for what they hold; the rest follows from
// the configuration.
func budgetOf(cfg *config.Config, m *frames.Models, framePool int64, s *sources, c *frames.Closeup) *Budget {
	b := &Budget{Limit: int64(cfg.Terminal.MemoryMiB) << 20}
	for _, stage := range m.Stages() {
		b.addModel(fmt.Sprintf("model %s", stage.Role), stage.Budget())
	}
	if s.cards != nil {
		b.addModel("models of text", s.cards.Budget())
	}
	for _, source := range s.list {
		b.add(source.Kinds().String(), source.Bytes())
	}
	pixels := int64(cfg.Camera.Width * cfg.Camera.Height)
	// The pool is empty until the camera streams, so the size asked for counts, in the format that takes most (YUYV).
	b.add("frame pool", max(framePool, int64(cfg.Camera.Buffers)*2*pixels))
	b.add("pictures (3)", 3*3*pixels)
	b.add("closeup", c.Bytes())
	b.add("gallery", gallery.Bytes(cfg.Gallery.Capacity))
	b.add("store", int64(cfg.Store.FileMiB)*storePerMiB)
	b.add("program", programBytes)
	return b
}
