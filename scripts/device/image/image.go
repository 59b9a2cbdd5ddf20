// Package image builds what the emulated device boots: Debian's kernel for 64-bit ARM and a first root file system in
// memory, with busybox, the kernel's modules, the cross-built programs and the models of the face.
package image

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"umbral/config/paths"
	"umbral/pipeline/models"
	"umbral/scripts/device/packages"
)

// kernels are Debian's names for a current kernel of 64-bit ARM, the newest first.
var kernels = []string{"linux-image-6.12-arm64", "linux-image-arm64"}

// drivers are the kernel's modules that a device has: disk, network, cameras, USB, serial, watchdog, and the means of
// breaking them.
var drivers = []string{
	"virtio_blk", "virtio_net", "virtio_rng", "ext4", "crc32c_generic", "dm-flakey",
	"vivid", "uvcvideo", "vhci-hcd", "xhci-pci", "usbserial", "ftdi_sio", "i6300esb",
}

// loaded are loaded at the start; the others when a test asks for them.
var loaded = []string{"virtio_blk", "virtio_net", "virtio_rng", "crc32c_generic", "ext4"}

// Image is a kernel and a root file system in memory, as files of this machine.
type Image struct {
	Kernel, Initrd string
}

// CacheDir is where packages and images are kept.
func CacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("image: %w", err)
	}
	return filepath.Join(base, "umbral", "device"), nil
}

// Extra is a file of this machine for the root file system.
type Extra struct {
	Name string // in the device, without a slash at the beginning
	Path string // here
	Perm uint32
}

// Build makes an image in dir: the programs are built from the source tree that the working folder lies in.
// errors.Is(err, packages.ErrUnavailable) says that this machine cannot have Debian's packages.
func Build(ctx context.Context, dir string, extras ...Extra) (*Image, error) {
	cacheDir, err := CacheDir()
	if err != nil {
		return nil, err
	}
	cache, err := packages.Open(filepath.Join(cacheDir, "packages"), "arm64")
	if err != nil {
		return nil, err
	}
	kernel, err := cache.Tree(ctx, kernels...)
	if err != nil {
		return nil, err
	}
	busybox, err := cache.Tree(ctx, "busybox-static")
	if err != nil {
		return nil, err
	}
	vmlinuz, err := one(filepath.Join(kernel, "boot", "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	modulesDir, err := one(filepath.Join(kernel, "lib", "modules", "*"))
	if err != nil {
		return nil, err
	}
	for _, program := range []string{"umbral/daemon/umbrald", "umbral/daemon/umbral", "umbral/daemon/umbral-clock", "umbral/scripts/device/guest"} {
		if err := Cross(ctx, filepath.Join(dir, filepath.Base(program)), "build", program); err != nil {
			return nil, err
		}
	}
	im := &Image{Kernel: vmlinuz, Initrd: filepath.Join(dir, "initrd")}
	f, err := os.Create(im.Initrd)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	defer f.Close()
	a := newArchive(f)
	for _, name := range []string{"proc", "sys", "dev", "tmp", "run", "root", "mnt", "etc/umbral", "var/lib/umbral", "usr/bin"} {
		a.dir(name)
	}
	a.char("dev/console", 5, 1)
	box, err := one(filepath.Join(busybox, "bin", "busybox"))
	if err != nil {
		if box, err = one(filepath.Join(busybox, "usr", "bin", "busybox")); err != nil {
			return nil, err
		}
	}
	a.copy("bin/busybox", 0o755, box)
	a.file("init", 0o755, []byte(initScript))
	a.file("etc/inittab", 0o644, []byte(inittab))
	a.file("etc/passwd", 0o644, []byte("root::0:0:root:/root:/bin/sh\n"))
	a.file("etc/group", 0o644, []byte("root:x:0:\n"))
	a.file("etc/profile", 0o644, []byte("export PATH=/usr/bin:/bin:/sbin UMBRAL_MODELS=/models\n"))
	for _, program := range []string{"umbrald", "umbral", "umbral-clock", "guest"} {
		a.copy("usr/bin/"+program, 0o755, filepath.Join(dir, program))
	}
	if err := addModules(ctx, a, modulesDir); err != nil {
		return nil, err
	}
	if err := addModels(a); err != nil {
		return nil, err
	}
	for _, e := range extras {
		a.copy(e.Name, e.Perm, e.Path)
	}
	if err := a.close(); err != nil {
		return nil, err
	}
	return im, f.Close()
}

func one(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("image: %d files match %s, wanted one", len(found), pattern)
	}
	return found[0], nil
}

// Cross runs a command of go for the device: "build PACKAGE", "test -c PACKAGE".
func Cross(ctx context.Context, out string, command ...string) error {
	args := append([]string{command[0]}, command[1:len(command)-1]...)
	args = append(args, "-trimpath", "-ldflags=-s -w", "-o", out, command[len(command)-1])
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("image: go %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return nil
}

// addModules adds the modules and, for each, a line with those that it needs (package guest reads it).
func addModules(ctx context.Context, a *archive, dir string) error {
	m, err := readModules(dir)
	if err != nil {
		return err
	}
	order, data, needs, err := m.closure(ctx, drivers)
	if err != nil {
		return err
	}
	var index strings.Builder
	for _, name := range order {
		a.file("modules/"+name+".ko", 0o644, data[name])
		fmt.Fprintln(&index, name, strings.Join(needs[name], " "))
	}
	a.file("modules/index", 0o644, []byte(index.String()))
	var names []string
	for _, name := range loaded {
		if !m.builtin[moduleName(name)] {
			names = append(names, moduleName(name))
		}
	}
	a.file("modules/start", 0o644, []byte(strings.Join(names, "\n")+"\n"))
	return nil
}

// addModels adds the models that seeing and recognising a face takes.
func addModels(a *archive) error {
	set := models.Default()
	roles := map[string]bool{}
	for _, role := range models.FaceRoles() {
		roles[string(role)] = true
	}
	var files []string
	for _, m := range set.Models {
		if roles[string(m.Role)] {
			files = append(files, m.File)
		}
	}
	sort.Strings(files)
	for _, name := range files {
		path := filepath.Join(paths.Models(), name)
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: %v (make models)", packages.ErrUnavailable, err)
		}
		a.copy("models/"+name, 0o644, path)
	}
	return nil
}

const initScript = `#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/sbin
/bin/busybox --install -s
export PATH=/usr/bin:/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
root=$(sed -n 's/.*umbral.root=\([^ ]*\).*/\1/p' /proc/cmdline)
if [ -n "$root" ]; then
	guest modprobe virtio_blk && guest modprobe ext4 && guest modprobe crc32c_generic && guest modprobe i6300esb
	mkdir -p /sysroot
	mount -t ext4 -o rw "$root" /sysroot
	cp -r /modules /run/modules
	for folder in dev proc sys run; do mkdir -p /sysroot/$folder; mount --move /$folder /sysroot/$folder; done
	exec switch_root /sysroot /sbin/init
fi
exec /bin/busybox init
`

const inittab = `::sysinit:/usr/bin/guest start
::respawn:/usr/bin/guest serve
ttyAMA0::askfirst:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/umount -a -r
`
