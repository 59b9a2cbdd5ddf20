//go:build !amd64 && !arm64

package kernel

// tiers is empty where no assembly is written: portable Go serves.
func tiers() []*Set { return nil }
