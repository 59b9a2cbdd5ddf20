package fleet_test

import (
	"encoding/json"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestSignRefusesWhatNoTerminalWouldTake(t *testing.T) {
	office := fleet.Signer{Name: "office", Private: fleettest.Seeded(1)}
	for name, f := range map[string]func(*fleet.Command, *fleet.Signer){
		"terminal":  func(c *fleet.Command, _ *fleet.Signer) { c.Terminal = "+" },
		"name":      func(c *fleet.Command, _ *fleet.Signer) { c.Name = "" },
		"id":        func(c *fleet.Command, _ *fleet.Signer) { c.ID = "a/b" },
		"nonce":     func(c *fleet.Command, _ *fleet.Signer) { c.Nonce = "short" },
		"times":     func(c *fleet.Command, _ *fleet.Signer) { c.Expires = c.Issued },
		"arguments": func(c *fleet.Command, _ *fleet.Signer) { c.Args = json.RawMessage(`[1]`) },
		"key":       func(_ *fleet.Command, s *fleet.Signer) { s.Private = nil },
	} {
		c, s := fleettest.Command(), office
		f(&c, &s)
		if _, _, err := fleet.Sign(c, s); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestAnswersAreTold(t *testing.T) {
	for text, want := range map[string]bool{
		"":                       true, // clears a retained message
		`{"status":"executing"}`: true,
		`{"status":"failed","reason":"expired","detail":"…"}`: true,
		`{"status":"init"}`:        false,
		`{"status":""}`:            false,
		`{"status":1}`:             false,
		`{}`:                       false,
		`failed`:                   false,
		`{"status":"failed"}extra`: false,
	} {
		if got := fleet.IsAnswer([]byte(text)); got != want {
			t.Errorf("%s: %v, wanted %v", text, got, want)
		}
	}
	b, _ := fleet.EncodeJSON(fleet.Answer{Schema: fleet.Schema, Status: fleet.StatusFailed, Reason: fleet.ReasonMalformed})
	if !fleet.IsAnswer(b) {
		t.Error("an answer would be taken for a command")
	}
}
