//go:build !arm64

package kernel

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// emulatedCPUs are the classes of processor that 64-bit ARM boxes have: in-order without and out-of-order without and
// with the dot product instructions.
var emulatedCPUs = []string{"cortex-a53", "cortex-a72", "cortex-a76"}

// The tests of this package, and the networks against onnxruntime's results, pass on 64-bit ARM: the programs are built
// for it and run by QEMU as each kind of processor. (QEMU is exact about what instructions compute, not about time.)
func TestUnderEmulatedARM(t *testing.T) {
	if testing.Short() {
		t.Skip("short: emulation takes half a minute")
	}
	qemu, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skip("qemu-aarch64 is not installed (Debian package qemu-user): the ARM kernels are not tested here")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel) // after the parallel parts
	const networks = "^TestAgreesWithOnnxruntime$"
	parts := []struct {
		name, directory, tests string
		cpus                   []string
	}{
		{"kernels", ".", ".", emulatedCPUs},
		// All processors run the same instructions so far, so the long networks, which read text, run as one of them.
		{"faces", "..", networks + "/^fr_/^neon$", emulatedCPUs},
		{"texts", "..", networks + "/^ch_/^neon$", emulatedCPUs[1:2]},
	}
	for _, p := range parts {
		directory, err := filepath.Abs(p.directory)
		if err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(t.TempDir(), "arm64.test")
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".")
		build.Dir = directory
		build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s for arm64: %v\n%s", directory, err, out)
		}
		for _, model := range p.cpus {
			t.Run(p.name+"/"+model, func(t *testing.T) {
				t.Parallel()
				run := exec.CommandContext(ctx, qemu, "-cpu", model, binary, "-test.run", p.tests)
				run.Dir = directory
				run.Env = append(os.Environ(), Variable+"=")
				if out, err := run.CombinedOutput(); err != nil {
					t.Errorf("as %s: %v\n%s", model, err, out)
				}
			})
		}
	}
}
