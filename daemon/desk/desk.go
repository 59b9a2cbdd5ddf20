// Package desk is what clerks and the tool do with the people and the journal of a store: a Desk serves the local API of a
// terminal that runs, and Open gives one over the store of a terminal that does not.
package desk

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"umbral/config"
	"umbral/daemon/enrolment"
	"umbral/daemon/evidence"
	"umbral/daemon/local"
	"umbral/daemon/store"
)

// Desk is where people are enrolled, looked up, changed and erased, as clerks do it through the local API: package local's
// Registry over the people of a store.
type Desk struct {
	store     *store.Store
	people    *enrolment.People
	identity  ed25519.PrivateKey
	checklist store.Checklist
	liveness  *config.Liveness
	fingers   bool
}

// Opts is what a Desk is made of.
type Opts struct {
	Store    *store.Store
	People   *enrolment.People
	Identity ed25519.PrivateKey // signs receipts
	// Checklist is what the site asks of enrolment files.
	Checklist []string
	Liveness  *config.Liveness // of enrolments before the camera; nil where there is none
	Fingers   bool             // there is a sensor
}

// New returns a desk.
func New(o Opts) (*Desk, error) {
	list, err := store.ParseChecklist(o.Checklist)
	return &Desk{
		store: o.Store, people: o.People, identity: o.Identity, checklist: list, liveness: o.Liveness, fingers: o.Fingers,
	}, err
}

// Enrol enrols a person from photographs, which come from outside.
func (d *Desk) Enrol(ctx context.Context, r local.EnrolRequest) (local.Enrolled, error) {
	pictures := make([]enrolment.Picture, 0, len(r.Pictures))
	for _, p := range r.Pictures {
		pictures = append(pictures, enrolment.Picture{Source: p.Source, Data: p.Data, Face: p.Face})
	}
	e, err := d.people.EnrolPictures(ctx, r.ID, r.Name, pictures)
	return local.Enrolled(e), outward(err)
}

// EnrolLive enrols the person before the camera.
func (d *Desk) EnrolLive(ctx context.Context, r local.EnrolRequest, progress func(local.Progress)) (local.Enrolled, error) {
	if d.liveness == nil {
		return local.Enrolled{}, fmt.Errorf("%w: there is no camera", local.ErrRefused)
	}
	e, err := d.people.EnrolLive(ctx, r.ID, r.Name, enrolment.LivenessRule(d.liveness), func(done, of int, advice string) {
		progress(local.Progress{Done: done, Of: of, Advice: advice})
	})
	return local.Enrolled(e), outward(err)
}

// EnrolFinger enrols a finger at the sensor.
func (d *Desk) EnrolFinger(ctx context.Context, r local.EnrolRequest, progress func(local.Progress)) (local.Enrolled, error) {
	if !d.fingers {
		return local.Enrolled{}, fmt.Errorf("%w: this terminal has no fingerprint sensor (finger.sensor)", local.ErrRefused)
	}
	e, err := d.people.EnrolFinger(ctx, r.ID, r.Name, r.Finger, func(done, of int, advice string) {
		progress(local.Progress{Done: done, Of: of, Advice: advice})
	})
	return local.Enrolled(e), outward(err)
}

// outward gives errors the words of package local.
func outward(err error) error {
	switch {
	case errors.Is(err, enrolment.ErrRefused), errors.Is(err, evidence.ErrRefused), errors.Is(err, store.ErrInvalid):
		return fmt.Errorf("%w: %w", local.ErrRefused, err)
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", local.ErrUnknown, err)
	}
	return err
}
