package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"umbral/drivers/camera/feed"
)

// The JPEG markers that the splitter must know (ITU-T T.81, table B.1); the byte before each is 0xff.
const (
	markTEM  = 0x01
	markSOF0 = 0xc0
	markSOFF = 0xcf
	markDHT  = 0xc4
	markJPG  = 0xc8
	markDAC  = 0xcc
	markRST0 = 0xd0
	markRST7 = 0xd7
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
)

// splitter finds JPEG pictures that stand one after the other, with anything between them.
type splitter struct{ r *bufio.Reader }

// next reads the next picture into dst and returns its length and its size in pixels. io.EOF comes after the last whole
// picture. An error that wraps errPicture is about one picture that is broken or longer than dst; the next call goes on
// behind it.
func (s splitter) next(dst []byte) (n, width, height int, err error) {
	if err := s.begin(); err != nil {
		return 0, 0, 0, err
	}
	p := picture{r: s.r, dst: dst}
	p.put(0xff)
	p.put(markSOI)
	for err == nil {
		var m byte
		if m, err = p.marker(); err != nil {
			break
		}
		switch {
		case m == markEOI:
			if p.over {
				return 0, 0, 0, fmt.Errorf("replay: mjpeg: %w: %d bytes, limit %d", errPicture, p.n, len(dst))
			}
			if p.width == 0 {
				return 0, 0, 0, fmt.Errorf("replay: mjpeg: %w: no frame header", errPicture)
			}
			return p.n, p.width, p.height, nil
		case m == markSOI:
			// The picture before was cut short: what follows is another one.
			p.restart()
		case m == markTEM || m >= markRST0 && m <= markRST7:
		default:
			err = p.segment(m)
		}
	}
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return 0, 0, 0, err
}

// begin reads up to the end of the next SOI marker.
func (s splitter) begin() error {
	for last := byte(0); ; {
		c, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		if last == 0xff && c == markSOI {
			return nil
		}
		last = c
	}
}

// picture is one that is being read.
type picture struct {
	r             *bufio.Reader
	dst           []byte
	n             int  // bytes so far, those that found no room included
	over          bool // dst is too short
	width, height int
}

func (p *picture) put(c byte) {
	if p.n < len(p.dst) {
		p.dst[p.n] = c
	} else {
		p.over = true
	}
	p.n++
}

func (p *picture) get() (byte, error) {
	c, err := p.r.ReadByte()
	if err != nil {
		return 0, short(err)
	}
	p.put(c)
	return c, nil
}

func (p *picture) restart() {
	p.n, p.over, p.width, p.height = 0, false, 0, 0
	p.put(0xff)
	p.put(markSOI)
}

// marker reads up to the next marker, over the coded data before it, where 0xff is followed by 0 or stands alone.
func (p *picture) marker() (byte, error) {
	for last := byte(0); ; {
		c, err := p.get()
		if err != nil {
			return 0, err
		}
		if last == 0xff && c != 0 && c != 0xff {
			return c, nil
		}
		last = c
	}
}

// segment reads the rest of the marker's segment (T.81, B.1.1.4), and from a frame header (B.2.2) the size.
func (p *picture) segment(m byte) error {
	high, err := p.get()
	if err != nil {
		return err
	}
	low, err := p.get()
	if err != nil {
		return err
	}
	n := int(high)<<8 | int(low)
	if n < 2 {
		return fmt.Errorf("replay: mjpeg: %w: segment %#02x of %d bytes", errPicture, m, n)
	}
	sof := m >= markSOF0 && m <= markSOFF && m != markDHT && m != markJPG && m != markDAC
	var size [5]byte
	for i := range n - 2 {
		c, err := p.get()
		if err != nil {
			return err
		}
		if sof && i < len(size) {
			size[i] = c
		}
	}
	if sof {
		p.height, p.width = int(size[1])<<8|int(size[2]), int(size[3])<<8|int(size[4])
		if p.width < 2 || p.height < 2 || p.width > maxSide || p.height > maxSide {
			return fmt.Errorf("replay: mjpeg: %w: %d×%d pixels, limit 2 to %d a side", errPicture, p.width, p.height, maxSide)
		}
	}
	return nil
}

// motionJPEG plays a file of JPEG pictures one after the other. The file says nothing of their rate.
type motionJPEG struct {
	path   string
	limit  int
	rate   float64
	file   *os.File
	split  splitter
	format feed.Format // once it is known
}

func (v *motionJPEG) open(context.Context) (feed.Format, error) {
	f, err := os.Open(v.path)
	if err != nil {
		return feed.Format{}, fmt.Errorf("replay: mjpeg: %w", err)
	}
	v.file = f
	if v.split.r == nil {
		v.split.r = bufio.NewReaderSize(f, 64<<10)
	}
	v.split.r.Reset(f)
	if v.format.Format != 0 {
		return v.format, nil
	}
	w, h, err := v.probe()
	if err != nil {
		return feed.Format{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return feed.Format{}, fmt.Errorf("replay: mjpeg: %w", err)
	}
	v.split.r.Reset(f)
	// Small pictures of fine detail may take more than the 2 bytes a pixel of the usual bound.
	_, bytes := feed.MJPG.Size(w, h)
	v.format = feed.Format{Format: feed.MJPG, Width: w, Height: h, Bytes: min(v.limit, bytes+64<<10), Rate: v.rate}
	return v.format, nil
}

// probe reads up to the first good picture and returns its size.
func (v *motionJPEG) probe() (w, h int, err error) {
	data := make([]byte, v.limit)
	for {
		_, w, h, err := v.split.next(data)
		switch {
		case err == nil:
			return w, h, nil
		case err == io.EOF:
			return 0, 0, fmt.Errorf("replay: mjpeg: %s: %w: no whole JPEG in it", v.path, errPicture)
		case !errors.Is(err, errPicture):
			return 0, 0, fmt.Errorf("replay: mjpeg: %w", err)
		}
	}
}

func (v *motionJPEG) next(_ context.Context, b *feed.Frame) error {
	n, w, h, err := v.split.next(b.Data)
	if err != nil {
		return err
	}
	b.Data, b.Width, b.Height = b.Data[:n], w, h
	return nil
}

func (v *motionJPEG) note() string { return "" }

func (v *motionJPEG) close() {
	if v.file != nil {
		v.file.Close()
		v.file = nil
	}
}
