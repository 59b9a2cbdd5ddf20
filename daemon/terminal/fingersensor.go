package terminal

import (
	"fmt"

	"periph.io/x/conn/v3/spi"

	"umbral/config"
	"umbral/drivers/board"
	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/fpc1011"
	"umbral/drivers/fingerprint/r503"
	"umbral/pipeline/finger"
)

// fingerPicture returns the largest picture that is taken, at 500 dpi: the one set, or where the sensor is asked, the largest
// that it is known to have.
func fingerPicture(cfg *config.Config) (width, height int) {
	if cfg.Finger.Sensor == "fpc1011" {
		return fpc1011.Width * finger.Resolution / fpc1011.DPI, fpc1011.Height * finger.Resolution / fpc1011.DPI
	}
	width, height = cfg.Finger.Width, cfg.Finger.Height
	if width == 0 {
		for _, s := range r503.Sizes {
			width, height = max(width, s.Width), max(height, s.Height)
		}
	}
	return width, height
}

// openSensor makes the sensor that the configuration names; nothing is asked of it yet.
func openSensor(cfg *config.Config) (sensor fingerprint.Sensor, err error) {
	if cfg.Finger.Sensor == "fpc1011" {
		o := fpc1011.DefaultOpts()
		o.Name, o.Inverted = cfg.Finger.Device, cfg.Finger.Inverted
		o.Open = func() (spi.PortCloser, error) { return board.SPI(cfg.Finger.Device) }
		sensor, err = fpc1011.New(o)
	} else {
		sensor, err = openSerialSensor(cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("terminal: finger: %w", err)
	}
	return sensor, nil
}

func openSerialSensor(cfg *config.Config) (fingerprint.Sensor, error) {
	o := r503.DefaultOpts()
	o.Port, o.Baud, o.Width, o.Height = cfg.Finger.Device, cfg.Finger.Baud, cfg.Finger.Width, cfg.Finger.Height
	var err error
	if o.Password, err = cfg.Finger.PasswordValue(); err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	if o.Address, err = cfg.Finger.AddressValue(); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	return r503.New(o)
}
