package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// child is the main of the processes that tests start, and kill.
func child(role string) int {
	o := testOpts()
	o.JournalBytes, o.LockWait = 4<<20, 5*time.Second
	o.Clock = nil
	s, rec, err := Open(os.Getenv("UMBRAL_STORE_DIR"), o)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	if rec.Happened() {
		fmt.Println("error recovery", rec.Reason)
		return 1
	}
	switch role {
	case "append":
		return appendForEver(s)
	case "hold":
		fmt.Println("holding")
		select {}
	case "limit":
		return meetFileLimit(s)
	}
	return 2
}

// appendForEver tells of each entry after Append returned, and of erasures and copies nothing: they only have to survive.
func appendForEver(s *Store) int {
	for i := 0; ; i++ {
		p, err := s.Append("passage", fmt.Appendf(nil, "payload %d", i))
		if err == nil && i%7 == 3 {
			err = s.Ack(p)
		}
		if err == nil && i%25 == 10 {
			err = s.makeCopy()
		}
		if err == nil && i%40 == 20 {
			someone := person(int(p.Boot)*10_000 + i)
			if err = s.Enrol(someone, []Reference{reference(i, 512)}); err == nil && i%80 == 20 {
				_, err = s.Erase(someone.ID, "")
			}
		}
		if err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println(p.Boot, p.Sequence, i)
	}
}

func childCommand(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "UMBRAL_STORE_CHILD="+role, "UMBRAL_STORE_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestKilledProcessLosesNothingAcknowledged kills a process with SIGKILL while it appends, copies, enrols and erases, and
// looks for every entry that it had told of.
func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	dir := diskDir(t)
	told := map[Position]string{}
	cycles := 8
	if testing.Short() {
		cycles = 2
	}
	for cycle := range cycles {
		cmd := childCommand(t, "append", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The kill comes at a line of the child's that differs from cycle to cycle, at whatever it does then.
		lines, stopAt := bufio.NewScanner(out), 10+37*cycle
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Fatalf("cycle %d: %s", cycle, lines.Text())
			}
			var p Position
			var i int
			if _, err := fmt.Sscan(lines.Text(), &p.Boot, &p.Sequence, &i); err != nil {
				t.Fatalf("cycle %d: %q: %v", cycle, lines.Text(), err)
			}
			told[p] = fmt.Sprintf("payload %d", i)
			if n == stopAt {
				if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		sound(t, dir, testKey)
	}
	o := testOpts()
	o.JournalBytes = 4 << 20
	s := opened(t, dir, o)
	found := map[Position]string{}
	for _, e := range entries(t, s) {
		if e.Kind == "passage" {
			found[e.Position] = string(e.Payload)
		}
	}
	for p, payload := range told {
		if found[p] != payload {
			t.Errorf("entry %v was acknowledged with %q, found %q", p, payload, found[p])
		}
	}
	if len(told) < cycles*10 || s.state.Boot <= uint64(cycles) {
		t.Errorf("%d entries told, boot %d", len(told), s.state.Boot)
	}
}

func TestSecondProcessIsToldWhoHasTheStore(t *testing.T) {
	dir := t.TempDir()
	cmd := childCommand(t, "hold", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
		t.Fatalf("%q, %v", line, err)
	}
	_, _, err = Open(dir, testOpts())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d has %s open", cmd.Process.Pid, dir)) {
		t.Errorf("second process: %v", err)
	}
	if _, err := Check(dir, testKey); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Errorf("check of a store in use: %v", err)
	}
}

// meetFileLimit runs into RLIMIT_FSIZE, which fails like a full disk for anyone, and recovers when the limit is lifted.
func meetFileLimit(s *Store) int {
	fail := func(args ...any) int {
		fmt.Println(append([]any{"error"}, args...)...)
		return 1
	}
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		return fail(err)
	}
	payload := make([]byte, MaxPayload)
	last, err := s.Append("e", payload)
	if err != nil {
		return fail(err)
	}
	info, err := os.Stat(s.path(liveName))
	if err != nil {
		return fail(err)
	}
	limit := was
	limit.Cur = uint64(info.Size())
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return fail(err)
	}
	for i := 0; ; i++ {
		p, err := s.Append("e", payload)
		if err != nil {
			fmt.Println("full:", err)
			break
		}
		last = p
		if i == 1000 {
			return fail("the limit was never met")
		}
	}
	st := s.Status()
	if st.Head != last || st.Fault == nil {
		return fail("while full", st.Head, last, st.Fault)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		return fail(err)
	}
	p, err := s.Append("e", payload)
	if err != nil || p.Sequence != last.Sequence+1 || s.Status().Fault != nil {
		return fail("after the limit was lifted", p, last, err, s.Status().Fault)
	}
	if err := s.Close(); err != nil {
		return fail(err)
	}
	return 0
}

func TestFullDiskByFileSizeLimit(t *testing.T) {
	dir := t.TempDir()
	out, err := childCommand(t, "limit", dir).Output()
	if err != nil || !strings.Contains(string(out), ErrFull.Error()) {
		t.Errorf("%v: %s", err, out)
	}
	sound(t, dir, testKey)
}
