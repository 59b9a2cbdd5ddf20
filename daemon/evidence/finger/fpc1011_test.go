package finger

import (
	"sync"
	"testing"
	"testing/synctest"

	"umbral/config/paths/pathstest"
	"umbral/drivers/fingerprint/emulated"
	"umbral/drivers/fingerprint/fpc1011"
	"umbral/pipeline/finger"
)

// onTheAreaSensor returns what an FPC1011F3 sees of an impression: its middle, at 363 instead of 500 dpi.
func onTheAreaSensor(t *testing.T, which, n int) []byte {
	t.Helper()
	width, height := fpc1011.Width*finger.Resolution/fpc1011.DPI, fpc1011.Height*finger.Resolution/fpc1011.DPI
	from := pathstest.Fingerprint(t, which, n, width, height)
	pix := make([]byte, fpc1011.Width*fpc1011.Height)
	for i := range pix {
		x, y := i%fpc1011.Width*(width-1)*256/(fpc1011.Width-1), i/fpc1011.Width*(height-1)*256/(fpc1011.Height-1)
		left, top := min(x>>8, width-2), min(y>>8, height-2)
		wx, wy := x-left<<8, y-top<<8
		at := func(x, y int) int { return int(from[y*width+x]) }
		above := at(left, top)*(256-wx) + at(left+1, top)*wx
		below := at(left, top+1)*(256-wx) + at(left+1, top+1)*wx
		pix[i] = byte((above*(256-wy) + below*wy) >> 16)
	}
	return pix
}

// An area sensor on SPI serves as one on a serial port does: a finger is enrolled at it and recognised, another is not, and
// while the port is away the sensor is out of order.
func TestAreaSensor(t *testing.T) {
	var mu sync.Mutex
	var seen []byte
	pictures := map[int][]byte{}
	for _, which := range []int{101, 105} {
		for n := 1; n <= 8; n++ {
			pictures[which*10+n] = onTheAreaSensor(t, which, n)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		chip := emulated.NewSPI()
		chip.SetPicture(func(int) []byte { mu.Lock(); defer mu.Unlock(); return seen })
		o := fpc1011.DefaultOpts()
		o.Name, o.Open = "/dev/spidev0.0", chip.Open
		sensor, err := fpc1011.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer sensor.Halt()
		r := newRig(t, func(o *Opts, _ *records) {
			o.Sensor = sensor
			o.MaxWidth, o.MaxHeight = fpc1011.Width*finger.Resolution/fpc1011.DPI, fpc1011.Height*finger.Resolution/fpc1011.DPI
		}).start(t)
		press := func(which, n int, done func() bool) {
			r.lift() // nobody presses before the screen asks
			mu.Lock()
			seen = pictures[which*10+n]
			mu.Unlock()
			before := r.Status().Presses
			chip.Put(1)
			until(t, "a picture", func() bool { return r.Status().Presses > before || done() })
			chip.Lift()
			r.lift()
		}
		ended := make(chan error, 1)
		var views []*finger.Template
		go func() {
			var err error
			views, err = r.Enrol(t.Context(), "ana", func(int, int, string) {})
			ended <- err
		}()
		until(t, "the beginning", r.Enrolling)
		for n := 0; r.Enrolling() && n < 12; n++ {
			press(101, n%6+1, func() bool { return !r.Enrolling() })
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		data, err := finger.EncodeISO(views...)
		if err != nil {
			t.Fatal(err)
		}
		r.records.fingers["ana"] = []Record{{Position: 2, Data: data}}
		r.ask("ana")
		press(101, 7, func() bool { return false })
		r.answer(t, "her finger", accepted("ana"))
		r.ask("ana")
		for range 3 {
			press(105, 7, func() bool { return false })
		}
		r.answer(t, "another's finger", noMatch)
		chip.SetGone(true)
		r.ask("ana")
		r.answer(t, "no port", noSensor)
		if r.Status().Health.Fault == "" {
			t.Error("the status tells of no fault")
		}
	})
}
