// Package machine runs the emulated device: QEMU's board "virt" for 64-bit ARM, and the ways into it from outside. QMP plugs
// and unplugs; qtest sees each edge of the GPIO lines and drives them; forwarded ports reach its services.
package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"umbral/scripts/device/control"
	"umbral/scripts/device/image"
)

// ErrNoEmulator says that QEMU for 64-bit ARM is not installed.
var ErrNoEmulator = errors.New("qemu-system-aarch64 is not installed (apt-get install qemu-system-arm)")

const emulator = "qemu-system-aarch64"

// Opts is what a device is made of. Start from DefaultOpts.
type Opts struct {
	CPU       string // of QEMU, as "cortex-a72"
	Cores     int
	MemoryMiB int
	// Forward maps ports of the device to ports of this machine's loopback; 0 is any free one.
	Forward map[int]int
	// Steady gives the device a clock that counts its instructions, a nanosecond each: it computes as fast as a real board by
	// its own clock, however busy this machine is, and time in it passes slowly while it computes.
	Steady bool
	// Args are added to QEMU's: disks, serial ports.
	Args []string
	// Append is added to the kernel's command line.
	Append string
	// Stdio connects the console with this program's own terminal instead of a file.
	Stdio bool
	// Boot bounds the time until the device answers.
	Boot time.Duration
}

// DefaultOpts is a small board: two cores, 1 GiB.
func DefaultOpts() Opts {
	return Opts{CPU: "cortex-a72", Cores: 2, MemoryMiB: 1024, Boot: 3 * time.Minute}
}

// Machine is a running device.
type Machine struct {
	*control.Client
	dir   string
	cmd   *exec.Cmd
	done  chan struct{}
	ended error
	ports map[int]int
	QMP   *QMP
	QTest *QTest
}

// Boot boots an image. Sockets and the console's text are kept in dir.
func Boot(ctx context.Context, dir string, im *image.Image, o Opts) (*Machine, error) {
	qemu, err := exec.LookPath(emulator)
	if err != nil {
		return nil, ErrNoEmulator
	}
	// Unix sockets have short names; a test's folder may not.
	sockets, err := os.MkdirTemp("", "umbral-device-")
	if err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	m := &Machine{dir: dir, done: make(chan struct{}), ports: map[int]int{}}
	network := "user,id=net,restrict=off"
	forward := map[int]int{control.Port: 0}
	for inside, outside := range o.Forward {
		forward[inside] = outside
	}
	for inside, outside := range forward {
		if outside == 0 {
			if outside, err = freePort(); err != nil {
				return nil, err
			}
		}
		m.ports[inside] = outside
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-10.0.2.15:%d", outside, inside)
	}
	qmp, qtest := filepath.Join(sockets, "qmp"), filepath.Join(sockets, "qtest")
	args := []string{
		"-M", "virt", "-cpu", o.CPU, "-smp", strconv.Itoa(o.Cores), "-m", strconv.Itoa(o.MemoryMiB),
		"-display", "none", "-no-reboot", "-nodefaults",
		"-kernel", im.Kernel, "-append", "console=ttyAMA0 quiet panic=-1 " + o.Append,
		"-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci",
		"-qmp", "unix:" + qmp + ",server=on,wait=off",
		"-qtest", "unix:" + qtest + ",server=on,wait=off", "-qtest-log", "none", "-accel", "tcg",
	}
	if o.Steady {
		args = append(args, "-icount", "shift=0,sleep=on")
	}
	if im.Initrd != "" {
		args = append(args, "-initrd", im.Initrd)
	}
	var errors bytes.Buffer
	m.cmd = exec.Command(qemu)
	if o.Stdio {
		args = append(args, "-serial", "mon:stdio")
		m.cmd.Stdin, m.cmd.Stdout, m.cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	} else {
		args = append(args, "-serial", "file:"+m.ConsoleFile())
		m.cmd.Stderr = &errors
	}
	m.cmd.Args = append(append(m.cmd.Args, args...), o.Args...)
	// Ctrl-C is for this program, which then ends the emulator; and an emulator must not outlive this program.
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	go func() {
		m.ended = m.cmd.Wait()
		if m.ended == nil && errors.Len() > 0 || m.ended != nil {
			m.ended = fmt.Errorf("machine: %s ended: %v: %s", emulator, m.ended, bytes.TrimSpace(errors.Bytes()))
		}
		os.RemoveAll(sockets)
		close(m.done)
	}()
	m.Client = control.NewClient(m.Address(control.Port))
	if err := m.connect(ctx, qmp, qtest, o.Boot); err != nil {
		m.Kill()
		return nil, err
	}
	return m, nil
}

// freePort is a port of the loopback that nobody listens at now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("machine: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// connect waits until the device answers.
func (m *Machine) connect(ctx context.Context, qmp, qtest string, limit time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if m.QMP, err = dialQMP(ctx, qmp); err != nil {
		return m.why(err)
	}
	if m.QTest, err = dialQTest(ctx, qtest); err != nil {
		return m.why(err)
	}
	if limit == 0 {
		return nil
	}
	for {
		if _, err = m.Run(ctx, "true"); err == nil {
			return nil
		}
		select {
		case <-m.done:
			return m.why(errors.New("it ended"))
		case <-ctx.Done():
			return m.why(err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// why adds what the device's console said last.
func (m *Machine) why(err error) error {
	select {
	case <-m.done:
		err = errors.Join(err, m.ended)
	default:
	}
	text, _ := os.ReadFile(m.ConsoleFile())
	return fmt.Errorf("machine: the device does not answer: %w\n%s", err, text[max(0, len(text)-4096):])
}

// ConsoleFile is where the console's text goes.
func (m *Machine) ConsoleFile() string { return filepath.Join(m.dir, "console") }

// Address is where a forwarded port of the device is reached.
func (m *Machine) Address(port int) string { return "127.0.0.1:" + strconv.Itoa(m.ports[port]) }

// Done is closed when QEMU has ended.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Kill cuts the power.
func (m *Machine) Kill() error {
	if err := m.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-m.done
	if m.QMP != nil {
		m.QMP.Close()
	}
	if m.QTest != nil {
		m.QTest.Close()
	}
	return nil
}

// Installed says whether the emulator is there.
func Installed() error {
	if _, err := exec.LookPath(emulator); err != nil {
		return ErrNoEmulator
	}
	return nil
}
