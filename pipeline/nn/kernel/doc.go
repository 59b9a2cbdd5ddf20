// Package kernel holds the inner loops of the inference core.
package kernel
