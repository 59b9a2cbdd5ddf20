package config

import (
	"os"
	"strings"
	"testing"
)

// config/proofing.toml works as soon as the authority's and a reviewer's keys stand in it, and says so until then.
func TestProofing(t *testing.T) {
	data, err := os.ReadFile("proofing.toml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("proofing.toml", data); err == nil || !strings.Contains(err.Error(), "remote.public") || strings.Count(err.Error(), "\n") > 1 {
		t.Errorf("without keys: %v", err)
	}
	const key = "83oUV5OXC4nh6iSHG+WZddXu1y5/+ku2Rk5Os0QnxG4="
	text := strings.ReplaceAll(string(data), `public = ""`, `public = "`+key+`"`)
	text = strings.ReplaceAll(text, `seal_to = ""`, `seal_to = "`+key+`"`)
	for _, line := range []string{"[[fleet.keys]]", "name =", "public =", "commands ="} {
		text = strings.ReplaceAll(text, "#"+line, line)
	}
	c, err := Parse("proofing.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if c.Card.Sides != "both" || c.Review.Timeout == 0 || !c.Eligibility.Enabled || len(c.Fleet.Keys) != 1 {
		t.Errorf("%+v", c)
	}
}
