package document

import (
	"cmp"
	"slices"

	"umbral/pipeline/vision"
)

// Combine makes one reading of several of the same side of the same card; nil of none. For each field the text with the
// most confidence behind it is taken, as it was read: readings vote, they are not merged. Where they agree the
// confidence rises above that of the best, where they differ it falls. Readings of another side than the first are left
// out. Corners and portrait are those of the sharpest portrait.
func Combine(readings []*Reading) *Reading {
	var same []*Reading
	for _, r := range readings {
		if r != nil && (len(same) == 0 || r.Side == same[0].Side) {
			same = append(same, r)
		}
	}
	if len(same) == 0 {
		return nil
	}
	out := *best(same)
	vote := func(get func(*Reading) *Field) {
		fields := make([]*Field, len(same))
		for i, r := range same {
			fields[i] = get(r)
		}
		*get(&out) = elect(fields)
	}
	for _, get := range fieldsOf(out.Side) {
		vote(get)
	}
	out.Rare = nil
	for _, r := range same { // of the name that was elected
		if r.Name.Text == out.Name.Text && len(r.Rare) > 0 && (out.Rare == nil || r.Name.Confidence == out.Name.Confidence) {
			out.Rare = r.Rare
		}
	}
	return &out
}

// fieldsOf lists the fields of a side.
func fieldsOf(s Side) []func(*Reading) *Field {
	if s == Back {
		return []func(*Reading) *Field{
			func(r *Reading) *Field { return &r.Authority },
			func(r *Reading) *Field { return &r.Validity },
		}
	}
	return []func(*Reading) *Field{
		func(r *Reading) *Field { return &r.Name },
		func(r *Reading) *Field { return &r.Sex },
		func(r *Reading) *Field { return &r.Ethnicity },
		func(r *Reading) *Field { return &r.Birth },
		func(r *Reading) *Field { return &r.Address },
		func(r *Reading) *Field { return &r.Number },
	}
}

// elect lets readings of one field vote. Frames of one card resemble each other, so agreement is worth less than
// independent looks would be: each further one halves the doubt.
func elect(fields []*Field) Field {
	type party struct {
		field  Field
		weight float64
		voices int
	}
	var parties []party
	total := 0.0
	for _, f := range fields {
		w := float64(f.Confidence) * float64(f.Confidence)
		if f.Text == "" || w == 0 {
			continue
		}
		total += w
		i := slices.IndexFunc(parties, func(p party) bool { return p.field.Text == f.Text })
		if i < 0 {
			parties = append(parties, party{*f, w, 1})
			continue
		}
		p := &parties[i]
		p.weight += w
		p.voices++
		if f.Confidence > p.field.Confidence {
			p.field = *f
		}
	}
	if len(parties) == 0 {
		return *fields[0]
	}
	winner := slices.MaxFunc(parties, func(a, b party) int { return cmp.Compare(a.weight, b.weight) })
	doubt := 1 - float64(winner.field.Confidence)
	for range winner.voices - 1 {
		doubt /= 2
	}
	winner.field.Confidence = float32((1 - doubt) * winner.weight / total)
	return winner.field
}

// best is the reading with the sharpest portrait, or the surest one where none has any.
func best(readings []*Reading) *Reading {
	return slices.MaxFunc(readings, func(a, b *Reading) int { return cmp.Compare(a.quality(), b.quality()) })
}

func (r *Reading) quality() float32 {
	if r.Portrait != nil {
		return vision.Sharpness(r.Portrait, r.Portrait.Bounds())
	}
	least := float32(1)
	for _, get := range fieldsOf(r.Side) {
		least = min(least, get(r).Confidence)
	}
	return least
}
