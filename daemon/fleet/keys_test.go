package fleet_test

import (
	"crypto/ed25519"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"umbral/daemon/fleet"
)

func TestKeysGoThroughTheirFiles(t *testing.T) {
	private, public, err := fleet.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	priv, err := fleet.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := fleet.ParsePublicKey(" " + public + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if !pub.Equal(priv.Public()) {
		t.Error("the halves do not belong together")
	}
}

func TestKeysOfOpenssl(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: its key files are not tested")
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if out, err := exec.Command(openssl, "genpkey", "-algorithm", "ed25519", "-out", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := fleet.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	text, err = exec.Command(openssl, "pkey", "-in", file, "-pubout").Output()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := fleet.ParsePublicKey(string(text))
	if err != nil || !pub.Equal(priv.Public()) {
		t.Errorf("public half: %v", err)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	const rsa = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n"
	for _, text := range []string{"", "AAAA", "not base64!", rsa, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if k, err := fleet.ParsePublicKey(text); err == nil {
			t.Errorf("%.20q gave a key of %d bytes", text, len(k))
		}
		if k, err := fleet.ParsePrivateKey([]byte(text)); err == nil || len(k) == ed25519.PrivateKeySize {
			t.Errorf("%.20q gave a private key", text)
		}
	}
}
