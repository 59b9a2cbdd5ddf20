package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"umbral/drivers/camera/feed"
)

// ffmpegEnd is how long the child may take to go after its end was asked for, before its pipes are closed on it.
const ffmpegEnd = time.Second

// video plays what ffmpeg can read, fitted into the frame.
type video struct {
	path    string
	program string
	o       feed.Opts
	stop    context.CancelFunc
	child   *exec.Cmd
	said    *tail
	y4m     yuv4mpeg
}

func newVideo(path string, o feed.Opts) (*video, error) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, fmt.Errorf("replay: %s: a file of this kind needs ffmpeg (install it, or use pictures, .mjpeg, .y4m or a scene): %w", path, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return &video{path: path, program: program, o: o}, nil
}

func (v *video) open(ctx context.Context) (feed.Format, error) {
	ctx, v.stop = context.WithCancel(ctx)
	w, h := v.o.Width&^1, v.o.Height&^1
	// The file may be a play list of a stranger's: it shall lead to no other place than files.
	v.child = exec.CommandContext(ctx, v.program, "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file",
		"-i", "file:"+v.path, "-an", "-sn",
		"-vf", fit(w, h, v.o.FPS),
		"-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1")
	v.child.WaitDelay = ffmpegEnd
	v.said = &tail{}
	v.child.Stderr = v.said
	out, err := v.child.StdoutPipe()
	if err != nil {
		return feed.Format{}, fmt.Errorf("replay: ffmpeg: %w", err)
	}
	if err := v.child.Start(); err != nil {
		v.child = nil
		return feed.Format{}, fmt.Errorf("replay: ffmpeg: %w", err)
	}
	v.y4m = yuv4mpeg{path: v.path, limit: v.o.MaxFrameBytes, rate: v.o.FPS}
	format, err := v.y4m.begin(out)
	if err != nil {
		return feed.Format{}, v.ended(err)
	}
	return format, nil
}

// fit is ffmpeg's filter that shows a video as players do, as large as w × h pixels allow: its pixels may be wider or
// higher than square ones (dar counts that), and ffmpeg has turned it already as the file says.
func fit(w, h int, rate float64) string {
	return fmt.Sprintf("fps=%[3]g,"+
		"scale=w='max(2,min(%[1]d,2*round(%[2]d*dar/2)))':h='max(2,min(%[2]d,2*round(%[1]d/dar/2)))',setsar=1,"+
		"pad=%[1]d:%[2]d:(ow-iw)/2:(oh-ih)/2", w, h, rate)
}

func (v *video) next(ctx context.Context, b *feed.Frame) error {
	err := v.y4m.next(ctx, b)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return v.ended(err)
}

// ended waits for the child and says why no frame follows: io.EOF if that is how it should be.
func (v *video) ended(err error) error {
	if !errors.Is(err, io.EOF) {
		v.stop()
	}
	wait := v.child.Wait()
	v.child = nil
	if wait == nil {
		return err
	}
	return fmt.Errorf("replay: ffmpeg: %s: %w: %s", v.path, wait, v.said)
}

func (v *video) note() string { return "" }

func (v *video) close() {
	if v.stop != nil {
		v.stop()
	}
	if v.child != nil {
		// It was killed; what it says about that is of no interest.
		_ = v.child.Wait()
		v.child = nil
	}
}

// tail keeps the last bytes that are written to it.
type tail struct{ kept []byte }

const tailLength = 2048

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailLength; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// String returns the text on one line.
func (t *tail) String() string {
	return strings.Join(strings.Fields(string(bytes.ToValidUTF8(t.kept, []byte("?")))), " ")
}
