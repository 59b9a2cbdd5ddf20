// Package packages brings packages of Debian for another architecture into a cache of the user's, and unpacks them there.
//
// It uses apt with a state of its own, so it needs no root, and this machine's own packages and architectures stay as they
// are. apt checks the signatures of the archive that this machine's own apt is configured for.
package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrUnavailable says that packages cannot be had here: no apt, no archive, or not this package. Tests skip on it.
var ErrUnavailable = errors.New("packages not available")

// Cache is a folder with apt's state, the packages, and what they hold.
type Cache struct {
	dir  string
	arch string
}

// updateTimeout and fetchTimeout bound apt: a mirror that does not answer is no reason to hang.
const (
	updateTimeout = 3 * time.Minute
	fetchTimeout  = 10 * time.Minute
)

// Open makes a cache below dir for packages of a Debian architecture, such as "arm64".
func Open(dir, arch string) (*Cache, error) {
	c := &Cache{dir: filepath.Join(dir, arch), arch: arch}
	for _, sub := range []string{"lists/partial", "archives/partial", "debs", "trees"} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("packages: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "status"), nil, 0o644); err != nil {
		return nil, fmt.Errorf("packages: %w", err)
	}
	// The lists begin and end with this architecture; this machine's own one must not be asked for.
	text := fmt.Sprintf(`APT::Architecture "%s";
APT::Architectures { "%s"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Dir::State "%s";
Dir::State::status "%s/status";
Dir::Cache "%s";
Acquire::Languages "none";
`, arch, arch, c.dir, c.dir, c.dir)
	if err := os.WriteFile(c.path("apt.conf"), []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("packages: %w", err)
	}
	return c, nil
}

func (c *Cache) path(elem ...string) string {
	return filepath.Join(append([]string{c.dir}, elem...)...)
}

// Tree returns the folder with the unpacked package, which it brings first where the cache has none. choices are names of
// which the first that the archive has is taken. A name of which the archive has only a meta-package for a current version
// (linux-image-arm64) stands for the package that it depends on.
func (c *Cache) Tree(ctx context.Context, choices ...string) (string, error) {
	for _, name := range choices {
		if dir, err := os.Readlink(c.path("trees", name)); err == nil {
			return c.path("trees", dir), nil
		}
	}
	if err := c.update(ctx); err != nil {
		return "", err
	}
	var failures []error
	for _, name := range choices {
		real, err := c.resolve(ctx, name)
		if err == nil {
			var deb string
			if deb, err = c.fetch(ctx, real); err == nil {
				return c.unpack(ctx, name, deb)
			}
		}
		failures = append(failures, err)
	}
	return "", errors.Join(failures...)
}

// update reads the archive's lists where they are missing or a week old.
func (c *Cache) update(ctx context.Context) error {
	stamp := c.path("updated")
	if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()) < 7*24*time.Hour {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, updateTimeout)
	defer cancel()
	// Sources of other vendors on this machine may lack the architecture, which is no failure.
	out, err := c.run(ctx, c.dir, "apt-get", "update")
	if err != nil && !bytes.Contains(out, []byte("Reading package lists")) {
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	return os.WriteFile(stamp, nil, 0o644)
}

var dependsLine = regexp.MustCompile(`(?m)^\s*Depends: (\S+)$`)

// resolve follows a meta-package to the one package that it depends on.
func (c *Cache) resolve(ctx context.Context, name string) (string, error) {
	out, err := c.run(ctx, c.dir, "apt-cache", "depends", "--no-recommends", "--no-suggests", name)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	found := dependsLine.FindAllSubmatch(out, -1)
	if len(found) == 1 && strings.HasPrefix(string(found[0][1]), strings.TrimSuffix(name, "-"+c.arch)) {
		return string(found[0][1]), nil
	}
	return name, nil
}

// fetch downloads one package and returns its file.
func (c *Cache) fetch(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	dir, err := os.MkdirTemp(c.path("debs"), "new-")
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := c.run(ctx, dir, "apt-get", "download", name); err != nil {
		return "", fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	got, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(got) != 1 {
		return "", fmt.Errorf("%w: %s: apt-get download left %d files", ErrUnavailable, name, len(got))
	}
	deb := c.path("debs", filepath.Base(got[0]))
	if err := os.Rename(got[0], deb); err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	return deb, nil
}

// unpack makes the tree of a package and lets name point at it. A tree that is there is whole: it gets its name last.
func (c *Cache) unpack(ctx context.Context, name, deb string) (string, error) {
	tree := strings.TrimSuffix(filepath.Base(deb), ".deb")
	dir := c.path("trees", tree)
	if _, err := os.Stat(dir); err != nil {
		temp, err := os.MkdirTemp(c.path("trees"), "new-")
		if err != nil {
			return "", fmt.Errorf("packages: %w", err)
		}
		defer os.RemoveAll(temp)
		if _, err := c.run(ctx, c.dir, "dpkg-deb", "-x", deb, temp); err != nil {
			return "", err
		}
		if err := os.Rename(temp, dir); err != nil {
			return "", fmt.Errorf("packages: %w", err)
		}
	}
	link := c.path("trees", name)
	if err := os.Symlink(tree, link); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("packages: %w", err)
	}
	return dir, os.Remove(deb)
}

func (c *Cache) run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "APT_CONFIG="+c.path("apt.conf"), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return out, fmt.Errorf("packages: %s %s: %w: %s", name, strings.Join(args, " "), err, lines[len(lines)-1])
	}
	return out, nil
}
