package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The broker is for the demo and for tests: the daemon and the tool must not carry it.
func TestNoBrokerIsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "umbral/daemon/umbrald", "umbral/daemon/umbral").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("only %d packages", len(packages))
	}
	for _, p := range packages {
		if strings.Contains(p, "mochi") {
			t.Errorf("%s is linked", p)
		}
	}
}
