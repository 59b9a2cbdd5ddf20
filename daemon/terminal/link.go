package terminal

import (
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/frames"
	"umbral/daemon/journal"
	"umbral/pipeline/models"
)

// newLink makes the link to the broker, nil where there is no fleet.
func newLink(v *vitals, s *senses, j *judgement, log *slog.Logger) (*link.Link, error) {
	if !v.cfg.Fleet.Enabled {
		return nil, nil
	}
	o, err := linkOpts(v.cfg)
	if err != nil {
		return nil, err
	}
	o.Boot, o.Clock, o.Log, o.Identity, o.Questions = v.boot, v.clock.Stamp, log, v.identity, s.questions
	if v.cfg.Credential.ListKey != "" {
		o.Lists = takenLists{s.sources.lists, j.decider.change}
	}
	if j.reviews != nil {
		o.Reviews = j.reviews
	}
	obeyed := commands{decider: j.decider, append: v.journal.Append, status: v.status, reviews: j.reviews, people: j.people}
	return link.New(o, journal.NewOutbox(v.store, s.register.PseudonymOf), obeyed, nonces{v.store}, report{v})
}

// linkOpts reads what the configuration says of the link, and the files that it names.
func linkOpts(cfg *config.Config) (link.Opts, error) {
	c := &cfg.Fleet
	o := link.DefaultOpts()
	o.Broker, o.Terminal, o.Username, o.PasswordFile = c.Broker, cfg.Terminal.ID, c.Username, c.PasswordFile
	o.TLS.CA, o.TLS.Certificate, o.TLS.Key, o.TLS.ServerName = c.CA, c.Certificate, c.CertificateKey, c.ServerName
	o.KeepAlive, o.Interval = c.KeepAlive, c.Interval
	o.MaxCommandAge, o.MaxCommandSkew = c.CommandMaxAge, c.CommandMaxSkew
	// A clock trusted at least as far as the configuration wants will do.
	for trust := cfg.Clock.CommandTrust; trust <= policy.TrustNTP; trust++ {
		o.TrustedClocks = append(o.TrustedClocks, trust.String())
	}
	for _, k := range c.Keys {
		public, err := fleet.ParsePublicKey(k.Public)
		if err != nil {
			return o, fmt.Errorf("terminal: fleet.keys: %s: %w", k.Name, err)
		}
		o.Keys = append(o.Keys, link.Key{Name: k.Name, Public: public, Commands: k.Commands})
	}
	return o, nil
}

// newQuestions returns what asks the authority, nil where there is none.
func newQuestions(v *vitals) (*link.Questions, error) {
	c := &v.cfg.Remote
	if c.Authority == "" || !v.cfg.Fleet.Enabled {
		return nil, nil
	}
	public, err := fleet.ParsePublicKey(c.Public)
	if err != nil {
		return nil, fmt.Errorf("terminal: remote.public: %w", err)
	}
	recipient, err := fleet.ParseRecipient(c.SealTo)
	if err != nil {
		return nil, fmt.Errorf("terminal: remote.seal_to: %w", err)
	}
	return link.NewQuestions(link.QuestionOpts{
		Signer:      fleet.Signer{Name: v.cfg.Terminal.ID, Private: v.identity},
		Now:         func() time.Time { return v.clock.Wall().UTC() },
		Authorities: []fleet.NamedKey{{Name: c.Authority, Public: public}}, Recipient: recipient,
		Pictures: c.Send == "picture", Templates: c.Send == "template",
	})
}

// report tells the fleet what is not in the journal.
type report struct{ *vitals }

// Health is small: what a fleet operator sorts terminals by.
func (r report) Health() fleet.Health {
	worst := "ok"
	if list := r.health.shown(); len(list) > 0 {
		worst = string(list[0].severity)
	}
	return fleet.Health{Software: Version, Detail: map[string]any{
		"site": r.cfg.Terminal.Site, "condition": worst, "camera": r.camera.Stats().State.String(),
	}}
}

// Twin is what the terminal is.
func (r report) Twin() map[string]any {
	hashes := map[string]string{}
	for _, role := range models.FaceRoles() {
		if m, err := r.models.Set.Of(role); err == nil {
			hashes[string(role)] = m.SHA256
		}
	}
	return map[string]any{
		"software": map[string]string{"version": Version, "go": runtime.Version(), "arch": runtime.GOARCH},
		"models":   hashes,
		"config":   map[string]string{"sha256": r.digest},
		"policy":   r.cfg.Passage.Policy.String(),
		// What verifies the terminal's signature on reviews and questions.
		"identity": map[string]string{"public": fleet.FormatPublicKey(r.identity.Public().(ed25519.PublicKey))},
	}
}

// Measurements are what an operator plots.
func (r report) Measurements() map[string]map[string]float64 {
	_, p95, analysed := r.watch.Percentiles(frames.WholeFrame)
	p50, _, _ := r.watch.Percentiles(frames.WholeFrame)
	c := r.camera.Stats()
	s := r.store.Status()
	return map[string]map[string]float64{
		"frames": {"fps": c.FPS, "dropped": float64(c.Dropped), "analysed": float64(analysed), "p50_ms": milliseconds(p50), "p95_ms": milliseconds(p95)},
		"memory": {"rss_mib": float64(residentBytes()) / (1 << 20)},
		"store":  {"pending": float64(s.Pending), "entries": float64(s.Entries), "people": float64(s.People)},
	}
}

// Alarms are the conditions that hold.
func (r report) Alarms() (alarms []fleet.Alarm) {
	for _, c := range r.health.shown() {
		severity := fleet.Warning
		switch c.severity {
		case severityCritical:
			severity = fleet.Critical
		case severityInfo:
			continue
		}
		alarms = append(alarms, fleet.Alarm{Type: c.code, Severity: severity, Text: c.text, Since: c.since})
	}
	return alarms
}
