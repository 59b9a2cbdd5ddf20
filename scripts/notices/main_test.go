package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every module that the programs link has a licence that can be passed on.
func TestNoticesOfThePrograms(t *testing.T) {
	var out bytes.Buffer
	if err := write(&out, []string{"umbral/daemon/umbrald", "umbral/daemon/umbral"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go.etcd.io/bbolt v", "github.com/eclipse/paho.mqtt.golang v", "periph.io/x/conn/v3 v", "MIT License", "Apache License"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the notices lack %q", want)
		}
	}
	if strings.Contains(out.String(), "goleak") {
		t.Error("the notices tell of a module that only tests use")
	}
}

func TestModuleWithoutLicence(t *testing.T) {
	dir := t.TempDir()
	if _, err := licences(dir); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "licence.txt"), []byte("Do as you like."), 0o644); err != nil {
		t.Fatal(err)
	}
	if texts, err := licences(dir); err != nil || len(texts) != 1 {
		t.Errorf("%d texts, %v", len(texts), err)
	}
}
