package main

import (
	"errors"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// setClock tells the kernel that a time daemon keeps its clock, or no longer does, or steps it.
func setClock(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "synced":
		return status(func(s int32) int32 { return s &^ unix.STA_UNSYNC })
	case len(args) == 1 && args[0] == "unsynced":
		return status(func(s int32) int32 { return s | unix.STA_UNSYNC })
	case len(args) == 2 && args[0] == "step":
		seconds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		now := unix.NsecToTimespec(time.Now().Add(time.Duration(seconds) * time.Second).UnixNano())
		return unix.ClockSettime(unix.CLOCK_REALTIME, &now)
	}
	return errors.New("clock: synced, unsynced or step SECONDS wanted")
}

// status changes the clock's status, with an error small enough for it to count.
func status(change func(int32) int32) error {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return err
	}
	t.Modes = unix.ADJ_STATUS | unix.ADJ_MAXERROR | unix.ADJ_ESTERROR
	t.Status, t.Maxerror, t.Esterror = change(t.Status), 1000, 1000
	_, err := unix.Adjtimex(&t)
	return err
}
