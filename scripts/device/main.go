// Command device starts the emulated device and leaves it running, for a person to play with: the demo's scene before a
// camera behind uvcvideo, a relay on a GPIO chip, the technician's page and the broker reachable from this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"umbral/config/paths"
	"umbral/daemon/fleet/broker"
	"umbral/scripts/device/control"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/image"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/usbip"
)

func main() {
	page := flag.Int("page", 0, "port of this machine for the technician's page, 0 for any free one")
	mqtt := flag.String("mqtt", "127.0.0.1:0", "address of the broker that the device reports to")
	scene := flag.String("scene", "config/scenes/walkup.toml", "the scene before the camera")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := device(ctx, *page, *mqtt, *scene)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "device:", err)
		os.Exit(1)
	}
}

// pageInside is where the proxy of the page listens in the device: the page itself is for the device's loopback only.
const pageInside = 8601

func device(ctx context.Context, page int, mqtt, scene string) (err error) {
	if err := machine.Installed(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "umbral-device-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("device: building the image (the first time downloads 94 MB of Debian's packages)")
	im, err := image.Build(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Println("device: rendering the scene")
	frames, err := footage.Render(ctx, scene, 640, 480)
	if err != nil {
		return err
	}
	b, err := broker.New(broker.Opts{Address: mqtt})
	if err != nil {
		return err
	}
	brokerCtx, stopBroker := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(brokerCtx) }()
	defer func() {
		stopBroker()
		err = errors.Join(err, <-done)
	}()
	camera, err := usbip.NewCamera()
	if err != nil {
		return err
	}
	defer camera.Close()
	// An emulated processor takes seconds for a frame, so the scene plays slowly.
	const slower, again = 4, 2
	camera.Slow(slower)
	camera.Show(func(n int) usbip.Picture { return frames[n/again%len(frames)].Picture })
	o := machine.DefaultOpts()
	o.Steady, o.Cores = true, 1
	o.Forward = map[int]int{pageInside: page}
	m, err := machine.Boot(ctx, dir, im, o)
	if err != nil {
		return err
	}
	defer m.Kill()
	if err := m.QTest.WatchChip(m.QMP); err != nil {
		return err
	}
	if err := setUp(ctx, m, camera, b.Address()); err != nil {
		return err
	}
	fmt.Printf(`technician's page  http://%s/
gate's screen      http://%[1]s/screen
MQTT broker        tcp://%s     (build/umbral fleet watch --broker tcp://%[2]s)
shell              curl -d '{"Args":["umbral","status"]}' http://%[3]s/run
Ctrl-C ends it. The processor is emulated: while it computes, the device's clock runs several times slower than yours.
`, m.Address(pageInside), b.Address(), m.Address(control.Port))
	return watch(ctx, m)
}

// setUp plugs the camera in, enrols one of the demo's people and starts the daemon.
func setUp(ctx context.Context, m *machine.Machine, camera *usbip.Camera, address string) error {
	if _, err := m.Run(ctx, "guest", "modprobe", "uvcvideo"); err != nil {
		return err
	}
	if _, err := m.Run(ctx, "guest", "attach", "10.0.2.2:"+strconv.Itoa(camera.Port())); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	photo, err := os.ReadFile(filepath.Join(paths.Pictures(), "sample3.jpg"))
	if err != nil {
		return fmt.Errorf("%w (make models)", err)
	}
	if err := m.Put(ctx, "/etc/umbral/umbral.toml", fmt.Appendf(nil, deviceConfig, port)); err != nil {
		return err
	}
	if err := m.Put(ctx, "/tmp/group.jpg", photo); err != nil {
		return err
	}
	r, err := m.Do(ctx, control.Command{
		Args: []string{"umbral", "enroll", "--id", "demo-ana", "--name", "Ana", "--face", "2", "/tmp/group.jpg"}, Limit: 5 * time.Minute,
	})
	if err != nil || r.Exit != 0 {
		return fmt.Errorf("enrol: %w: %s", err, r.Output)
	}
	if _, err := m.Start(ctx, "gate", control.Command{Args: []string{"umbrald"}}); err != nil {
		return err
	}
	_, err = m.Start(ctx, "page", control.Command{Args: []string{"guest", "forward", ":" + strconv.Itoa(pageInside), "127.0.0.1:8600"}})
	return err
}

// watch tells of the relay until the person has enough.
func watch(ctx context.Context, m *machine.Machine) error {
	for {
		edges, err := m.QTest.Next(ctx)
		for _, e := range edges {
			if e.Line == 0 {
				state := "at rest"
				if e.High {
					state = "energised: the door is open"
				}
				fmt.Println(e.At.Format("15:04:05.000"), "relay", state)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// deviceConfig is the terminal's, with the broker's port.
const deviceConfig = `
[terminal]
id = "device"
site = "emulated"

[camera]
source = "v4l2:"
formats = ["MJPG"]

[door]
kind = "gpio"
chip = "/dev/gpiochip0"
relay_line = 0
contact_line = 1
contact_active_low = false
exit_line = 2
exit_active_low = false

[fleet]
enabled = true
broker = "tcp://10.0.2.2:%s"
interval = "5s"

[clock]
command_trust = "unknown"
`
