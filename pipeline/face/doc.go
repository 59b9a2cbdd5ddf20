// Package face finds faces in pictures, judges their quality, makes templates of them and follows them over frames.
//
// An Analyzer holds the compiled models and all the memory they need, so the calls for frames allocate nothing. It may be
// used by one goroutine at a time. A frame takes these steps:
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
// A photograph to enrol from takes one, Portrait. Nobody stands before the camera to be told what to do, and nobody knows
// which way up the photograph lies.
//
// Boxes are the detector's own, in pixels of the picture and not clipped to it. Each call that takes a box derives from it
// the region that its model was trained with.
package face
