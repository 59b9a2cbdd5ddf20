package credential

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/vision"
)

// euCase is a file of the EU's test cases for verifiers. What is expected is nil where the case says nothing of it.
type euCase struct {
	JSON    *euCertificate
	Prefix  string
	Code    string `json:"2DCODE"`
	TestCtx struct {
		Certificate     string
		ValidationClock time.Time
		Description     string
	}
	Expected struct {
		Picture   *bool `json:"EXPECTEDPICTUREDECODE"`
		Unprefix  *bool `json:"EXPECTEDUNPREFIX"`
		Base45    *bool `json:"EXPECTEDB45DECODE"`
		Inflate   *bool `json:"EXPECTEDCOMPRESSION"`
		Decode    *bool `json:"EXPECTEDDECODE"`
		Verify    *bool `json:"EXPECTEDVERIFY"`
		KeyUsage  *bool `json:"EXPECTEDKEYUSAGE"`
		ValidNow  *bool `json:"EXPECTEDEXPIRATIONCHECK"`
		Schema    *bool `json:"EXPECTEDSCHEMAVALIDATION"`
		ValidJSON *bool `json:"EXPECTEDVALIDJSON"`
	} `json:"EXPECTEDRESULTS"`
}

type euCertificate struct {
	Name struct{ FN, FNT, GN, GNT string } `json:"nam"`
	DOB  *string
}

// steps returns, for each expectation, whether it holds and the steps at which we refuse where it must not.
func (c *euCase) steps() []struct {
	name  string
	want  *bool
	steps []Step
} {
	e := &c.Expected
	return []struct {
		name  string
		want  *bool
		steps []Step
	}{
		{"unprefix", e.Unprefix, []Step{WrongContext}},
		{"base45", e.Base45, []Step{NotBase45}},
		{"compression", e.Inflate, []Step{NotZlib}},
		{"decode", e.Decode, []Step{NotCOSE, NotClaim169}},
		{"schema", e.Schema, []Step{NotClaim169}},
		{"JSON", e.ValidJSON, []Step{NotClaim169}},
		// What is no COSE at all cannot be verified either, and is refused for that.
		{"verify", e.Verify, []Step{NotCOSE, UnknownIssuer, BadSignature}},
		{"key usage", e.KeyUsage, []Step{WrongKeyUsage}},
		{"expiration", e.ValidNow, []Step{NotYetValid, Expired}},
	}
}

// issuers trusts the signer of the case for the country that the certificate names.
func (c *euCase) issuers(t *testing.T) []Issuer {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(c.TestCtx.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := newVerifier(t, nil).Verify(c.Prefix, c.TestCtx.ValidationClock)
	if stepOf(err) != UnknownIssuer {
		return nil // refused for what it is
	}
	i, err := ParseHCERTIssuer(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), shown.Issuer, "")
	if err != nil {
		t.Fatal(err)
	}
	return []Issuer{i}
}

// The EU's cases for verifiers of its certificates, common ones and, where the data have them, national ones.
func TestEUCases(t *testing.T) {
	root := pathstest.Data(t, "credentials")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		inside := strings.HasPrefix(strings.TrimPrefix(path, root+string(filepath.Separator)), "dgc")
		if err != nil || entry.IsDir() || !inside || filepath.Ext(path) != ".json" {
			return err
		}
		var c euCase
		if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &c) != nil ||
			c.TestCtx.Certificate == "" {
			return err
		}
		files++
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		t.Run(strings.TrimSuffix(name, ".json"), c.run)
		return nil
	})
	if err != nil || files < 38 {
		t.Errorf("%d cases, %v: the set is smaller than it was", files, err)
	}
}

func (c *euCase) run(t *testing.T) {
	c.picture(t)
	if e := c.Expected.Picture; e != nil && !*e {
		return // there is nothing to read
	}
	v := newVerifier(t, func(o *VerifierOpts) { o.Issuers = c.issuers(t) })
	got, err := v.Verify(c.Prefix, c.TestCtx.ValidationClock)
	step := stepOf(err)
	t.Logf("%s: %v", c.TestCtx.Description, err)
	fails := false
	for _, e := range c.steps() {
		if e.want == nil {
			continue
		}
		if reached := !slices.Contains(e.steps, step); *e.want && !reached && !c.failsElsewhere(step) {
			t.Errorf("%s must pass, and %v", e.name, err)
		}
		if !*e.want {
			fails = true
			if !slices.Contains(e.steps, step) {
				t.Errorf("%s must fail (%v), and %v", e.name, e.steps, err)
			}
		}
	}
	if !fails {
		if err != nil {
			t.Fatalf("%s: %v", c.TestCtx.Description, err)
		}
		c.compare(t, got)
	}
}

// failsElsewhere reports whether another expectation wants the refusal at that step.
func (c *euCase) failsElsewhere(step Step) bool {
	for _, e := range c.steps() {
		if e.want != nil && !*e.want && slices.Contains(e.steps, step) {
			return true
		}
	}
	return false
}

func (c *euCase) compare(t *testing.T, got *Credential) {
	t.Helper()
	if !got.Trusted || got.Profile != HCERT || got.Person() == "" {
		t.Errorf("%+v", got)
	}
	born, err := got.Identity.BirthDate()
	if err != nil && !errors.Is(err, ErrNoBirthDate) {
		t.Errorf("birth date: %v", err)
	}
	if c.JSON == nil {
		return
	}
	if n := c.JSON.Name; n.FN != "" && got.Identity.LastName != n.FN || n.GN != "" && got.Identity.FirstName != n.GN {
		t.Errorf("the name is %q, want %+v", got.Identity.FullName, n)
	}
	if want := c.JSON.DOB; want == nil || err == nil && born.String() != strings.TrimSuffix(*want, midnight) {
		t.Errorf("born %v, want %v", born, want)
	}
}

// picture compares the case's QR code with its text.
func (c *euCase) picture(t *testing.T) {
	t.Helper()
	if c.Code == "" || c.Expected.Picture == nil {
		return
	}
	data, err := base64.StdEncoding.DecodeString(c.Code)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	if img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits()); err == nil {
		o := symbol.DefaultReaderOpts()
		o.MaxWidth, o.MaxHeight, o.Attempts, o.SearchEvery = img.Width, img.Height, 0, 1
		r := must(symbol.NewReader(o))
		luma := make([]byte, img.Width*img.Height)
		for y := range img.Height {
			for x := range img.Width {
				luma[y*img.Width+x] = img.Row(y)[3*x+1]
			}
		}
		for _, s := range must(r.Read(luma, img.Width, img.Height, img.Width)) {
			text = s.Text
		}
	}
	if read := text == c.Prefix; read != *c.Expected.Picture {
		t.Errorf("the picture gives %.60q, to be read: %v", text, *c.Expected.Picture)
	}
}
