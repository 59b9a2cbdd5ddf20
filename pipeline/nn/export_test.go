package nn

import "testing"

// Eagerly lets every convolution that may be one of a cascade or Winograd's be so, however little there is to gain, until
// the test ends.
func Eagerly(t *testing.T) {
	bytes, floats, transforms, products := cascadeBytes, cascadeFloats, winogradTransforms, winogradProducts
	cascadeBytes, cascadeFloats, winogradTransforms, winogradProducts = 1, 1<<30, 0, 0
	t.Cleanup(func() {
		cascadeBytes, cascadeFloats, winogradTransforms, winogradProducts = bytes, floats, transforms, products
	})
}
