package models

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
)

// maxSide bounds an input's sides, and maxContext how far it may look around: both far above any sensible model.
const (
	maxSide    = 4096
	maxContext = 16
)

// Validate reports everything that is wrong with the manifest, not only the first mistake.
func (m Manifest) Validate() error {
	var all []error
	wrong := func(format string, values ...any) {
		all = append(all, fmt.Errorf("models: manifest: "+format, values...))
	}
	if m.Name == "" {
		wrong("name is empty (it tells sets apart in the journal)")
	}
	if len(m.Models) == 0 {
		wrong("no models")
	}
	roles, files := map[Role]bool{}, map[string]bool{}
	for i, model := range m.Models {
		at := fmt.Sprintf("model %d (%q)", i+1, model.Role)
		if roles[model.Role] {
			wrong("%s: the role has a model already", at)
		}
		if files[model.File] {
			wrong("%s: file %q serves another role already", at, model.File)
		}
		roles[model.Role], files[model.File] = true, true
		model.validate(func(format string, values ...any) { wrong(at+": "+format, values...) })
	}
	m.Calibrations.validate(wrong)
	if roles[Liveness] {
		m.PAD.validate(wrong)
	}
	return errors.Join(all...)
}

func (m Model) validate(wrong func(string, ...any)) {
	meanings, known := outputs[m.Role]
	if !known {
		wrong("unknown role, wanted one of %v", knownRoles())
		return
	}
	if m.File == "" || m.File != filepath.Base(m.File) || strings.ContainsAny(m.File, `/\`) || m.File == "." || m.File == ".." {
		wrong("file %q, wanted a name without a path", m.File)
	}
	if sum, err := hex.DecodeString(m.SHA256); err != nil || len(sum) != 32 {
		wrong("sha256 %q, wanted 64 hexadecimal digits (sha256sum prints them)", m.SHA256)
	}
	for _, meaning := range meanings {
		if m.Outputs[meaning] == "" {
			wrong("outputs: no tensor named for %q", meaning)
		}
	}
	if len(m.Outputs) > len(meanings) {
		wrong("outputs: %d named, the role has %v", len(m.Outputs), meanings)
	}
	if m.Role != TextKeys {
		m.Input.validate(m.Role, wrong)
	}
}

func (in Input) validate(role Role, wrong func(string, ...any)) {
	if in.Name == "" {
		wrong("input: name is empty")
	}
	// The text models take pictures of any size; the others need theirs.
	least := 1
	if role == TextDetect || role == TextRecognise {
		least = 0
	}
	if in.Width < least || in.Width > maxSide || in.Height < least || in.Height > maxSide {
		wrong("input: %d×%d, wanted %d to %d each", in.Width, in.Height, least, maxSide)
	}
	order, known := orders[in.Order]
	if !known {
		wrong(`input: order %q, wanted "rgb", "bgr" or "grey"`, in.Order)
		return
	}
	if len(in.Mean) != order.Planes() || len(in.Scale) != order.Planes() {
		wrong("input: %d values of mean and %d of scale for order %q, wanted %d of each", len(in.Mean), len(in.Scale), in.Order, order.Planes())
	}
	for _, v := range in.Mean {
		if !finite(v) {
			wrong("input: mean %v is not a number", v)
		}
	}
	for _, v := range in.Scale {
		if !finite(v) || v == 0 {
			wrong("input: scale %v, wanted a number that is not 0 (1 leaves 0 to 255 as they are)", v)
		}
	}
	if !(in.Context >= 0 && in.Context <= maxContext) {
		wrong("input: context %v, wanted 0 to %d", in.Context, maxContext)
	}
}

func (c Calibrations) validate(wrong func(string, ...any)) {
	seen := map[string]bool{}
	for _, table := range c {
		if table.Population == "" || seen[table.Population] {
			wrong("calibration: population %q is empty or named twice", table.Population)
		}
		seen[table.Population] = true
		if table.Source == "" {
			wrong("calibration %q: source is empty (a threshold without one cannot be trusted)", table.Population)
		}
		if len(table.Points) == 0 {
			wrong("calibration %q: no points", table.Population)
		}
		for i, p := range table.Points {
			if !(p.FMR > 0 && p.FMR < 1) || !(p.Threshold > -1 && p.Threshold < 1) {
				wrong("calibration %q: point %d: FMR %g and threshold %v, wanted 0 to 1 and −1 to 1", table.Population, i+1, p.FMR, p.Threshold)
			}
			if !(p.TMR >= 0 && p.TMR <= 1) || i > 0 && p.TMR > table.Points[i-1].TMR {
				wrong("calibration %q: point %d: true match rate %g, wanted 0 to 1 and not more than at a lower threshold", table.Population, i+1, p.TMR)
			}
			if i > 0 && !(p.FMR < table.Points[i-1].FMR && p.Threshold >= table.Points[i-1].Threshold) {
				wrong("calibration %q: point %d: the FMR must fall and the threshold must not (sort the points by FMR, highest first)", table.Population, i+1)
			}
		}
	}
}

func (p PAD) validate(wrong func(string, ...any)) {
	if !(p.Threshold > 0 && p.Threshold < 1) || !(p.Floor >= 0 && p.Floor <= p.Threshold) {
		wrong("pad: threshold %v and floor %v, wanted 0 to 1 and 0 to the threshold", p.Threshold, p.Floor)
	}
	if p.Source == "" {
		wrong("pad: source is empty (a threshold without one cannot be trusted)")
	}
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
