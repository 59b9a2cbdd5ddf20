package evidence

import (
	"context"
	"errors"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/pipeline/vision"
)

// Source establishes evidence. It is constructed whole; its methods may be called by several goroutines.
type Source interface {
	// Kinds returns the kinds of evidence that the source establishes.
	Kinds() policy.Set
	// Want tells the source what the decision wants now, which may be nothing of its kinds. It returns at once. When the
	// demand is of another passage, whatever the source holds of the one before is dropped.
	Want(passage.Demand)
	// Run serves the demands until ctx ends, and gives each outcome to observe. It reports at most one outcome of a kind for
	// each demand that asks for it, and none for a passage that is over.
	Run(ctx context.Context, observe func(passage.Evidence)) error
	// Hint returns the code of what the screen adds to its request, and nothing while there is nothing to add.
	Hint() string
	// Bytes returns the memory that the source holds beside the models.
	Bytes() int64
}

// Looker is a Source that looks at the camera's frames.
type Looker interface {
	Source
	// Look shows the source a frame. It runs within the frame loop: it keeps nothing of the frame and allocates nothing on
	// the steady path. An error costs the frame.
	Look(*Frame) error
}

// Frame is an analysed frame as sources see it.
type Frame struct {
	Image    *vision.Image
	Captured time.Time
	// Seen says that the person's face is on the frame in usable light; Box and Track are its place and its track.
	Seen  bool
	Box   vision.Rect
	Track uint64
}

// ErrRefused is wrapped by errors that say what a person may not do here; the text says why.
var ErrRefused = errors.New("refused")

// Refused returns the outcome of evidence that was refused.
func Refused(r passage.Reason) passage.Evidence {
	return passage.Evidence{Outcome: passage.Refused, Detail: string(r)}
}

// Doubtful returns the outcome of evidence that a person may have to judge.
func Doubtful(r passage.Reason) passage.Evidence {
	return passage.Evidence{Outcome: passage.Doubtful, Detail: string(r)}
}
