package terminal

import (
	"fmt"
	"strings"

	"umbral/config"
	"umbral/config/policy"
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

func (b *Budget) add(part string, bytes int64) {
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

// codeBytesPerPixel is what the reader of codes holds for each pixel of the configured size (see codeReader); a test measures it.
const codeBytesPerPixel = 18

// evidenceBudget adds what codes, cards and the challenge hold beside their models.
func evidenceBudget(b *Budget, cfg *config.Config, parts *eyes, pixels int64) {
	needs := cfg.Passage.Policy.Needs()
	if needs.Has(policy.Credential) {
		b.add("codes", (codeBytesPerPixel+1)*pixels)
	}
	if needs.Has(policy.Credential) || needs.Has(policy.Card) {
		b.add("picture of a document", 3*pixels)
	}
	if needs.Has(policy.Speech) {
		if s, err := newSpeaker(cfg, parts.analyzer); err == nil {
			b.add("challenge", s.observer.Bytes()+max(s.opts.Bytes(), s.other.Bytes()))
		}
	}
}

// budgetOf states what the parts take. Models are asked for what they hold; the rest follows from the configuration.
func budgetOf(cfg *config.Config, parts *eyes, framePool int64) *Budget {
	b := &Budget{Limit: int64(cfg.Terminal.MemoryMiB) << 20}
	for _, s := range parts.stages() {
		m := s.Budget()
		b.add(fmt.Sprintf("model %s", s.Role), m.Sum())
		b.Lines[len(b.Lines)-1].Model = &m
	}
	pixels := int64(cfg.Camera.Width * cfg.Camera.Height)
	// The pool is empty until the camera streams, so the size asked for counts, in the format that takes most (YUYV).
	if parts.cards != nil {
		m := parts.cards.reader.Budget()
		b.add("models of text", m.Sum())
		b.Lines[len(b.Lines)-1].Model = &m
	}
	evidenceBudget(b, cfg, parts, pixels)
	b.add("frame pool", max(framePool, int64(cfg.Camera.Buffers)*2*pixels))
	b.add("pictures (3)", 3*3*pixels)
	b.add("gallery", gallery.Bytes(cfg.Gallery.Capacity))
	if bytes := fingerBytes(cfg); bytes > 0 {
		b.add("fingers", bytes)
	}
	b.add("store", int64(cfg.Store.FileMiB)*storePerMiB)
	b.add("program", programBytes)
	return b
}
