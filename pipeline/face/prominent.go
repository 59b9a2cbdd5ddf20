package face

// Prominent returns the place of the face that a photograph of one person is about, −1 without faces: the largest,
// where a face away from the picture's middle counts less by twice the square of its distance. People in the
// background of enrolment photographs and of test sets are told apart so; at a gate everybody counts.
func Prominent(faces []Detection, width, height int) int {
	best, most := -1, float32(0)
	for i, d := range faces {
		c := d.Box.Centre()
		x, y := c.X-float32(width)/2, c.Y-float32(height)/2
		weight := d.Box.Dx()*d.Box.Dy() - 2*(x*x+y*y)
		if best < 0 || weight > most {
			best, most = i, weight
		}
	}
	return best
}
