package enrolment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"umbral/daemon/store"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Picture is one photograph to enrol from.
type Picture struct {
	Source string // where it came from, for the record
	Data   []byte // the file
	Face   int    // which face, from the left, counted from 1; 0 where there must be only one
}

// fromPictures makes references of photographs, one after the other, so that no two are in memory at once. It refuses
// with the reason in plain words. notes say what was done to them.
func (p *People) fromPictures(
	ctx context.Context, pictures []Picture,
) (refs []store.Reference, notes []string, err error) {
	for _, picture := range pictures {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		portrait, err := p.fromPicture(picture)
		if err != nil {
			return nil, nil, err
		}
		if portrait.Turn != 0 {
			note := fmt.Sprintf("%s was turned upright, by %d° clockwise", picture.Source, 90*portrait.Turn)
			notes = append(notes, note)
		}
		refs = append(refs, p.reference(portrait.Template, picture.Source, portrait.Quality.Value))
	}
	return refs, notes, nil
}

// fromPicture finds the face of a photograph that is meant.
func (p *People) fromPicture(picture Picture) (face.Portrait, error) {
	img, err := vision.ReadPicture(bytes.NewReader(picture.Data), vision.DefaultPictureLimits())
	if err != nil {
		return face.Portrait{}, refuse("%s: %s", picture.Source, strings.TrimPrefix(err.Error(), "vision: "))
	}
	portrait, err := p.models.Photograph(img, picture.Face)
	var refusal face.Refusal
	if errors.As(err, &refusal) {
		return portrait, refuse("%s: %s", picture.Source, refusal)
	}
	return portrait, err
}

// EnrolPictures makes references of photographs, stores the person and journals it.
func (p *People) EnrolPictures(ctx context.Context, id, name string, pictures []Picture) (Enrolled, error) {
	if len(pictures) == 0 {
		return Enrolled{}, refuse("no picture was given")
	}
	refs, notes, err := p.fromPictures(ctx, pictures)
	if err != nil {
		return Enrolled{}, err
	}
	e, err := p.enrol(id, name, refs)
	e.Notes = append(notes, e.Notes...)
	return e, err
}
