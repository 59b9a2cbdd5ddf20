// Package face finds faces in a picture, says how good they are, turns them into templates, and follows them over frames.
//
// An Analyzer holds the compiled models and all memory that they need; its calls allocate nothing. It is used by one
// goroutine at a time. A frame goes through it like this:
//
//	faces, err := a.Detect(img)                  // every frame
//	tracks := tracker.Update(captured, faces)    // who is who since the last frame
//	points, err := a.Landmarks(img, d.Box)       // a face that matters
//	q := a.Quality(img, d, points, points.Pose())
//	if q.Usable() {
//		t, err := a.Embed(img, points)
//		tracker.Offer(id, face.Shot{...})
//	}
//
// Boxes are the detector's own, in pixels of the picture and not clipped to it. Every call that takes a box makes of it
// the region that its model was measured with.
package face
