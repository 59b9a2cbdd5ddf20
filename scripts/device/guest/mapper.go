package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapperRequest is struct dm_ioctl (Linux include/uapi/linux/dm-ioctl.h) with one target behind it.
type mapperRequest struct {
	version        [3]uint32
	size, start    uint32
	targets        uint32
	opened         int32
	flags          uint32
	event, _       uint32
	device         uint64
	name           [128]byte
	uuid           [129]byte
	_              [7]byte
	sector, length uint64 // struct dm_target_spec
	status         int32
	next           uint32
	kind           [16]byte
	parameters     [256]byte
}

const (
	mapperCreate  = 3
	mapperSuspend = 6
	mapperLoad    = 9

	flagSuspend   = 1 << 1
	flagNoLock    = 1 << 10 // DM_SKIP_LOCKFS_FLAG
	flagNoFlush   = 1 << 11
	mapperName    = "flakey"
	mapperHeader  = 312
	mapperControl = "/dev/mapper/control"
)

func mapper(command uintptr, flags uint32, sectors uint64, parameters string) error {
	fd, err := unix.Open(mapperControl, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", mapperControl, err)
	}
	defer unix.Close(fd)
	r := mapperRequest{version: [3]uint32{4, 0, 0}, start: mapperHeader, flags: flags, length: sectors}
	r.size = uint32(unsafe.Sizeof(r))
	copy(r.name[:], mapperName)
	copy(r.kind[:], "flakey")
	copy(r.parameters[:], parameters)
	if parameters != "" {
		r.targets = 1
	}
	number := uintptr(3<<30 | mapperHeader<<16 | 0xfd<<8)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), number|command, uintptr(unsafe.Pointer(&r))); errno != 0 {
		return fmt.Errorf("device mapper: command %d: %w", command, errno)
	}
	return nil
}

// flakey puts dm-flakey before a disk, sound at first (make), lets writes fail (break), makes it sound again (mend),
// lets whatever asks of it wait (hang), and answers again (wake).
func flakey(args []string) error {
	if len(args) != 2 {
		return errors.New("flakey: make|break|mend|hang|wake DEVICE wanted")
	}
	text, err := os.ReadFile("/sys/class/block/" + strings.TrimPrefix(args[1], "/dev/") + "/size")
	if err != nil {
		return err
	}
	sectors, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return err
	}
	sound := args[1] + " 0 3600 0"
	failing := args[1] + " 0 0 3600 1 error_writes"
	switch args[0] {
	case "make":
		if err := modprobe([]string{"dm-flakey"}); err != nil {
			return err
		}
		if err := mapper(mapperCreate, 0, 0, ""); err != nil {
			return err
		}
		return errors.Join(mapper(mapperLoad, 0, sectors, sound), mapper(mapperSuspend, 0, 0, ""))
	case "break":
		return change(sectors, failing)
	case "mend":
		return change(sectors, sound)
	case "hang":
		return mapper(mapperSuspend, flagSuspend|flagNoLock|flagNoFlush, 0, "")
	case "wake":
		return mapper(mapperSuspend, 0, 0, "")
	}
	return fmt.Errorf("flakey: %q", args[0])
}

// change puts another table in place, as a device does that begins to fail: nothing is flushed before.
func change(sectors uint64, parameters string) error {
	return errors.Join(
		mapper(mapperLoad, 0, sectors, parameters),
		mapper(mapperSuspend, flagSuspend|flagNoLock|flagNoFlush, 0, ""),
		mapper(mapperSuspend, 0, 0, ""),
	)
}
