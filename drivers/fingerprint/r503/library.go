package r503

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// buffers is how many presses every module of the family can merge; the R503 has six buffers, but those before it two.
const buffers = 2

// placesOfPage is how many places one page of the index table tells of (p. 14).
const placesOfPage = 256

// Buffers is 2.
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

// Merge combines the buffers.
func (s *Sensor) Merge(ctx context.Context) error {
	return s.held(ctx, func(ctx context.Context) error { return s.run(ctx, zfm.RegModel) })
}

// place checks a place against the module's library.
func (s *Sensor) place(n int) error {
	if n < 0 || n >= s.module.params.Capacity {
		return fmt.Errorf("%w: place %d, allowed are 0 to %d", fingerprint.ErrRange, n, s.module.params.Capacity-1)
	}
	return nil
}

// Save keeps the merged template.
func (s *Sensor) Save(ctx context.Context, place int) error {
	return s.held(ctx, func(ctx context.Context) error {
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
	err = s.held(ctx, func(ctx context.Context) error {
		n := s.module.params.Capacity
		code, content, err := s.command(ctx, zfm.Search, 1, 0, 0, byte(n>>8), byte(n))
		if err = either(err, zfm.Search, code); err != nil {
			return err
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
		for page := range (min(s.module.params.Capacity, 4*placesOfPage) + placesOfPage - 1) / placesOfPage {
			code, content, err := s.command(ctx, zfm.ReadIndex, byte(page))
			if err = either(err, zfm.ReadIndex, code); err != nil {
				return err
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

// light sets the ring of a module that has one. Those before the R503 do not know the command, which is no fault of theirs:
// whether the module answers another command tells a missing lamp from a missing module.
func (s *Sensor) light(ctx context.Context, c fingerprint.Color, e fingerprint.Effect) error {
	if s.module.unlit {
		return nil
	}
	// Control codes and colours of page 27; a speed of 0x50 makes a cycle of about a second and a half, 0 cycles are no end.
	control := [...]byte{fingerprint.Off: 0x04, fingerprint.Steady: 0x03, fingerprint.Flashing: 0x02, fingerprint.Breathing: 0x01}
	const speed, endless = 0x50, 0
	err := s.run(ctx, zfm.AuraLedConfig, control[e], speed, byte(c), endless)
	if err == nil || s.module.product.Model != "" || !errors.Is(err, fingerprint.ErrSilent) && !errors.Is(err, fingerprint.ErrAnswer) {
		return err
	}
	if errors.Is(err, errForgotten) {
		return err
	}
	if _, _, silent := s.command(ctx, zfm.TempleteNum); silent != nil {
		return err
	}
	s.module.unlit = true
	return nil
}
