package replay

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"umbral/drivers/camera/feed"
)

// Limits of a scene file. A scene is written by hand; what is larger is a mistake.
const (
	maxSceneBytes = 64 << 10
	maxSteps      = 200
)

// Scene is a play of walk-ups, made from photographs. It renders as YUYV.
type Scene struct {
	Width    int     `toml:"width"`    // of the frames, pixels, even; 0 = as the options say
	Height   int     `toml:"height"`   // of the frames, pixels; 0 = as the options say
	FPS      float64 `toml:"fps"`      // frames a second; 0 = as the options say
	Loop     bool    `toml:"loop"`     // begin again after the last step
	Seed     int64   `toml:"seed"`     // of noise and shake; the same seed gives the same frames
	Noise    float64 `toml:"noise"`    // standard deviation of the sensor's noise in levels of luma, 0 to 32
	Shake    float64 `toml:"shake"`    // how far the view trembles, in pixels of the frame, 0 to 20
	Feather  float64 `toml:"feather"`  // how softly the rim of a crop turns into haze, in pixels of the picture, 0 to 1000
	Wall     float64 `toml:"wall"`     // luma of the wall in its middle, 16 to 235; 0 = 120
	Units    string  `toml:"units"`    // of crop, x, y and width: "fraction" of the picture's sides (the default) or "pixels"
	Pictures string  `toml:"pictures"` // folder of the pictures; empty = the scene's own folder, then the options' folder
	Steps    []Step  `toml:"step"`
}

// Step is a part of the scene. One without a picture shows the wall: nobody is there.
type Step struct {
	Label   string   `toml:"label"`   // what is shown, for Stats.Note; at most 200 bytes
	Picture string   `toml:"picture"` // file name; empty = nobody
	Seconds float64  `toml:"seconds"` // the way from From to To takes so long, 0 to 600
	Hold    float64  `toml:"hold"`    // To is held so long, 0 to 600
	From    View     `toml:"from"`    //
	To      *View    `toml:"to"`      // nil = as From
	Crop    []Length `toml:"crop"`    // left, top, right, bottom: what lies outside is haze; empty = the whole picture
	Tilt    float64  `toml:"tilt"`    // the picture is turned clockwise by so many degrees about the centre of To, -180 to 180
	Print   bool     `toml:"print"`   // the crop is a print held up before the wall: there is no haze around it, but the wall
	Noise   *float64 `toml:"noise"`   // as the scene's, which it replaces
	Shake   *float64 `toml:"shake"`   // as the scene's, which it replaces
}

// Length is a place or a length in a picture, in the scene's units.
type Length float64

// View is the part of a picture that the camera sees; its height follows from the frame's proportions.
type View struct {
	X          Length  `toml:"x"`          // its centre
	Y          Length  `toml:"y"`          // its centre
	Width      Length  `toml:"width"`      // its width
	Brightness float64 `toml:"brightness"` // of the light: 1 leaves the picture as it is, 0.05 to 4; 0 = 1
}

// ParseScene reads a scene. name stands for the file in errors, which give line and column.
func ParseScene(name string, data []byte) (*Scene, error) {
	if len(data) > maxSceneBytes {
		return nil, fmt.Errorf("replay: %s: %d bytes, limit %d (is it a scene?)", name, len(data), maxSceneBytes)
	}
	s := &Scene{Loop: true}
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, positioned(name, err)
	}
	if key, what := s.fault(); what != "" {
		line, column := positions(data).find(key)
		return nil, fmt.Errorf("replay: %s:%d:%d: %s: %s", name, line, column, key, what)
	}
	return s, nil
}

// positioned adds file, line and column to an error of the TOML decoder.
func positioned(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		line, column := e.Position()
		return fmt.Errorf("replay: %s:%d:%d: %s: unknown key", name, line, column, strings.Join(e.Key(), "."))
	}
	var e *toml.DecodeError
	if errors.As(err, &e) {
		line, column := e.Position()
		return fmt.Errorf("replay: %s:%d:%d: %w", name, line, column, err)
	}
	return fmt.Errorf("replay: %s: %w", name, err)
}

func within(x, low, high float64) bool { return x >= low && x <= high }

// fault returns the first key whose value cannot be, as its path in the file, and why; "" and "" when all is well.
func (s *Scene) fault() (key, what string) {
	scale := 1.0
	if s.Units == "pixels" {
		scale = maxSide
	}
	switch {
	case s.Units != "" && s.Units != "fraction" && s.Units != "pixels":
		return "units", fmt.Sprintf("%q, allowed are \"fraction\" and \"pixels\"", s.Units)
	case s.Width != 0 && (s.Width < 16 || s.Width > 4096 || s.Width%2 != 0):
		return "width", fmt.Sprintf("%d, allowed are even numbers from 16 to 4096", s.Width)
	case s.Height != 0 && (s.Height < 16 || s.Height > 4096):
		return "height", fmt.Sprintf("%d, allowed are 16 to 4096", s.Height)
	case s.FPS != 0 && !within(s.FPS, 0.1, 240):
		return "fps", fmt.Sprintf("%v, allowed are 0.1 to 240", s.FPS)
	case !within(s.Noise, 0, 32):
		return "noise", fmt.Sprintf("%v, allowed are 0 to 32 levels", s.Noise)
	case !within(s.Shake, 0, 20):
		return "shake", fmt.Sprintf("%v, allowed are 0 to 20 pixels", s.Shake)
	case !within(s.Feather, 0, 1000):
		return "feather", fmt.Sprintf("%v, allowed are 0 to 1000 pixels", s.Feather)
	case s.Wall != 0 && !within(s.Wall, 16, 235):
		return "wall", fmt.Sprintf("%v, allowed are 16 to 235", s.Wall)
	case len(s.Steps) == 0 || len(s.Steps) > maxSteps:
		return "step", fmt.Sprintf("%d steps, allowed are 1 to %d", len(s.Steps), maxSteps)
	}
	for i := range s.Steps {
		if key, what := s.Steps[i].fault(scale); what != "" {
			return fmt.Sprintf("step.%d.%s", i, key), what
		}
	}
	return "", ""
}

