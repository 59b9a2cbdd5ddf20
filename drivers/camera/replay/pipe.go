package replay

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"umbral/drivers/camera/feed"
)

// pipe plays the JPEG pictures that another program writes into a named pipe, as they come. It ends with nothing but the
// replay: a writer that goes may come back, and until then there are no pictures, as with a camera that has stalled.
type pipe struct {
	path  string
	limit int
	rate  float64
	file  *os.File
	split splitter
}

// open waits for the first picture, whose size is that of the replay.
func (p *pipe) open(ctx context.Context) (feed.Format, error) {
	// Opened for writing as well, so that neither opening nor reading ends for want of a writer; without blocking, so that
	// reading can be called off.
	f, err := os.OpenFile(p.path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return feed.Format{}, fmt.Errorf("replay: pipe: %w", err)
	}
	p.file = f
	p.split.r = bufio.NewReaderSize(f, 64<<10)
	data := make([]byte, p.limit)
	_, w, h, err := p.picture(ctx, data)
	if err != nil {
		return feed.Format{}, err
	}
	_, bytes := feed.MJPG.Size(w, h)
	return feed.Format{Format: feed.MJPG, Width: w, Height: h, Bytes: min(p.limit, bytes+64<<10), Rate: p.rate}, nil
}

// picture reads the next one, until ctx ends.
func (p *pipe) picture(ctx context.Context, dst []byte) (n, w, h int, err error) {
	stop := context.AfterFunc(ctx, func() { p.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if n, w, h, err = p.split.next(dst); err != nil && ctx.Err() != nil {
		return 0, 0, 0, ctx.Err()
	}
	return n, w, h, err
}

func (p *pipe) next(ctx context.Context, b *feed.Frame) error {
	n, w, h, err := p.picture(ctx, b.Data)
	if err != nil {
		return err
	}
	b.Data, b.Width, b.Height = b.Data[:n], w, h
	return nil
}

func (p *pipe) note() string { return "" }

func (p *pipe) close() {
	if p.file != nil {
		p.file.Close()
		p.file = nil
	}
}
