package kernel

import (
	"fmt"
	"strings"
)

// Tier names one implementation of the kernels. Every tier computes the same function as Generic, which is the
// specification; they differ in the instructions that they use.
type Tier int

const (
	// Auto is the best tier of this processor, unless the environment variable UMBRAL_SIMD names another.
	Auto Tier = iota
	// Generic is portable Go.
	Generic
)

// Variable is the environment variable that overrides what Auto means: "off" or "generic" for portable Go, "auto" or
// nothing for the processor's best. It lets a technician rule out a faulty tier without another binary.
const Variable = "UMBRAL_SIMD"

var tierNames = map[Tier]string{Auto: "auto", Generic: "generic"}

// String is the tier's name as UMBRAL_SIMD spells it.
func (t Tier) String() string {
	if name, ok := tierNames[t]; ok {
		return name
	}
	return fmt.Sprintf("Tier(%d)", int(t))
}

// ParseTier reads a tier's name; "off" is another name for generic.
func ParseTier(name string) (Tier, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "auto":
		return Auto, nil
	case "off", "generic":
		return Generic, nil
	}
	return Auto, fmt.Errorf("kernel: %s: value %q, allowed auto, off, generic", Variable, name)
}

