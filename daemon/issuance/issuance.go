// Package issuance gives people who were let through with their card an electronic identity.
package issuance

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"umbral/config"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/document"
	"umbral/pipeline/vision"
)

// Offer is what the screen shows to whoever may fetch a credential.
type Offer struct {
	Code string   // with which it is fetched, once
	QR   []string // of the wallet's address with the code: rows of 0 and 1; nil where it doesn't fit
}

// Issuer gives whoever was let through with their card an electronic identity: the screen shows a one-time code, with
// which the person's phone fetches it. What it holds of people is in memory, until it is fetched or its time is over.
type Issuer struct {
	office *credential.IssuanceDesk
	wallet string // address of the wallet's page, for the code on the screen
	claims *evidence.Claims
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	passage passage.ID
	offer   *Offer
}

// New returns nil where the site issues no credentials.
func New(cfg *config.Config, c *evidence.Claims, now func() time.Time, log *slog.Logger) (*Issuer, error) {
	if cfg.Issue.Key == "" {
		return nil, nil
	}
	data, err := os.ReadFile(cfg.Issue.Key)
	if err != nil {
		return nil, fmt.Errorf("issuance: issue.key: %w", err)
	}
	key, err := credential.ParseSigningKey(data)
	if err != nil {
		return nil, fmt.Errorf("issuance: issue.key: %s: %w", cfg.Issue.Key, err)
	}
	office, err := credential.NewIssuanceDesk(key, cfg.Issue.Valid)
	if err != nil {
		return nil, fmt.Errorf("issuance: issue.key: %s: %w", cfg.Issue.Key, err)
	}
	return &Issuer{office: office, wallet: cfg.Issue.Wallet, claims: c, now: now, log: log}, nil
}

// Passed holds a credential ready for whoever was let through; nothing for somebody who showed no card.
func (n *Issuer) Passed(id passage.ID) {
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
	o := &Offer{Code: code}
	text := code
	if n.wallet != "" {
		text = n.wallet + "#claim=" + code
	}
	if modules, err := symbol.EncodeQR(text, symbol.Medium); err == nil {
		o.QR = rows(modules)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.passage, n.offer = id, o
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

// Shown is what the screen offers after a passage; nil for nothing.
func (n *Issuer) Shown(id passage.ID) *Offer {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id.IsZero() || n.passage != id {
		return nil
	}
	return n.offer
}

// portraitInCode is the size of the portrait in a code, in pixels: what fits into a QR code beside the rest.
const portraitInCode = 64

// IdentityOf is what a card says, for a credential.
func IdentityOf(front *document.Reading) *credential.Identity {
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

// Issue answers a wallet's enrolment with a credential.
func (n *Issuer) Issue(enrolment string) (text string, err error) {
	text, _, err = n.office.Issue(enrolment, n.now())
	return text, err
}
