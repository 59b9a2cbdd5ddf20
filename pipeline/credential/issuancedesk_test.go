package credential

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"
)

// desk is an issuance desk, and a wallet that comes to it.
type desk struct {
	*IssuanceDesk
	t      *testing.T
	key    *SigningKey
	wallet *ecdsa.PrivateKey
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	key := must(NewSigningKey("EdDSA", "https://id.example", "Test"))
	return &desk{must(NewIssuanceDesk(key, 24*time.Hour)), t, key,
		must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
}

// fetch asks with a code, by a wallet whose clock says at.
func (d *desk) fetch(code string, at, now time.Time) (string, error) {
	text, _, err := d.Issue(must(NewEnrolment(d.wallet, at, code)), now)
	return text, err
}

func (d *desk) offer(now time.Time) string { return must(d.Offer(Identity{ID: "4711"}, "", now)) }

func TestDeskIssues(t *testing.T) {
	d := newDesk(t)
	code := d.offer(noon)
	if len(code) != 16 {
		t.Errorf("a code of %d characters", len(code))
	}
	text, holder, err := d.Issue(must(NewEnrolment(d.wallet, noon, strings.ToLower(code))), noon.Add(time.Minute))
	if err != nil || !d.wallet.PublicKey.Equal(holder.Public) {
		t.Fatalf("%v", err)
	}
	v := trusting(t, Issuer{ID: "https://id.example", Keys: []*Key{d.key.Public}})
	c, err := v.Verify(must(Present(text, d.wallet,
		Presented{At: noon.Add(time.Minute), Nonce: []byte("12345678"), Audience: "x"})), noon.Add(time.Minute))
	if err != nil || c.Subject != "4711" || c.Identity.ID != "4711" || !c.IssuedAt.Equal(noon.Add(time.Minute)) ||
		!c.NotBefore.Equal(c.IssuedAt) || !c.Expires.Equal(c.IssuedAt.Add(24*time.Hour)) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := d.fetch(code, noon, noon.Add(time.Minute)); err == nil {
		t.Error("a code is good twice")
	}
	named := must(d.Offer(Identity{ID: "4711"}, "subject", noon))
	text, err = d.fetch(named, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(text, noon); stepOf(err) != NoPresentation || c.Subject != "subject" {
		t.Errorf("%v", err)
	}
}

// An offer ends after OfferLife, whether or not another is made meanwhile.
func TestOffersEnd(t *testing.T) {
	for name, meanwhile := range map[string]bool{"alone": false, "with another offer meanwhile": true} {
		for after, ok := range map[time.Duration]bool{OfferLife: true, OfferLife + time.Second: false} {
			d := newDesk(t)
			code, now := d.offer(noon), noon.Add(after)
			if meanwhile {
				d.offer(now)
			}
			if _, err := d.fetch(code, now, now); (err == nil) != ok {
				t.Errorf("%s, after %v: %v", name, after, err)
			}
		}
	}
}

func TestOffersAreBounded(t *testing.T) {
	d := newDesk(t)
	for range maxOffers {
		d.offer(noon)
	}
	if _, err := d.Offer(Identity{ID: "x"}, "", noon); err == nil {
		t.Errorf("offer %d is made", maxOffers+1)
	}
	if _, err := d.Offer(Identity{ID: "x"}, "", noon.Add(OfferLife+time.Second)); err != nil || len(d.offers) != 1 {
		t.Errorf("%d offers after the others ended, %v", len(d.offers), err)
	}
}

func TestWrongCodesAreLimited(t *testing.T) {
	d := newDesk(t)
	code := d.offer(noon)
	for i := range maxFailures {
		if _, err := d.fetch("WRONG", noon, noon); err == nil || errors.Is(err, ErrBusy) {
			t.Fatalf("wrong code %d: %v", i+1, err)
		}
	}
	for _, now := range []time.Time{noon, noon.Add(time.Minute)} {
		if _, err := d.fetch(code, now, now); !errors.Is(err, ErrBusy) {
			t.Errorf("%v after the wrong ones: %v", now.Sub(noon), err)
		}
	}
	later := noon.Add(time.Minute + time.Second)
	if _, err := d.fetch(code, later, later); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestEnrolmentsAge(t *testing.T) {
	d := newDesk(t)
	for off, ok := range map[time.Duration]bool{0: true, enrolmentAge: true, -enrolmentAge: true,
		enrolmentAge + time.Second: false, -enrolmentAge - time.Second: false} {
		if _, err := d.fetch(d.offer(noon), noon.Add(off), noon); (err == nil) != ok {
			t.Errorf("%v off: %v", off, err)
		}
	}
	if _, _, err := d.Issue("no enrolment", noon); err == nil {
		t.Error("no enrolment is answered")
	}
	code := must(d.Offer(Identity{Gender: 9}, "", noon))
	for range 2 { // what cannot be issued does not use the code up
		if _, err := d.fetch(code, noon, noon); err == nil || !strings.Contains(err.Error(), "gender") {
			t.Errorf("a wrong identity: %v", err)
		}
	}
}

func TestNewIssuanceDesk(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "https://id.example", ""))
	if _, err := NewIssuanceDesk(key, time.Minute); err != nil {
		t.Error(err)
	}
	if _, err := NewIssuanceDesk(key, time.Minute-1); err == nil {
		t.Error("credentials for less than a minute")
	}
	key.Issuer = ""
	if _, err := NewIssuanceDesk(key, time.Hour); err == nil {
		t.Error("nobody's key")
	}
}
