package credential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// VerifierOpts configures a Verifier. Start from DefaultVerifierOpts.
type VerifierOpts struct {
	// Issuers are trusted; 128 at most. Without one every credential is refused as from an unknown issuer.
	Issuers []Issuer
	// DecryptionKeys open encrypted credentials; 16 at most.
	DecryptionKeys []SymmetricKey
	// Audience are the names that this terminal answers to: first its own, then those that it shares with others, such
	// as its site's. A credential may be restricted to any of them. A presentation has to be for the terminal's own,
	// see SharedReplays. With none, every audience is taken.
	Audience []string
	// SharedReplays asserts that all terminals with a shared name share what they have been shown. Only then does a
	// presentation for a shared name count: otherwise it would count once at each of the terminals.
	SharedReplays bool
	// MaxAge is how old the time stamp of a presentation may be, 1 s to 10 min.
	MaxAge time.Duration
	// Skew is what the phone's and the terminal's clock may differ by, 0 to 5 min. It widens MaxAge on both sides, and
	// the validity of credentials.
	Skew time.Duration
	// RequireHolder refuses credentials that are not bound to a holder's key, such as printed ones.
	RequireHolder bool
	Limits        Limits
}

// Defaults and ranges of the times.
const (
	DefaultMaxAge = 30 * time.Second
	DefaultSkew   = 5 * time.Second
	maxMaxAge     = 10 * time.Minute
	maxSkew       = 5 * time.Minute
)

// DefaultVerifierOpts returns options that trust nobody.
func DefaultVerifierOpts() VerifierOpts {
	return VerifierOpts{MaxAge: DefaultMaxAge, Skew: DefaultSkew, Limits: DefaultLimits()}
}

// Verifier checks codes. It keeps no state, so it may be used by several goroutines, and be replaced by another when
// issuers change.
type Verifier struct {
	opts    VerifierOpts
	dec     cbor.DecMode // of messages
	payload cbor.DecMode // of what they sign
	issuers map[string]*Issuer
}

// NewVerifier returns a verifier with these options.
func NewVerifier(o VerifierOpts) (*Verifier, error) {
	if err := o.Limits.validate(); err != nil {
		return nil, err
	}
	if err := checkIssuers(o.Issuers); err != nil {
		return nil, err
	}
	if err := checkSymmetric(o.DecryptionKeys); err != nil {
		return nil, err
	}
	if o.MaxAge < time.Second || o.MaxAge > maxMaxAge {
		return nil, fmt.Errorf("credential: MaxAge %v, allowed 1s to %v", o.MaxAge, maxMaxAge)
	}
	if o.Skew < 0 || o.Skew > maxSkew {
		return nil, fmt.Errorf("credential: Skew %v, allowed 0 to %v", o.Skew, maxSkew)
	}
	if len(o.Audience) > maxAudiences {
		return nil, fmt.Errorf("credential: %d audiences, limit %d", len(o.Audience), maxAudiences)
	}
	dec, err := o.Limits.decoder()
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	payload, err := o.Limits.payloadDecoder()
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	v := &Verifier{opts: o, dec: dec, payload: payload, issuers: map[string]*Issuer{}}
	for i := range o.Issuers {
		v.issuers[o.Issuers[i].ID] = &o.Issuers[i]
	}
	return v, nil
}

// Verify decodes and checks the text of a QR code. The error is nil or a *Refusal. From UnknownIssuer on, the
// credential was decoded and is returned with the refusal, for showing; nothing in it is proven.
//
// The caller has to look up Credential.Replay, and to refuse a presentation that was seen before as Replayed.
func (v *Verifier) Verify(text string, now time.Time) (*Credential, error) {
	c, refusal := v.verify(text, now)
	if refusal != nil {
		return c, refusal
	}
	return c, nil
}

