package replay

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Limits of a picture: what a camera or a telephone makes, not what a hostile file claims.
const (
	maxSide         = 8192
	maxPixels       = 24 << 20
	maxPictureBytes = 32 << 20
)

// errPicture is wrapped by every error that is a picture's fault.
var errPicture = errors.New("broken or unsuitable picture")

// readAll reads r to its end and fails when that is more than limit bytes away.
func readAll(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}

// isPicture says whether readPicture would try a file of that name.
func isPicture(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return true
	}
	return false
}

// readPicture decodes a JPEG or PNG and turns it as its orientation mark says.
func readPicture(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("replay: picture: %w: %w", errPicture, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxPictureBytes {
		return nil, fmt.Errorf("replay: picture %s: %w: no regular file of at most %d bytes", path, errPicture, maxPictureBytes)
	}
	data, err := readAll(f, maxPictureBytes)
	if err != nil {
		return nil, fmt.Errorf("replay: picture %s: %w: %w", path, errPicture, err)
	}
	img, err := decodePicture(data)
	if err != nil {
		return nil, fmt.Errorf("replay: picture %s: %w: %w", path, errPicture, err)
	}
	return img, nil
}

// decodePicture looks at the sizes before it decodes.
func decodePicture(data []byte) (image.Image, error) {
	size, decode := jpeg.DecodeConfig, jpeg.Decode
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		size, decode = png.DecodeConfig, png.Decode
	}
	c, err := size(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if c.Width < 2 || c.Height < 2 || c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels {
		return nil, fmt.Errorf("%d×%d pixels, limit 2 to %d a side and %d in all", c.Width, c.Height, maxSide, maxPixels)
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if o := orientation(data); o > 1 {
		img = oriented{img, o}
	}
	return img, nil
}

// plane is 8-bit samples without padding.
type plane struct {
	w, h int
	pix  []byte
}

// level is a picture in 4:2:0, limited range (ITU-R BT.601-7, 2.5.3), as cameras give it.
type level struct{ y, cb, cr plane }

func (l *level) bytes() int { return len(l.y.pix) + len(l.cb.pix) + len(l.cr.pix) }

// cutout is a rectangle of a picture, as a pyramid: each level has half the sides of the one before.
type cutout struct {
	x0, y0 int // of the rectangle, in pixels of the picture
	shift  int // the first level has 1/2^shift of the picture's resolution
	levels []level
}

func (c *cutout) bytes() (n int) {
	for i := range c.levels {
		n += c.levels[i].bytes()
	}
	return n
}

// cut takes r out of img. finest and coarsest are the pixels of the picture that one pixel of the frame will cover;
// levels that no frame needs are left out.
func cut(img image.Image, r image.Rectangle, finest, coarsest float64) *cutout {
	r = r.Intersect(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	c := &cutout{x0: r.Min.X, y0: r.Min.Y}
	l := firstLevel(img, r.Add(img.Bounds().Min))
	for {
		smaller := l.y.w < 4 || l.y.h < 4
		if finest < 2 || smaller {
			c.levels = append(c.levels, l)
			if coarsest < 2 || smaller {
				return c
			}
		} else {
			c.shift++
		}
		l = level{half(l.y), half(l.cb), half(l.cr)}
		finest, coarsest = finest/2, coarsest/2
	}
}

// firstLevel converts r of img to limited-range 4:2:0.
func firstLevel(img image.Image, r image.Rectangle) level {
	w, h := r.Dx(), r.Dy()
	cw, ch := (w+1)/2, (h+1)/2
	l := level{newPlane(w, h), newPlane(cw, ch), newPlane(cw, ch)}
	cb, cr := make([]uint16, cw), make([]uint16, cw)
	for y := range h {
		for x := range w {
			a, b, c := ycc(img, r.Min.X+x, r.Min.Y+y)
			l.y.pix[y*w+x] = byte(16 + (int(a)*219+127)/255)
			cb[x/2] += uint16(b)
			cr[x/2] += uint16(c)
		}
		if y%2 == 0 && y != h-1 {
			continue
		}
		for x := range cw {
			n := (1 + min(1, w-1-2*x)) * (1 + y%2)
			l.cb.pix[y/2*cw+x] = limitedChroma(int(cb[x]), n)
			l.cr.pix[y/2*cw+x] = limitedChroma(int(cr[x]), n)
		}
		clear(cb)
		clear(cr)
	}
	return l
}

// limitedChroma is the mean of n full-range samples as a limited-range one.
func limitedChroma(sum, n int) byte { return byte(16 + (sum*224+255*n/2)/(255*n)) }

// haze is img with all detail gone: one sample for 2^hazeShift pixels a side, three planes of one size. What lies
// beside a cropped person is shown so, because a hard rim around the person would look like the rim of a photograph
// held up to the camera, which is what the liveness model looks for.
func haze(img image.Image) level {
	const block, stride = 1 << hazeShift, 4
	b := img.Bounds()
	w, h := (b.Dx()+block-1)/block, (b.Dy()+block-1)/block
	l := level{newPlane(w, h), newPlane(w, h), newPlane(w, h)}
	for i := range l.y.pix {
		r := image.Rect(0, 0, block, block).Add(image.Pt(i%w*block, i/w*block).Add(b.Min)).Intersect(b)
		sum, n := [3]int{}, 0
		for y := r.Min.Y; y < r.Max.Y; y += stride {
			for x := r.Min.X; x < r.Max.X; x += stride {
				a, b, c := ycc(img, x, y)
				sum[0], sum[1], sum[2] = sum[0]+int(a), sum[1]+int(b), sum[2]+int(c)
				n++
			}
		}
		l.y.pix[i] = byte(16 + (sum[0]*219+255*n/2)/(255*n))
		l.cb.pix[i], l.cr.pix[i] = limitedChroma(sum[1], n), limitedChroma(sum[2], n)
	}
	return l
}

// bare is haze of the wall's colour alone.
func bare(wall byte) level {
	return level{plane{1, 1, []byte{wall}}, plane{1, 1, []byte{wallCb}}, plane{1, 1, []byte{wallCr}}}
}

// hazeShift makes of a face a few samples.
const hazeShift = 6

// ycc is the pixel in full-range BT.601 (JFIF 1.02, page 3).
func ycc(img image.Image, x, y int) (byte, byte, byte) {
	switch m := img.(type) {
	case *image.YCbCr:
		i := m.COffset(x, y)
		return m.Y[m.YOffset(x, y)], m.Cb[i], m.Cr[i]
	case *image.Gray:
		return m.GrayAt(x, y).Y, 128, 128
	case oriented:
		x, y = m.stored(x, y)
		return ycc(m.Image, x, y)
	}
	r, g, b, _ := img.At(x, y).RGBA()
	return color.RGBToYCbCr(byte(r>>8), byte(g>>8), byte(b>>8))
}

func newPlane(w, h int) plane { return plane{w, h, make([]byte, w*h)} }

// half averages 2×2 samples; a last odd line or column is left out.
func half(p plane) plane {
	q := newPlane(max(1, p.w/2), max(1, p.h/2))
	if p.w < 2 || p.h < 2 {
		copy(q.pix, p.pix)
		return q
	}
	for y := range q.h {
		a, b := p.pix[2*y*p.w:][:p.w], p.pix[(2*y+1)*p.w:][:p.w]
		out := q.pix[y*q.w:][:q.w]
		for x := range out {
			out[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
		}
	}
	return q
}
