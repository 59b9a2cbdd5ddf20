package store

import (
	"bufio"
	"errors"
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
	if role == "unflushable" {
		return openUnflushable(os.Getenv("UMBRAL_STORE_DIR"))
	}
	o := testOpts()
	o.JournalBytes, o.LockWait = 4<<20, 5*time.Second
	o.ReplayLife = crashLife
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

// appendForEver tells of each entry after Append returned, and of erasures and copies nothing: they only have to
// survive.
func appendForEver(s *Store) int {
	for i := 0; ; i++ {
		p, err := s.Append("passage", fmt.Appendf(nil, "payload %d", i))
		if err == nil && i%7 == 3 {
			err = s.Ack(p)
		}
		if err == nil && i%25 == 10 {
			err = s.makeCopy()
		}
		if err == nil {
			err = useAndReview(s, p)
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

// crashLife is long enough for the codes and reviews of the whole test.
const crashLife = time.Hour

// useAndReview shows a code and opens a review for an entry, and closes the one before; told of p, both are on the
// disk.
func useAndReview(s *Store, p Position) error {
	now, _ := s.clock()
	if err := s.UseCode(codeOf(p), now.Add(crashLife/2)); err != nil {
		return err
	}
	id := fmt.Sprintf("%d-%d", p.Boot, p.Sequence)
	if err := s.OpenReview(Review{ID: id, Deadline: now.Add(crashLife), Needed: 2}, []byte("sealed pictures")); err != nil {
		return err
	}
	if _, err := s.AnswerReview(id, ReviewAnswer{Reviewer: "k1", Name: "ana", Approve: true}); err != nil {
		return err
	}
	all, err := s.Reviews()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Outcome == Pending && r.ID != id {
			if _, err := s.CloseReview(r.ID, Withdrawn); err != nil {
				return err
			}
		}
	}
	return s.PutList(List{Kind: "revocation", Sequence: p.Boot<<32 | p.Sequence, Bytes: fmt.Appendf(nil, "list %v", p)})
}

func codeOf(p Position) [32]byte { return code(int(p.Boot)<<20 | int(p.Sequence)) }

func childCommand(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "UMBRAL_STORE_CHILD="+role, "UMBRAL_STORE_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestKilledProcessLosesNothingAcknowledged kills a process with SIGKILL while it appends, copies, enrols and erases,
// and looks for every entry that it had told of.
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
	o.JournalBytes, o.ReplayLife, o.Clock = 4<<20, crashLife, nil
	s := opened(t, dir, o)
	found := map[Position]string{}
	for _, e := range entries(t, s) {
		if e.Kind == "passage" {
			found[e.Position] = string(e.Payload)
		}
	}
	var newest Position
	for p, payload := range told {
		if found[p] != payload {
			t.Errorf("entry %v was acknowledged with %q, found %q", p, payload, found[p])
		}
		if err := s.UseCode(codeOf(p), time.Now().Add(crashLife/2)); !errors.Is(err, ErrReplayed) {
			t.Errorf("the code of entry %v can be shown again: %v", p, err)
		}
		if p.Compare(newest) > 0 {
			newest = p
		}
	}
	if l, err := s.List("revocation"); err != nil || l.Sequence < newest.Boot<<32|newest.Sequence {
		t.Errorf("list number %d, %v, after entry %v", l.Sequence, err, newest)
	}
	id := fmt.Sprintf("%d-%d", newest.Boot, newest.Sequence)
	r, err := s.Review(id)
	if err != nil || len(r.Answers) != 1 {
		t.Errorf("review %s: %+v, %v", id, r, err)
	}
	if _, err := s.ReviewPictures(id); (r.Outcome == Pending) != (err == nil) {
		t.Errorf("pictures of a review that is %s: %v", r.Outcome, err)
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