func (s *Step) fault(scale float64) (key, what string) {
	switch {
	case len(s.Label) > 200:
		return "label", fmt.Sprintf("%d bytes, allowed are 200", len(s.Label))
	case !within(s.Seconds, 0, 600):
		return "seconds", fmt.Sprintf("%v, allowed are 0 to 600", s.Seconds)
	case !within(s.Hold, 0, 600):
		return "hold", fmt.Sprintf("%v, allowed are 0 to 600", s.Hold)
	case s.Seconds+s.Hold == 0:
		return "seconds", "0 and nothing to hold either: the step would never be seen"
	case !within(s.Tilt, -180, 180):
		return "tilt", fmt.Sprintf("%v, allowed are -180 to 180 degrees", s.Tilt)
	case s.Noise != nil && !within(*s.Noise, 0, 32):
		return "noise", fmt.Sprintf("%v, allowed are 0 to 32 levels", *s.Noise)
	case s.Shake != nil && !within(*s.Shake, 0, 20):
		return "shake", fmt.Sprintf("%v, allowed are 0 to 20 pixels", *s.Shake)
	case len(s.Crop) != 0 && len(s.Crop) != 4:
		return "crop", fmt.Sprintf("%d numbers, wanted are 4: left, top, right, bottom", len(s.Crop))
	}
	for _, x := range s.Crop {
		if !within(float64(x), 0, scale) {
			return "crop", fmt.Sprintf("%v, allowed are 0 to %v", x, scale)
		}
	}
	if len(s.Crop) == 4 && !(s.Crop[0] < s.Crop[2] && s.Crop[1] < s.Crop[3]) {
		return "crop", fmt.Sprintf("%v is empty, wanted are left, top, right, bottom", s.Crop)
	}
	if s.Picture == "" {
		if s.To != nil && s.To.Width != 0 || s.From.Width != 0 || len(s.Crop) != 0 {
			return "picture", "is missing, yet there is a view of it"
		}
		// The wall has no places, but its light may change.
		if key, what := s.From.light(); what != "" {
			return "from." + key, what
		}
		if s.To != nil {
			if key, what := s.To.light(); what != "" {
				return "to." + key, what
			}
		}
		return "", ""
	}
	if key, what := s.From.fault(scale); what != "" {
		return "from." + key, what
	}
	if s.To != nil {
		if key, what := s.To.fault(scale); what != "" {
			return "to." + key, what
		}
	}
	return "", ""
}

// fault checks a view: its centre may lie beside the picture, so that a person walks in from the side.
func (v View) fault(scale float64) (key, what string) {
	switch {
	case !within(float64(v.X), -2*scale, 3*scale):
		return "x", fmt.Sprintf("%v, allowed are %v to %v", v.X, -2*scale, 3*scale)
	case !within(float64(v.Y), -2*scale, 3*scale):
		return "y", fmt.Sprintf("%v, allowed are %v to %v", v.Y, -2*scale, 3*scale)
	case !within(float64(v.Width), scale/1000, 8*scale):
		return "width", fmt.Sprintf("%v, allowed are %v to %v", v.Width, scale/1000, 8*scale)
	}
	return v.light()
}

func (v View) light() (key, what string) {
	if v.Brightness != 0 && !within(v.Brightness, 0.05, 4) {
		return "brightness", fmt.Sprintf("%v, allowed are 0.05 to 4", v.Brightness)
	}
	return "", ""
}

// complete fills in what the file left to the options, and checks the sum.
func (s *Scene) complete(o feed.Opts) {
	if s.Width == 0 {
		s.Width = o.Width &^ 1
	}
	if s.Height == 0 {
		s.Height = o.Height
	}
	if s.FPS == 0 {
		s.FPS = o.FPS
	}
	if s.Wall == 0 {
		s.Wall = 120
	}
}

// frames is how many frames a span of seconds has.
func (s *Scene) frames(seconds float64) int { return int(math.Round(seconds * s.FPS)) }

// Duration is how long the scene plays before it begins again.
func (s *Scene) Duration() time.Duration {
	var sum float64
	for i := range s.Steps {
		sum += s.Steps[i].Seconds + s.Steps[i].Hold
	}
	return time.Duration(sum * float64(time.Second))
}

func readScene(path string) (*Scene, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("replay: scene: %w", err)
	}
	defer f.Close()
	data, err := readAll(f, maxSceneBytes)
	if err != nil {
		return nil, fmt.Errorf("replay: scene %s: %w", path, err)
	}
	return ParseScene(path, data)
}
