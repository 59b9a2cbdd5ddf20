package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/pipeline/credential"
)

// signerFiles writes a signer's certificate in PEM, and a trust list that has it for a country.
func signerFiles(t *testing.T, country string) (certificate, trust string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal([]map[string]string{{"country": country, "certificateType": "DSC", "rawData": base64.StdEncoding.EncodeToString(der)}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, trust = filepath.Join(dir, "signer.pem"), filepath.Join(dir, "trust.json")
	for path, data := range map[string][]byte{certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), trust: list} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, trust
}

// The fleet's list takes the signers of health certificates from a country's certificates and from trust lists.
func TestListOfHCERTSigners(t *testing.T) {
	swede, _ := signerFiles(t, "SE")
	_, finns := signerFiles(t, "FI")
	l, err := readIssuers([]string{"SE=" + swede, finns}, 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := l.Issuers()
	if err != nil || len(files) != 2 {
		t.Fatalf("%d issuers, %v", len(files), err)
	}
	for n, want := range []string{"SE", "FI"} {
		i, err := credential.ParseIssuer(files[n], "", "")
		if err != nil || i.ID != want || i.Profile != credential.HCERT || len(i.Keys) != 1 {
			t.Errorf("%d: %+v, %v", n, i, err)
		}
	}
	if _, err := readIssuers([]string{"FI=" + swede, finns}, 1, time.Now()); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a country in two files: %v", err)
	}
}

func TestTrustedHCERTSigners(t *testing.T) {
	certificate, trust := signerFiles(t, "SE")
	for name, f := range map[string]trustFlags{
		"a certificate": {issuers: []string{"SE=" + certificate}, maxAge: time.Minute},
		"a trust list":  {hcert: []string{trust}, maxAge: time.Minute},
	} {
		if _, _, err := f.verifier(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := trustFlags{hcert: []string{certificate}, maxAge: time.Minute}
	if _, _, err := f.verifier(); err == nil {
		t.Error("a certificate is taken for a trust list")
	}
}
