package link

import (
	"umbral/daemon/fleet"
)

// Reviews is asked by the link for the reviews that wait. Pending is called from Run's goroutine every few seconds and must
// answer at once from memory; Pictures once a review and connection.
type Reviews interface {
	Pending() []fleet.Review
	// Pictures gives the pictures of a review as SealPictures made them.
	Pictures(passage string) ([]byte, error)
}
