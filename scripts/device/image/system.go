package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"umbral/config/paths"
	"umbral/pipeline/models"
	"umbral/scripts/device/packages"
)

// systemPackages make a system with systemd; their dependencies come with them.
var systemPackages = []string{
	"base-files", "base-passwd", "bash", "coreutils", "dash", "dbus", "grep", "iproute2", "kmod", "login", "mount", "passwd", "procps",
	"sed", "systemd", "systemd-sysv", "udev", "util-linux",
}

// systemDisk is the size of the disk with the system, in KiB.
const systemDisk = 640 << 10

// File is a file of a system.
type File struct {
	Name string // without a slash at the beginning
	Text string
	Perm fs.FileMode
}

// System makes a disk with Debian's systemd and the terminal installed as its package would: the unit, users and device
// rules of the folder systemd, programs in /usr/bin, models in /var/cache/umbral/models. The image's own root file system
// gives way to it when the kernel's command line names it: RootDisk.
func System(ctx context.Context, im *Image, source string, extra ...File) (string, error) {
	cacheDir, err := CacheDir()
	if err != nil {
		return "", err
	}
	cache, err := packages.Open(filepath.Join(cacheDir, "packages"), "arm64")
	if err != nil {
		return "", err
	}
	tree, err := cache.Root(ctx, systemPackages...)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(filepath.Dir(im.Initrd), "system-")
	if err != nil {
		return "", fmt.Errorf("image: %w", err)
	}
	defer os.RemoveAll(dir)
	root, disk := filepath.Join(dir, "root"), dir+".disk"
	if out, err := exec.CommandContext(ctx, "cp", "-a", tree, root).CombinedOutput(); err != nil {
		return "", fmt.Errorf("image: %w: %s", err, out)
	}
	if err := install(root, im, source, extra); err != nil {
		return "", err
	}
	mke2fs, err := exec.LookPath("mke2fs")
	if err != nil {
		mke2fs = "/sbin/mke2fs"
	}
	out, err := exec.CommandContext(ctx, mke2fs, "-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d", root, disk, fmt.Sprint(systemDisk)+"k").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("image: mke2fs: %w: %s", err, out)
	}
	return disk, nil
}

// RootDisk is for the kernel's command line: the first virtual disk becomes the root file system.
const RootDisk = "umbral.root=/dev/vda systemd.unit=multi-user.target"

// install puts the terminal into the folder of a system.
func install(root string, im *Image, source string, extra []File) error {
	var errs []error
	write := func(f File) {
		path := filepath.Join(root, f.Name)
		errs = append(errs, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(f.Text), f.Perm), os.Chmod(path, f.Perm))
	}
	copyFile := func(to, from string, perm fs.FileMode) {
		text, err := os.ReadFile(from)
		errs = append(errs, err)
		write(File{to, string(text), perm})
	}
	for _, name := range []string{"passwd", "group"} {
		copyFile("etc/"+name, filepath.Join(root, "usr/share/base-passwd", name+".master"), 0o644)
	}
	write(File{"etc/machine-id", "", 0o644})
	write(File{"etc/fstab", "", 0o644})
	write(File{"etc/hostname", "device\n", 0o644})
	for _, program := range []string{"umbrald", "umbral", "umbral-clock", "guest"} {
		copyFile("usr/bin/"+program, filepath.Join(filepath.Dir(im.Initrd), program), 0o755)
	}
	for to, from := range map[string]string{
		"lib/systemd/system/umbrald.service": "umbrald.service", "lib/systemd/system/umbral-clock.service": "umbral-clock.service", "usr/lib/sysusers.d/umbral.conf": "umbral.sysusers",
		"usr/lib/tmpfiles.d/umbral.conf": "umbral.tmpfiles", "usr/lib/udev/rules.d/60-umbral.rules": "60-umbral.rules",
	} {
		copyFile(to, filepath.Join(source, "systemd", from), 0o644)
	}
	for _, m := range models.Default().Models {
		for _, role := range models.FaceRoles() {
			if m.Role == role {
				copyFile("var/cache/umbral/models/"+m.File, filepath.Join(paths.Models(), m.File), 0o644)
			}
		}
	}
	write(File{"lib/systemd/system/guest.service", guestUnit, 0o644})
	for _, unit := range []string{"umbrald.service", "guest.service"} {
		wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants")
		errs = append(errs, os.MkdirAll(wants, 0o755))
		if err := os.Symlink("/lib/systemd/system/"+unit, filepath.Join(wants, unit)); err != nil && !errors.Is(err, fs.ErrExist) {
			errs = append(errs, err)
		}
	}
	for _, f := range extra {
		write(f)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return nil
}

// guestUnit is the test's hand inside the system. The modules are those of the image's own root file system.
var guestUnit = strings.TrimSpace(`
[Unit]
Description=Device test
DefaultDependencies=no
After=systemd-udevd.service

[Service]
ExecStartPre=/usr/bin/guest start
ExecStart=/usr/bin/guest serve
`) + "\n"