func (v *Verifier) verify(text string, now time.Time) (*Credential, *Refusal) {
	if len(text) > v.opts.Limits.MaxText {
		return nil, refuse(TooLarge, "%d bytes of text, limit %d", len(text), v.opts.Limits.MaxText)
	}
	u, refusal := v.unpack(text)
	if refusal != nil {
		return nil, refusal
	}
	data, err := inflate(u.compressed, v.opts.Limits.MaxInflated)
	if err != nil {
		return nil, refuse(NotZlib, "%w", err)
	}
	m, err := parseMessage(v.dec, data)
	if err != nil {
		return nil, refuse(NotCOSE, "%w", err)
	}
	if m.encrypted && u.profile == HCERT {
		return nil, refuse(NotCOSE, "encrypted, and an HCERT never is")
	}
	c := &Credential{Profile: u.profile, Encrypted: m.encrypted, limits: v.opts.Limits}
	if m.encrypted {
		if m, refusal = v.open(m); refusal != nil {
			return nil, refusal
		}
	}
	claims, err := parseClaims(v.payload, m.content)
	if err != nil {
		return nil, refuse(NotClaim169, "%w", err)
	}
	if u.profile == Claim169 && len(claims.identity) == 0 && len(claims.health) > 0 {
		return nil, refuse(WrongContext, "an HCERT that does not begin with %s", HCERTPrefix)
	}
	if err := c.fill(v.payload, claims); err != nil {
		return nil, refuse(NotClaim169, "%w", err)
	}
	return c, v.judge(c, claims, m, u.presentation, now)
}

// unpacked is a code's text, decoded up to the compressed credential.
type unpacked struct {
	profile      Profile
	compressed   []byte        // the credential
	presentation *presentation // nil for a credential alone
}

// unpack decodes the text up to the compressed credential.
func (v *Verifier) unpack(text string) (u unpacked, refusal *Refusal) {
	if body, is := strings.CutPrefix(text, PresentationPrefix); is {
		data, err := decodeBase45(body)
		if err != nil {
			return u, refuse(NotBase45, "presentation: %w", err)
		}
		if u.presentation, err = parsePresentation(v.dec, v.payload, data); err != nil {
			return u, refuse(NotCOSE, "presentation: %w", err)
		}
		u.compressed = u.presentation.credential
		return u, nil
	}
	body, is := strings.CutPrefix(text, HCERTPrefix)
	switch {
	case is:
		u.profile = HCERT
	case hasContext(text):
		return u, refuse(WrongContext, "it begins with %q, which is not known (%s for an HCERT)", text[:contextLength],
			HCERTPrefix)
	default:
		body = withoutScheme(text)
	}
	data, err := decodeBase45(body)
	if err != nil {
		return u, refuse(NotBase45, "%w", err)
	}
	u.compressed = data
	return u, nil
}

// contextLength is the length of HCERTPrefix and of every other context of its kind.
const contextLength = len(HCERTPrefix)

// hasContext reports whether a text begins as HCERT's contexts do: two capitals, a digit and a colon. No base45 of zlib
// does: the header's two bytes have no digit as their third character where capitals are the first two.
func hasContext(text string) bool {
	capital := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	return len(text) >= contextLength && capital(text[0]) && capital(text[1]) && text[2] >= '0' && text[2] <= '9' &&
		text[3] == ':'
}

// withoutScheme removes a scheme that PixelPass may put before the data, such as mosip://. A scheme has a lower-case
// letter, since base45 can contain "://" and has none.
func withoutScheme(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found || len(scheme) > 32 || strings.ToUpper(scheme) == scheme {
		return text
	}
	for _, r := range scheme {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return text
		}
	}
	return rest
}

