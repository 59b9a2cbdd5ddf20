package terminal

import (
	"fmt"

	"umbral/config"
	"umbral/config/policy"
	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/r503"
)

// fingerPicture returns the largest picture that is taken: the one set, or where the sensor is asked, the largest that it is
// known to have.
func fingerPicture(cfg *config.Config) (width, height int) {
	width, height = cfg.Finger.Width, cfg.Finger.Height
	if width == 0 {
		for _, s := range r503.Sizes {
			width, height = max(width, s.Width), max(height, s.Height)
		}
	}
	return width, height
}

// openSensor opens the sensor that the configuration names; it is asked for nothing yet.
func openSensor(cfg *config.Config) (fingerprint.Sensor, error) {
	o := r503.DefaultOpts()
	o.Port, o.Baud, o.Width, o.Height = cfg.Finger.Device, cfg.Finger.Baud, cfg.Finger.Width, cfg.Finger.Height
	var err error
	if o.Password, err = cfg.Finger.PasswordValue(); err != nil {
		return nil, fmt.Errorf("terminal: finger.password: %w", err)
	}
	if o.Address, err = cfg.Finger.AddressValue(); err != nil {
		return nil, fmt.Errorf("terminal: finger.address: %w", err)
	}
	sensor, err := r503.New(o)
	if err != nil {
		return nil, fmt.Errorf("terminal: finger: %w", err)
	}
	return sensor, nil
}

// fingerRequired reports whether nobody can pass without a finger.
func fingerRequired(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if !way.Evidence.Has(policy.Finger) {
			return false
		}
	}
	return true
}

// fingersAreSearched reports whether a way of the policy leaves it to the finger to say who somebody is.
func fingersAreSearched(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if fingerNames(way.Evidence) {
			return true
		}
	}
	return false
}
