package fleet

import (
	"context"
	"errors"
)

// Link is one terminal's connection to the fleet's broker.
type Link struct {
	o Opts
}

// New checks the options, reads the TLS files and returns a link that does nothing before Run.
func New(o Opts, j Journal, c Commander, n Nonces, s State) (*Link, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Link{o: o}, nil
}

// Run keeps the link until ctx ends, then says goodbye to the broker and returns nil when all its
// goroutines have ended. An absent broker is no error. It can be called once.
func (l *Link) Run(ctx context.Context) error { return errors.New("fleet: not there yet") }

// Changed asks the link to look at State now rather than at the next poll. It never blocks.
func (l *Link) Changed() {}

// Stats tells how the link does.
func (l *Link) Stats() Stats { return Stats{} }
