package terminal

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"umbral/config"
	"umbral/daemon/evidence"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/document"
	"umbral/pipeline/vision"
)

// issuer gives whoever was let through with their card an electronic identity: the screen shows a one-time code, with
// which the person's phone fetches it. What it holds of people is in memory, until it is fetched or its time is over.
type issuer struct {
	office *credential.IssuanceDesk
	wallet string // address of the wallet's page, for the code on the screen
	claims *evidence.Claims
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	passage passage.ID
	offer   *local.Offer
}

// newIssuer returns nil where the site issues no credentials.
func newIssuer(cfg *config.Config, c *evidence.Claims, now func() time.Time, log *slog.Logger) (*issuer, error) {
	if cfg.Issue.Key == "" {
		return nil, nil
	}
	data, err := os.ReadFile(cfg.Issue.Key)
	if err != nil {
		return nil, fmt.Errorf("terminal: issue.key: %w", err)
	}
	key, err := credential.ParseSigningKey(data)
	if err != nil {
		return nil, fmt.Errorf("terminal: issue.key: %s: %w", cfg.Issue.Key, err)
	}
	office, err := credential.NewIssuanceDesk(key, cfg.Issue.Valid)
	if err != nil {
		return nil, fmt.Errorf("terminal: issue.key: %s: %w", cfg.Issue.Key, err)
	}
	return &issuer{office: office, wallet: cfg.Issue.Wallet, claims: c, now: now, log: log}, nil
}

// passed holds a credential ready for whoever was let through; nothing for somebody who showed no card.
func (n *issuer) passed(id passage.ID) {
	if n == nil {
		return
	}
	c, ok := n.claims.Of(id)
	if !ok || c.Identity == nil {
		return
	}
	code, err := n.office.Offer(*c.Identity, c.Number, n.now())
	if err != nil {
		n.log.Error("no credential is offered", "passage", id, "error", err)
		return
	}
	offer := &local.Offer{Code: code}
	text := code
	if n.wallet != "" {
		text = n.wallet + "#claim=" + code
	}
	if modules, err := symbol.EncodeQR(text, symbol.Medium); err == nil {
		offer.QR = rows(modules)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.passage, n.offer = id, offer
}

func rows(modules [][]bool) []string {
	out := make([]string, len(modules))
	for y, row := range modules {
		line := make([]byte, len(row))
		for x, dark := range row {
			line[x] = '0'
			if dark {
				line[x] = '1'
			}
		}
		out[y] = string(line)
	}
	return out
}

// shown is what the screen offers after a passage; nil for nothing.
func (n *issuer) shown(id passage.ID) *local.Offer {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id.IsZero() || n.passage != id {
		return nil
	}
	return n.offer
}

// portraitInCode is the size of the portrait in a code, in pixels: what fits into a QR code beside the rest.
const portraitInCode = 64

// identityOf is what a card says, for a credential.
func identityOf(front *document.Reading) *credential.Identity {
	id := &credential.Identity{ID: front.Number.Text, FullName: front.Name.Text, Address: front.Address.Text, Gender: credential.Male}
	if front.Sex.Text == "女" {
		id.Gender = credential.Female
	}
	if born, ok := document.ParseBirth(front.Birth.Text); ok {
		id.DateOfBirth = fmt.Sprintf("%04d%02d%02d", born.Year, born.Month, born.Day)
	}
	if p := front.Portrait; p != nil && p.Height > 0 {
		small := vision.NewImage(max(1, portraitInCode*p.Width/p.Height), portraitInCode)
		vision.Resize(small, p, p.Bounds())
		var b bytes.Buffer
		if vision.WriteJPEG(&b, small, 40) == nil {
			id.PhotoData, id.PhotoFormat = b.Bytes(), 1
		}
	}
	return id
}