// open decrypts m and returns the signed message inside. Claims that are only encrypted become a message without
// signature.
func (v *Verifier) open(m *message) (*message, *Refusal) {
	err := errors.New("no decryption key is configured")
	for _, k := range v.opts.DecryptionKeys {
		if len(k.ID) > 0 && len(m.keyID) > 0 && string(k.ID) != string(m.keyID) {
			continue
		}
		var plain []byte
		if plain, err = m.decrypt(k.Key, nil); err != nil {
			continue
		}
		if len(plain) > 0 && plain[0]>>5 == 5 { // a bare map of claims
			return &message{content: plain}, nil
		}
		inner, err := parseMessage(v.dec, plain)
		if err != nil {
			return nil, refuse(NotCOSE, "inside the encryption: %w", err)
		}
		if inner.encrypted {
			return nil, refuse(NotCOSE, "encrypted twice")
		}
		return inner, nil
	}
	return nil, refuse(NotDecrypted, "%w", err)
}

// judge checks the decoded credential.
func (v *Verifier) judge(c *Credential, claims *claims, m *message, p *presentation, now time.Time) *Refusal {
	issuer := v.issuers[c.Issuer]
	if issuer == nil || issuer.Profile != c.Profile {
		return refuse(UnknownIssuer, "issuer %.80q is not among the %d that are trusted for %s", c.Issuer,
			v.trusted(c.Profile), c.Profile)
	}
	c.IssuerName = issuer.Name
	if refusal := v.signed(c, issuer, m); refusal != nil {
		return refusal
	}
	if c.Key.Uses != 0 && c.Key.Uses&claims.use == 0 {
		return refuse(WrongKeyUsage, "the key may sign %s, and this is %s", c.Key.Uses, claims.use)
	}
	retired := c.Key.inForce(c.IssuedAt, now, v.opts.Skew)
	c.Trusted = retired == nil
	switch {
	case now.Add(v.opts.Skew).Before(c.NotBefore): // nothing is before the zero time
		return refuse(NotYetValid, "valid from %s, and it is %s", date(c.NotBefore), date(now))
	case now.Add(v.opts.Skew).Before(c.IssuedAt):
		return refuse(NotYetValid, "issued %s, and it is %s (is the clock right?)", date(c.IssuedAt), date(now))
	case !c.Expires.IsZero() && !now.Add(-v.opts.Skew).Before(c.Expires):
		return refuse(Expired, "valid until %s, and it is %s", date(c.Expires), date(now))
	case retired != nil:
		return refuse(BadSignature, "key %q: %w", c.KeyID(), retired)
	}
	if len(claims.audience) > 0 && !v.answersTo(claims.audience, v.opts.Audience) {
		return refuse(WrongAudience, "the credential is for %q, this terminal answers to %q", claims.audience,
			v.opts.Audience)
	}
	return v.presented(c, p, now)
}

// signed sets c.Key to the issuer's key that made the signature.
func (v *Verifier) signed(c *Credential, issuer *Issuer, m *message) *Refusal {
	var err error
	for _, k := range issuer.Keys {
		if !c.Profile.names(k, m.keyID) {
			continue
		}
		if e := m.verify(k, nil); e != nil {
			err = fmt.Errorf("key %q: %w", c.Profile.keyIDText(k.ID), e)
			continue
		}
		c.Key = k
		return nil
	}
	if err == nil {
		return refuse(UnknownIssuer, "issuer %.80q is trusted, but not with a key %.80q (has it changed keys?)",
			c.Issuer, c.Profile.keyIDText(m.keyID))
	}
	return refuse(BadSignature, "%w", err)
}

// trusted returns how many issuers there are for a profile.
func (v *Verifier) trusted(p Profile) (n int) {
	for _, i := range v.issuers {
		if i.Profile == p {
			n++
		}
	}
	return n
}

// answersTo reports whether one of the names is the terminal's. A verifier without names takes every one.
func (v *Verifier) answersTo(names, own []string) bool {
	return len(v.opts.Audience) == 0 ||
		slices.ContainsFunc(names, func(n string) bool { return slices.Contains(own, n) })
}

// presentedTo returns the names for which a presentation counts.
func (v *Verifier) presentedTo() []string {
	if v.opts.SharedReplays || len(v.opts.Audience) == 0 {
		return v.opts.Audience
	}
	return v.opts.Audience[:1]
}
