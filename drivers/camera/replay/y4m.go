package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"umbral/drivers/camera/feed"
)

// maxHeader bounds a header line of YUV4MPEG2; real ones have some 80 bytes.
const maxHeader = 1024

// header is what the first line of a YUV4MPEG2 stream says (man page yuv4mpeg(5) of mjpegtools).
type header struct {
	width, height int
	rate          float64 // frames a second; 0 if unknown
	chroma        chroma
	full          bool // full range, by the XCOLORRANGE=FULL that FFmpeg writes
	square        bool // its pixels are square, or of a shape that is not known
}

// chroma is the layout of a stream's planes.
type chroma int

const (
	chroma420 chroma = iota
	chroma422
	chromaMono
)

// parseHeader reads the stream's first line, without its end.
func parseHeader(line []byte) (header, error) {
	fields := bytes.Fields(line)
	if len(fields) == 0 || string(fields[0]) != "YUV4MPEG2" {
		return header{}, fmt.Errorf("replay: y4m: header %.40q, wanted YUV4MPEG2", line)
	}
	h := header{square: true}
	for _, f := range fields[1:] {
		value := string(f[1:])
		var err error
		switch f[0] {
		case 'W':
			h.width, err = side(value)
		case 'H':
			h.height, err = side(value)
		case 'F':
			h.rate, err = ratio(value)
		case 'C':
			h.chroma, err = layout(value)
		case 'A':
			n, d, _ := strings.Cut(value, ":")
			h.square = n == d || n == "0" || d == "0"
		case 'X':
			h.full = h.full || value == "COLORRANGE=FULL"
		}
		if err != nil {
			return header{}, fmt.Errorf("replay: y4m: header field %q: %w", f, err)
		}
	}
	if h.width == 0 || h.height == 0 {
		return header{}, fmt.Errorf("replay: y4m: header %.80q has no width or no height", line)
	}
	if h.chroma != chromaMono && h.width%2 != 0 || h.chroma == chroma420 && h.height%2 != 0 {
		return header{}, fmt.Errorf("replay: y4m: size %d×%d, wanted are even sides where colour is subsampled", h.width, h.height)
	}
	return h, nil
}

func side(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 || n > maxSide {
		return 0, fmt.Errorf("size %q, limit 2 to %d", text, maxSide)
	}
	return n, nil
}

// ratio reads frames a second as numerator:denominator; 0:0 is unknown.
func ratio(text string) (float64, error) {
	before, after, _ := bytes.Cut([]byte(text), []byte(":"))
	n, err1 := strconv.ParseUint(string(before), 10, 32)
	d, err2 := strconv.ParseUint(string(after), 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	if n == 0 || d == 0 {
		return 0, nil
	}
	rate := float64(n) / float64(d)
	if rate < 0.01 || rate > 1000 {
		return 0, fmt.Errorf("rate %v frames a second, limit 0.01 to 1000", rate)
	}
	return rate, nil
}

func layout(text string) (chroma, error) {
	switch text {
	case "420", "420jpeg", "420mpeg2", "420paldv":
		return chroma420, nil
	case "422":
		return chroma422, nil
	case "mono":
		return chromaMono, nil
	}
	return 0, fmt.Errorf("colour space %q, known are 420, 420jpeg, 420mpeg2, 420paldv, 422 and mono with 8 bits", text)
}

// format is what the frames become: 4:2:0 NV12, 4:2:2 YUYV, mono GREY.
func (h header) format() feed.Format {
	f := feed.Format{Format: feed.NV12, Width: h.width, Height: h.height, Rate: h.rate}
	switch h.chroma {
	case chroma422:
		f.Format = feed.YUYV
	case chromaMono:
		f.Format = feed.GREY
	}
	f.Stride, f.Bytes = f.Format.Size(h.width, h.height)
	return f
}

// planes reads a stream's frames.
type planes struct {
	header
	r    *bufio.Reader
	line []byte // one line of a plane, at most
}

// newPlanes reads the header. A frame larger than limit bytes is an error before anything is allocated for it.
func newPlanes(r *bufio.Reader, limit int) (*planes, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, fmt.Errorf("replay: y4m: header: %w", err)
	}
	h, err := parseHeader(line)
	if err != nil {
		return nil, err
	}
	if n := h.format().Bytes; n > limit {
		return nil, fmt.Errorf("replay: y4m: frame of %d bytes (%d×%d), limit %d", n, h.width, h.height, limit)
	}
	return &planes{header: h, r: r, line: make([]byte, h.width)}, nil
}

