package r503

import (
	"context"
	"encoding/binary"
	"fmt"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// buffers is how many presses the module can merge; the manual's automatic enrolment also takes six (p. 28).
const buffers = 6

// placesOfPage is how many places one page of the index table tells of (p. 14).
const placesOfPage = 256

// Buffers is 6.
func (s *Sensor) Buffers() int { return buffers }

// Read takes a picture and extracts it.
func (s *Sensor) Read(ctx context.Context, buffer int) error {
	if buffer < 1 || buffer > buffers {
		return fmt.Errorf("r503: %w: buffer %d, allowed are 1 to %d", fingerprint.ErrRange, buffer, buffers)
	}
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.run(ctx, zfm.GenImg); err != nil {
			return err
		}
		return s.run(ctx, zfm.Img2Tz, byte(buffer))
	})
}

// run exchanges a command whose answer is only a code.
func (s *Sensor) run(ctx context.Context, in zfm.Instruction, args ...byte) error {
	code, _, err := s.command(ctx, in, args...)
	if err != nil || code != zfm.OK {
		return either(err, in, code)
	}
	return nil
}

// Merge combines the buffers.
func (s *Sensor) Merge(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error { return s.run(ctx, zfm.RegModel) })
}

// place checks a place against the module's library.
func (s *Sensor) place(n int) error {
	if n < 0 || n >= s.params.Capacity {
		return fmt.Errorf("%w: place %d, allowed are 0 to %d", fingerprint.ErrRange, n, s.params.Capacity-1)
	}
	return nil
}

// Save keeps the merged template.
func (s *Sensor) Save(ctx context.Context, place int) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.place(place); err != nil {
			return err
		}
		return s.run(ctx, zfm.Store, 1, byte(place>>8), byte(place))
	})
}

// Remove deletes one template.
func (s *Sensor) Remove(ctx context.Context, place int) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.place(place); err != nil {
			return err
		}
		return s.run(ctx, zfm.DeletChar, byte(place>>8), byte(place), 0, 1)
	})
}

// Find searches the whole library for what is in buffer 1.
func (s *Sensor) Find(ctx context.Context) (place, score int, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		n := min(s.params.Capacity, 0xFFFF)
		code, content, err := s.command(ctx, zfm.Search, 1, 0, 0, byte(n>>8), byte(n))
		if err != nil || code != zfm.OK {
			return either(err, zfm.Search, code)
		}
		if len(content) != 4 {
			return fmt.Errorf("%w: result of a search in %d bytes", fingerprint.ErrAnswer, len(content))
		}
		place, score = int(binary.BigEndian.Uint16(content)), int(binary.BigEndian.Uint16(content[2:]))
		return s.place(place)
	})
	return place, score, err
}

// Places reads the index table.
func (s *Sensor) Places(ctx context.Context) (list []int, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		list = nil
		for page := range (min(s.params.Capacity, 4*placesOfPage) + placesOfPage - 1) / placesOfPage {
			code, content, err := s.command(ctx, zfm.ReadIndex, byte(page))
			if err != nil || code != zfm.OK {
				return either(err, zfm.ReadIndex, code)
			}
			if len(content) != placesOfPage/8 {
				return fmt.Errorf("%w: index table of %d bytes", fingerprint.ErrAnswer, len(content))
			}
			for i := range placesOfPage {
				if content[i/8]>>(i%8)&1 == 1 {
					list = append(list, page*placesOfPage+i)
				}
			}
		}
		return nil
	})
	return list, err
}

// Light sets the ring (p. 27).
func (s *Sensor) Light(ctx context.Context, c fingerprint.Color, e fingerprint.Effect) error {
	if c < fingerprint.Red || c > fingerprint.White || e > fingerprint.Breathing {
		return fmt.Errorf("r503: %w: color %d, effect %d", fingerprint.ErrRange, c, e)
	}
	return s.do(ctx, func(ctx context.Context) error { return s.light(ctx, c, e) })
}

func (s *Sensor) light(ctx context.Context, c fingerprint.Color, e fingerprint.Effect) error {
	// Control codes and colours of page 27; a speed of 0x50 makes a cycle of about a second and a half, 0 cycles are no end.
	control := [...]byte{fingerprint.Off: 0x04, fingerprint.Steady: 0x03, fingerprint.Flashing: 0x02, fingerprint.Breathing: 0x01}
	const speed, endless = 0x50, 0
	return s.run(ctx, zfm.AuraLedConfig, control[e], speed, byte(c), endless)
}
