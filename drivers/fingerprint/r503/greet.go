package r503

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// greetWait is the longest wait for an answer while the module's speed is looked for: no command of a greeting takes long.
const greetWait = 300 * time.Millisecond

// Errors of a module that answers, but is not the one that the options tell of, or no longer in the state that it was in.
var (
	errPassword  = errors.New("the sensor refuses the password")
	errAddress   = errors.New("the sensor refuses the address")
	errUnread    = fmt.Errorf("%w: packet not understood", fingerprint.ErrAnswer)
	errForgotten = fmt.Errorf("%w: it wants its password again, as after a loss of power", fingerprint.ErrAnswer)
)

// module is what a module tells of itself.
type module struct {
	params  zfm.Parameters
	product zfm.Product // zero where it cannot tell
	size    Size        // zero where it cannot tell
	unlit   bool        // it has no lamp
}

// String names the module for a technician.
func (m *module) String() string {
	if m.product.Model == "" {
		return fmt.Sprintf("ZFM module, system 0x%04X", m.params.Model)
	}
	return fmt.Sprintf("%s, serial number %s, sensor %s", m.product.Model, m.product.Serial, m.product.Sensor)
}

// greet opens the port at a speed, proves the password and asks the module what it is.
func (s *Sensor) greet(ctx context.Context, baud int) error {
	if err := s.link.open(baud); err != nil {
		return err
	}
	wait := min(s.opts.Answer, greetWait)
	code, _, err := s.link.exchange(ctx, 1, wait, binary.BigEndian.AppendUint32([]byte{byte(zfm.VfyPwd)}, s.opts.Password))
	switch {
	case err != nil:
		return err
	case code == zfm.WrongAddress:
		return fmt.Errorf("%w: %08X", errAddress, s.opts.Address)
	case code != zfm.OK:
		return fmt.Errorf("%w: %v", errPassword, code)
	}
	code, content, err := s.link.exchange(ctx, 1, wait, []byte{byte(zfm.ReadSysPara)})
	if err != nil || code != zfm.OK {
		return either(err, zfm.ReadSysPara, code)
	}
	params, err := zfm.ParseParameters(content)
	if err != nil {
		return fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
	}
	s.module = module{params: params}
	return s.inquire(ctx, wait)
}

// inquire asks for the product information. Modules before the R503 refuse the question or leave it unanswered, and that is
// no fault.
func (s *Sensor) inquire(ctx context.Context, wait time.Duration) error {
	code, content, err := s.link.exchange(ctx, 0, wait, []byte{byte(zfm.ReadProdInfo)})
	switch {
	case ctx.Err() != nil || errors.Is(err, fingerprint.ErrAbsent):
		return err
	case err != nil || code != zfm.OK:
		return nil
	}
	if s.module.product, err = zfm.ParseProduct(content); err != nil {
		return fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
	}
	if w, h := s.module.product.Width, s.module.product.Height; sized(w, h) && w*h/2 <= s.opts.pictureBytes() {
		s.module.size = Size{w, h, dpiOf(w, h)}
	}
	return nil
}

// command exchanges one command.
func (s *Sensor) command(ctx context.Context, in zfm.Instruction, args ...byte) (zfm.Code, []byte, error) {
	code, content, err := s.link.exchange(ctx, s.opts.Repeat, s.opts.Answer, append([]byte{byte(in)}, args...))
	if err == nil && code == zfm.NeedsPassword {
		return 0, nil, errForgotten
	}
	return code, content, err
}

// run exchanges a command whose answer is only a code.
func (s *Sensor) run(ctx context.Context, in zfm.Instruction, args ...byte) error {
	code, _, err := s.command(ctx, in, args...)
	return either(err, in, code)
}

// either returns the error of an exchange, or that of its code; nil where both are well.
func either(err error, in zfm.Instruction, code zfm.Code) error {
	switch {
	case err != nil:
		return err
	case code == zfm.OK:
		return nil
	}
	return refused(in, code)
}

// refused turns a code that was not expected into an error.
func refused(in zfm.Instruction, code zfm.Code) error {
	switch code {
	case zfm.NoFinger:
		return fingerprint.ErrNoFinger
	case zfm.NotCaptured, zfm.Disorderly, zfm.FewFeatures, zfm.NoPicture, zfm.NotMerged:
		return fmt.Errorf("%w: %v", fingerprint.ErrPicture, code)
	case zfm.NotFound:
		return fingerprint.ErrNoMatch
	case zfm.OutOfLibrary:
		return fmt.Errorf("%w: %v", fingerprint.ErrRange, code)
	}
	return fmt.Errorf("%w: instruction 0x%02X: %v", fingerprint.ErrAnswer, uint8(in), code)
}
