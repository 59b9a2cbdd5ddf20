package credential_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"umbral/pipeline/credential"
)

// An issuer binds a credential to a phone. The gate accepts it when the phone shows it, and refuses a copy.
func Example() {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	issuer, err := credential.NewSigningKey("EdDSA", "https://id.example.org", "City registry")
	if err != nil {
		log.Fatal(err)
	}
	phone, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	holder, err := credential.NewKey(phone.Public(), nil)
	if err != nil {
		log.Fatal(err)
	}
	text, err := credential.Issue(credential.Draft{
		Issuer: issuer.Issuer, Subject: "4711", IssuedAt: now, Expires: now.AddDate(1, 0, 0), Holder: holder,
		Identity: credential.Identity{FullName: "Ana Núñez", DateOfBirth: "1990-05"},
	}, issuer.Signer, issuer.Public.ID)
	if err != nil {
		log.Fatal(err)
	}

	opts := credential.DefaultVerifierOpts()
	opts.Issuers = []credential.Issuer{{ID: issuer.Issuer, Name: issuer.Name, Keys: []*credential.Key{issuer.Public}}}
	opts.Audience = []string{"gate-7"}
	gate, err := credential.NewVerifier(opts)
	if err != nil {
		log.Fatal(err)
	}
	shown, err := credential.Present(text, phone,
		credential.Presented{At: now, Nonce: []byte("8 to 32 random"), Audience: "gate-7"})
	if err != nil {
		log.Fatal(err)
	}
	c, err := gate.Verify(shown, now.Add(10*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	born, err := c.Identity.BirthDate()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s of %s: %s, born %s\n", c.Person(), c.IssuerName, c.Identity.FullName, born)

	var refusal *credential.Refusal
	if _, err := gate.Verify(text, now); errors.As(err, &refusal) {
		fmt.Println("A copy:", refusal.Step.Words())
	}
	if _, err := gate.Verify(shown, now.Add(time.Minute)); errors.As(err, &refusal) {
		fmt.Println("A minute later:", refusal.Step.Words())
	}
	// Output:
	// 4711 of City registry: Ana Núñez, born 1990-05
	// A copy: the credential is bound to a phone and must be shown by its wallet
	// A minute later: the code is too old: show a fresh one
}

// A date of birth that is known in part counts as the youngest age that it allows; one that cannot be read is not
// absent.
func ExampleParseBirthDate() {
	for _, text := range []string{"20150630", "2015-06", "2015", "20150631", ""} {
		born, err := credential.ParseBirthDate(text)
		switch {
		case errors.Is(err, credential.ErrNoBirthDate):
			fmt.Println("not stated")
		case err != nil:
			fmt.Println("stated, and unreadable")
		default:
			fmt.Printf("%s: at the latest on %s\n", born, born.Latest().Format(time.DateOnly))
		}
	}
	// Output:
	// 2015-06-30: at the latest on 2015-06-30
	// 2015-06: at the latest on 2015-06-30
	// 2015: at the latest on 2015-12-31
	// stated, and unreadable
	// not stated
}