// readLine returns the bytes up to a newline. They are the reader's own and last until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil && len(line) > maxHeader {
		err = bufio.ErrBufferFull
	}
	if err != nil {
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return line[:len(line)-1], nil
}

var frameMark = []byte("FRAME")

// frame reads one frame into data, laid out as format says. io.EOF comes after the last whole frame, even when a part
// of another one follows: recordings end so when they are cut short.
func (p *planes) frame(data []byte, f feed.Format) error {
	line, err := readLine(p.r)
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return err
	}
	if !bytes.HasPrefix(line, frameMark) {
		return fmt.Errorf("replay: y4m: frame begins with %.20q, wanted FRAME", line)
	}
	w, h := p.width, p.height
	switch p.chroma {
	case chromaMono:
		err = p.plane(data, w, h, f.Stride, 1)
	case chroma422:
		err = p.plane(data, w, h, f.Stride, 2)
		for i := range 2 {
			if err == nil {
				err = p.plane(data[1+2*i:], w/2, h, f.Stride, 4)
			}
		}
	default:
		err = p.plane(data, w, h, f.Stride, 1)
		for i := range 2 {
			if err == nil {
				err = p.plane(data[f.Stride*h+i:], w/2, h/2, f.Stride, 2)
			}
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err == nil && p.full && p.chroma != chromaMono {
		limit(data, f)
	}
	return err
}

// plane reads w×h samples into every step-th byte of to.
func (p *planes) plane(to []byte, w, h, stride, step int) error {
	for y := range h {
		row := to[y*stride:]
		if step == 1 {
			if _, err := io.ReadFull(p.r, row[:w]); err != nil {
				return short(err)
			}
			continue
		}
		line := p.line[:w]
		if _, err := io.ReadFull(p.r, line); err != nil {
			return short(err)
		}
		for x, v := range line {
			row[x*step] = v
		}
	}
	return nil
}

// short makes an end within a frame what it is, wherever in the frame it comes.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// limit turns full range into the limited range that YUYV and NV12 have with cameras (ITU-R BT.601-7, 2.5.3).
func limit(data []byte, f feed.Format) {
	luma := func(v byte) byte { return byte(16 + (int(v)*219+127)/255) }
	chroma := func(v byte) byte { return byte(16 + (int(v)*224+127)/255) }
	if f.Format == feed.YUYV {
		for i := 0; i+1 < len(data); i += 2 {
			data[i], data[i+1] = luma(data[i]), chroma(data[i+1])
		}
		return
	}
	y, c := data[:f.Stride*f.Height], data[f.Stride*f.Height:]
	for i, v := range y {
		y[i] = luma(v)
	}
	for i, v := range c {
		c[i] = chroma(v)
	}
}

// yuv4mpeg plays a .y4m file.
type yuv4mpeg struct {
	path   string
	limit  int
	rate   float64 // where the file says none
	file   *os.File
	reader *bufio.Reader
	planes *planes
	format feed.Format
}

// squarePixels reports whether a file's pixels are square, as far as its header can be read; Run says what is wrong
// with it.
func squarePixels(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	line, err := readLine(bufio.NewReaderSize(f, 2*maxHeader))
	if err != nil {
		return true
	}
	h, err := parseHeader(line)
	return err != nil || h.square
}

func (v *yuv4mpeg) open(context.Context) (feed.Format, error) {
	f, err := os.Open(v.path)
	if err != nil {
		return feed.Format{}, fmt.Errorf("replay: y4m: %w", err)
	}
	v.file = f
	return v.begin(f)
}

func (v *yuv4mpeg) begin(r io.Reader) (_ feed.Format, err error) {
	if v.reader == nil {
		v.reader = bufio.NewReaderSize(r, 64<<10)
	}
	v.reader.Reset(r)
	if v.planes, err = newPlanes(v.reader, v.limit); err != nil {
		return feed.Format{}, err
	}
	v.format = v.planes.format()
	if v.format.Rate == 0 {
		v.format.Rate = v.rate
	}
	return v.format, nil
}

func (v *yuv4mpeg) next(_ context.Context, b *feed.Frame) error {
	b.Data = b.Data[:v.format.Bytes]
	return v.planes.frame(b.Data, v.format)
}

func (v *yuv4mpeg) note() string { return "" }

func (v *yuv4mpeg) close() {
	if v.file != nil {
		v.file.Close()
		v.file = nil
	}
}
