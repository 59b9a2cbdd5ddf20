package r503_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/emulated"
	"umbral/drivers/fingerprint/r503"
)

// TestExchanged replaces the module between two calls by one that is set up in another way.
func TestExchanged(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*emulated.Module)
		want   string // in the last error; empty where the new one is found
	}{
		{"faster", func(m *emulated.Module) { m.SetBaud(115200) }, ""},
		{"slower", func(m *emulated.Module) { m.SetBaud(9600) }, ""},
		{"larger packets", func(m *emulated.Module) { m.SetPacket(256) }, ""},
		{"password", func(m *emulated.Module) { m.SetPassword(5) }, "refuses the password"},
		{"address", func(m *emulated.Module) { m.SetAddress(5) }, "does not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, end := open(t, nil)
				defer end()
				defer r.Halt()
				r.module.Put(1)
				if _, err := r.Capture(t.Context()); err != nil {
					t.Fatal(err)
				}
				c.change(r.module)
				r.module.PowerCycle()
				var err error
				for range 2 { // the first call notices, the next one searches
					if _, err = r.Capture(t.Context()); err == nil {
						break
					}
				}
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("Capture: %v, wanted %q", err, c.want)
				}
			})
		})
	}
}

// TestShortCallsReachEverySpeed looks for a module at the speed that is tried last, by calls each of which is too short for
// the whole search.
func TestShortCallsReachEverySpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := open(t, func(_ *r503.Opts, m *emulated.Module) { m.SetBaud(9600) })
		defer end()
		defer r.Halt()
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
			_, err := r.Present(ctx)
			cancel()
			if err == nil {
				return
			}
		}
		t.Error("ten calls did not find the module")
	})
}

// TestDipInAPicture takes the module's power in the middle of a picture.
func TestDipInAPicture(t *testing.T) {
	for name, password := range map[string]uint32{"no password": 0, "password": 9} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, end := open(t, func(o *r503.Opts, m *emulated.Module) { o.Password = password; m.SetPassword(password) })
				defer end()
				defer r.Halt()
				r.module.Put(1)
				want, err := r.Capture(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				r.module.Break(emulated.Dip, 2) // as the picture is taken, and as it is sent
				if got, err := r.Capture(t.Context()); err != nil || !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("Capture through a dip: %v, the same picture %v", err, bytes.Equal(got.Pix, want.Pix))
				}
			})
		})
	}
}

// TestForgottenPressesAreNoTemplate takes the power between two presses of an enrolment.
func TestForgottenPressesAreNoTemplate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := open(t, func(o *r503.Opts, m *emulated.Module) { o.Password = 9; m.SetPassword(9) })
		defer end()
		defer r.Halt()
		r.module.Put(1)
		for name, call := range map[string]func() error{
			"Merge": func() error { return r.Merge(t.Context()) },
			"Save":  func() error { return r.Save(t.Context(), 1) },
			"Find":  func() error { _, _, err := r.Find(t.Context()); return err },
		} {
			for _, buffer := range []int{1, 2} {
				if err := r.Read(t.Context(), buffer); err != nil {
					t.Fatal(err)
				}
			}
			r.module.PowerCycle()
			if err := call(); !errors.Is(err, fingerprint.ErrPicture) {
				t.Errorf("%s after a dip: %v", name, err)
			}
		}
		if places, err := r.Places(t.Context()); err != nil || len(places) != 0 {
			t.Errorf("places %v, %v", places, err)
		}
	})
}

// TestSizes shows pictures of each kind to a driver with each setting.
func TestSizes(t *testing.T) {
	strange := emulated.Kind{Name: "strange", Width: 160, Height: 160, Capacity: 10, Buffers: 2}
	strangeTells := strange
	strangeTells.Modern = true
	for _, c := range []struct {
		name               string
		kind               emulated.Kind
		width, height      int // set
		gotWidth, gotHeigh int
		dpi                int
		want               string
	}{
		{"R503 asked", emulated.R503, 0, 0, 192, 192, 508, ""},
		{"R503 set", emulated.R503, 192, 192, 192, 192, 508, ""},
		{"R307 by its length", emulated.R307, 0, 0, 256, 288, 500, ""},
		{"AS608 set", emulated.AS608, 256, 288, 256, 288, 500, ""},
		{"R307 set as R503", emulated.R307, 192, 192, 0, 0, 0, "picture of 256×288, but its size is set to 192×192"},
		{"R503 set as R307", emulated.R503, 256, 288, 0, 0, 0, "picture of 192×192, but its size is set to 256×288"},
		{"another that tells", strangeTells, 0, 0, 160, 160, 500, ""},
		{"another, set", strange, 160, 160, 160, 160, 500, ""},
		{"another that cannot tell", strange, 0, 0, 0, 0, 0, "picture of 12800 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, end := openKind(t, c.kind, func(o *r503.Opts, _ *emulated.Module) { o.Width, o.Height = c.width, c.height })
				defer end()
				defer r.Halt()
				r.module.Put(1)
				img, err := r.Capture(t.Context())
				if img.Width != c.gotWidth || img.Height != c.gotHeigh || img.DPI != c.dpi || len(img.Pix) != c.gotWidth*c.gotHeigh {
					t.Errorf("picture of %d×%d at %d dpi, %d bytes", img.Width, img.Height, img.DPI, len(img.Pix))
				}
				if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !errors.Is(err, fingerprint.ErrAnswer)) {
					t.Errorf("error %v, wanted %q", err, c.want)
				}
			})
		})
	}
}

// TestNoLampIsNoFault lights a module that has none, and one that does not answer.
func TestNoLampIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := openKind(t, emulated.R307, nil)
		defer end()
		defer r.Halt()
		for range 2 {
			if err := r.Light(t.Context(), fingerprint.Blue, fingerprint.Steady); err != nil {
				t.Errorf("Light: %v", err)
			}
		}
		if h := r.Health(t.Context()); h.Fault != "" || h.Counter.Opened != 1 || !strings.HasPrefix(h.Device, "ZFM module") {
			t.Errorf("%+v", h)
		}
		s, endSilent := open(t, nil)
		defer endSilent()
		defer s.Halt()
		if h := s.Health(t.Context()); !strings.HasPrefix(h.Device, "R503, serial number 00000001, sensor emulated, 57600 baud") {
			t.Errorf("%+v", h)
		}
		s.module.Break(emulated.Busy, 1<<30)
		if err := s.Light(t.Context(), fingerprint.Blue, fingerprint.Steady); !errors.Is(err, fingerprint.ErrSilent) {
			t.Errorf("Light of a silent module: %v", err)
		}
	})
}
