package packages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Root returns a folder with the named packages and all that they depend on, unpacked over one another: what debootstrap's
// first stage makes. No script of theirs has run, so there are no users but those that the caller makes.
func (c *Cache) Root(ctx context.Context, names ...string) (string, error) {
	sort.Strings(names)
	sum := sha256.Sum256([]byte(strings.Join(names, " ")))
	dir := c.path("trees", "root-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := c.update(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	temp, err := os.MkdirTemp(c.path("trees"), "new-")
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	defer os.RemoveAll(temp)
	archives, root := filepath.Join(temp, "archives"), filepath.Join(temp, "root")
	for _, d := range []string{filepath.Join(archives, "partial"), root} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", fmt.Errorf("packages: %w", err)
		}
	}
	args := []string{"-y", "--download-only", "-o", "Debug::NoLocking=1", "-o", "Dir::Cache::archives=" + archives, "install"}
	if _, err := c.run(ctx, temp, "apt-get", append(args, names...)...); err != nil {
		return "", fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	debs, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil || len(debs) < len(names) {
		return "", fmt.Errorf("%w: %d packages came for %d names", ErrUnavailable, len(debs), len(names))
	}
	for _, deb := range debs {
		if _, err := c.run(ctx, temp, "dpkg-deb", "-x", deb, root); err != nil {
			return "", err
		}
	}
	for _, d := range []string{"doc", "man", "locale", "info", "lintian", "bash-completion"} {
		if err := os.RemoveAll(filepath.Join(root, "usr/share", d)); err != nil {
			return "", fmt.Errorf("packages: %w", err)
		}
	}
	if err := os.Rename(root, dir); err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	return dir, nil
}
