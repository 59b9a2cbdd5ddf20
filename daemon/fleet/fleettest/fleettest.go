package fleettest

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"umbral/daemon/fleet"
)

// List is a list of that many bytes that look like hashes.
func List(sequence uint64, size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(sequence, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	binary.BigEndian.PutUint64(b, sequence)
	return b
}

func RecipientPair(t testing.TB) (fleet.RecipientKey, fleet.Recipient) {
	t.Helper()
	private, public, err := fleet.GenerateRecipientKey()
	if err != nil {
		t.Fatal(err)
	}
	k, err := fleet.ParseRecipientKey(private)
	if err != nil {
		t.Fatal(err)
	}
	r, err := fleet.ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	if r.String() != k.Recipient().String() {
		t.Fatal("the halves do not belong together")
	}
	return k, r
}

func Question() fleet.Question {
	return fleet.Question{Passage: "7-12", Purpose: fleet.PurposeVerify, Claim: fleet.Claim{
		Subject: "110101199003070011", Issuer: "registry.example", Picture: []byte("\xff\xd8picture"), Template: []float32{0.5, -0.25}, Model: "model",
	}}
}

func Statement() fleet.Statement {
	return fleet.Statement{
		Terminal: "gate-1", Passage: "7-12", Opened: Noon, Deadline: Noon.Add(5 * time.Minute), Clock: "ntp",
		Reasons: []string{"remote-doubtful"}, Person: "0123456789abcdef", Needed: 2,
		Evidence: []fleet.ReviewClue{{Kind: "face", Outcome: "doubtful", Detail: "below-threshold"}, {Kind: "live", Outcome: "accepted"}},
	}
}

func Encoded(t testing.TB, s fleet.Statement) []byte {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func Pictures() []fleet.Picture {
	return []fleet.Picture{{Name: "live", JPEG: []byte("\xff\xd8live")}, {Name: "reference", JPEG: []byte("\xff\xd8reference")}}
}

var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Seeded gives the same key on every run.
func Seeded(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func Command() fleet.Command {
	return fleet.Command{
		Terminal: "gate-1", Name: fleet.CommandOpen, ID: "o-1", Nonce: "0123456789abcdef",
		Issued: Noon.Add(-time.Second), Expires: Noon.Add(30 * time.Second), Args: json.RawMessage(`{"pulse":3}`),
	}
}

// Public returns the public half of Seeded(b).
func Public(b byte) ed25519.PublicKey { return Seeded(b).Public().(ed25519.PublicKey) }
