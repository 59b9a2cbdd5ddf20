package image

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// archive writes a cpio archive in the "newc" format (Linux Documentation/driver-api/early-userspace/buffer-format.rst),
// which the kernel unpacks into its first root file system.
type archive struct {
	w    *bufio.Writer
	size int64
	next uint32 // inode number
	made map[string]bool
	err  error
}

func newArchive(w io.Writer) *archive {
	return &archive{w: bufio.NewWriterSize(w, 1<<20), made: map[string]bool{}}
}

// Types of files, the high bits of st_mode.
const (
	modeDir  = 0o040000
	modeFile = 0o100000
	modeChar = 0o020000
)

func (a *archive) write(b []byte) {
	if a.err == nil {
		_, a.err = a.w.Write(b)
		a.size += int64(len(b))
	}
}

func (a *archive) pad() {
	if n := a.size % 4; n > 0 {
		a.write(make([]byte, 4-n))
	}
}

// entry writes one file. name has no slash at its beginning.
func (a *archive) entry(name string, mode uint32, device [2]uint32, data []byte) {
	a.next++
	a.write(fmt.Appendf(nil, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.next, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(name)+1, 0))
	a.write(append([]byte(name), 0))
	a.pad()
	a.write(data)
	a.pad()
}

// dir makes a folder and those above it.
func (a *archive) dir(name string) {
	for i := range name {
		if name[i] == '/' {
			a.oneDir(name[:i])
		}
	}
	a.oneDir(name)
}

func (a *archive) oneDir(name string) {
	if name != "" && !a.made[name] {
		a.made[name] = true
		a.entry(name, modeDir|0o755, [2]uint32{}, nil)
	}
}

// file writes a file and the folders above it.
func (a *archive) file(name string, perm uint32, data []byte) {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '/' {
			a.dir(name[:i])
			break
		}
	}
	a.entry(name, modeFile|perm, [2]uint32{}, data)
}

// copy writes a file of this machine.
func (a *archive) copy(name string, perm uint32, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		if a.err == nil {
			a.err = err
		}
		return
	}
	a.file(name, perm, data)
}

func (a *archive) char(name string, major, minor uint32) {
	a.entry(name, modeChar|0o600, [2]uint32{major, minor}, nil)
}

// close ends the archive.
func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, [2]uint32{}, nil)
	if a.err != nil {
		return fmt.Errorf("image: %w", a.err)
	}
	return a.w.Flush()
}
