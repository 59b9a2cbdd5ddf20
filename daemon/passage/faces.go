package passage

import "unicode/utf8"

// normalise brings a frame into the ranges that the machine and the log know. What is out of range never counts for a
// person: an unusable name is no match.
func (f *Frame) normalise() {
	f.Count = max(0, min(f.Count, MaxFaces))
	for i := range f.Faces {
		face := &f.Faces[i]
		if i >= f.Count {
			*face = Face{}
			continue
		}
		face.Problems &= 1<<problemCount - 1
		if !face.Live.Known {
			face.Live = Live{}
		}
		if !validName(face.Match.Person) || !face.Match.Known {
			face.Match = Match{}
		}
		face.Live.Score = face.Live.Score.clamp()
		face.Match.Score = face.Match.Score.clamp()
		face.Match.Second = face.Match.Second.clamp()
		face.Match.Barred = face.Match.Barred.clamp()
	}
}

func (s Score) clamp() Score { return max(-MaxScore, min(s, MaxScore)) }

// validName reports whether a name from outside can be journalled; the empty one can.
func validName(s string) bool { return len(s) <= MaxName && utf8.ValidString(s) }

// front returns the tallest face of the frame, the lowest track of several as tall; nil where there is none.
func (f *Frame) front() *Face {
	var front *Face
	for i := range f.Count {
		face := &f.Faces[i]
		if face.Track != 0 && (front == nil || face.Box.Height() > front.Box.Height() ||
			face.Box.Height() == front.Box.Height() && face.Track < front.Track) {
			front = face
		}
	}
	return front
}

// track returns the face of a track, or nil.
func (f *Frame) track(track uint32) *Face {
	for i := range f.Count {
		if f.Faces[i].Track == track {
			return &f.Faces[i]
		}
	}
	return nil
}

// rival reports whether somebody else stands about as near as the subject. A face that cannot be used counts all the
// same: whoever is cut off by the frame's edge can still follow through the door.
func (f *Frame) rival(subject *Face, ratio Score) bool {
	for i := range f.Count {
		other := &f.Faces[i]
		if other != subject && other.beside(subject, ratio) {
			return true
		}
	}
	return false
}

// beside reports whether a face is about as near as the subject's.
func (f *Face) beside(subject *Face, ratio Score) bool {
	return int64(f.Box.Height())*int64(One) >= int64(ratio)*int64(subject.Box.Height())
}

// near reports whether a passage can begin with the face.
func (f *Face) near() bool { return !f.Problems.Has(CutOff) && !f.Problems.Has(TooSmall) }
