package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// crossRoot is where Debian's cross compiler keeps ARM's C library.
const crossRoot = "/usr/aarch64-linux-gnu"

// parts are the numbers by which Linux names the processors in /proc/cpuinfo, and what they can do more than others.
var parts = map[string]struct{ part, more string }{
	"cortex-a53": {"0xd03", ""},
	"cortex-a72": {"0xd08", ""},
	"cortex-a76": {"0xd0b", " atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"},
}

// buildRuntime makes the program that runs onnxruntime's own ARM library, and gives its command line, of which the first
// two are options to QEMU.
func (c *counter) buildRuntime(ctx context.Context) ([]string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	library := filepath.Join(cache, "umbral/oracle/node_modules/onnxruntime-node/bin/napi-v6/linux/arm64/libonnxruntime.so.1")
	if _, err := os.Stat(library); err != nil {
		return nil, fmt.Errorf("%w (scripts/oracle/run brings it)", err)
	}
	if _, err := os.Stat(crossRoot); err != nil {
		return nil, fmt.Errorf("%w (Debian packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and libstdc++6-arm64-cross)", err)
	}
	root, err := c.machine()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(c.work, "onnxruntime")
	if err := output(exec.CommandContext(ctx, "aarch64-linux-gnu-gcc", "-O2", "-o", binary, "scripts/instructions/emulated/onnxruntime.c", "-ldl")); err != nil {
		return nil, err
	}
	return []string{"-L", root, binary, library}, nil
}

// machine makes a folder that QEMU puts before the root: the C library, and the files in which Linux describes a machine
// of one such processor. Those of the real machine, which is none of ARM's, crash onnxruntime when it loads.
func (c *counter) machine() (string, error) {
	cpu, known := parts[c.cpu]
	if !known {
		return "", fmt.Errorf("no description of a machine with a %s", c.cpu)
	}
	root := filepath.Join(c.work, "root")
	system := filepath.Join(root, "sys/devices/system/cpu")
	for _, dir := range []string{system, filepath.Join(root, "proc")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	if err := os.Symlink(filepath.Join(crossRoot, "lib"), filepath.Join(root, "lib")); err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		filepath.Join(system, "possible"): "0\n",
		filepath.Join(system, "present"):  "0\n",
		filepath.Join(system, "online"):   "0\n",
		filepath.Join(root, "proc/cpuinfo"): "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid" + cpu.more +
			"\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: " + cpu.part + "\nCPU revision\t: 3\n\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return root, nil
}
