package passage

import (
	"umbral/config/policy"
	"umbral/config/policy/enum"
)

// Limits of what one observation carries.
const (
	MaxFaces = 4  // faces in a frame: the largest; Frame.Add keeps them
	MaxName  = 64 // bytes of a person's, subject's, command's or key's name; an observation with a longer one is refused
)

// ObservationKind says which part of an Observation is meant.
type ObservationKind uint8

// The kinds of observations.
const (
	ObserveTick         ObservationKind = iota // nothing but time passed; send one at least every 100 ms
	ObserveFrame                               // Frame
	ObserveEvidence                            // Evidence
	ObserveClock                               // Clock
	ObserveCamera                              // Up: frames come, or do not
	ObserveCommitted                           // Commit: that journal entry is on the disk
	ObserveCommitFailed                        // Commit: that journal entry could not be written
	ObserveDoor                                // Door
	ObserveExit                                // the exit button was pressed
	ObserveCommand                             // Command
	ObserveStanding                            // Standing: the answer to EffectLookUp
	ObserveReviewed                            // Reviewed
	ObserveInterlock                           // Up: another door is open, so that this one may not
	ObserveChange                              // what is on file about somebody has changed: it is looked up again
	observationKinds
)

// Observation is one thing that the terminal saw. Kind chooses the field that counts.
type Observation struct {
	Kind     ObservationKind
	Frame    Frame
	Evidence Evidence
	Clock    Clock
	Up       bool
	Commit   uint64
	Door     Door
	Command  Command
	Standing Standing
	Reviewed Reviewed
}

// Frame is what was found on one picture.
type Frame struct {
	Sequence uint64 // the camera's
	Count    int    // of Faces that are valid
	Faces    [MaxFaces]Face
}

// Add puts a face into the frame and keeps the MaxFaces tallest.
func (f *Frame) Add(face Face) {
	if f.Count < MaxFaces {
		f.Faces[f.Count] = face
		f.Count++
		return
	}
	low := 0
	for i := range f.Faces {
		if f.Faces[i].Box.Height() < f.Faces[low].Box.Height() {
			low = i
		}
	}
	if face.Box.Height() > f.Faces[low].Box.Height() {
		f.Faces[low] = face
	}
}

// Face is one face of a frame.
type Face struct {
	Track    uint32 // from the tracker; the same number is the same face; 0 is no track
	Box      Box
	Problems Problems
	Pose     Pose
	Live     Live
	Match    Match
}

// Box is a face's place, in ten-thousandths of the frame's width (X) and height (Y).
type Box struct {
	X0, Y0, X1, Y1 int16
}

// Height returns the box's height in ten-thousandths of the frame's.
func (b Box) Height() int { return int(b.Y1) - int(b.Y0) }

// Pose is how the head is turned, in tenths of a degree.
type Pose struct {
	Yaw, Pitch, Roll int16
}

// Live is the passive liveness score of this face on this frame (1 is live). The machine votes over frames itself.
type Live struct {
	Known bool // computed on this frame
	Score Score
}

// Match is the best of the gallery for this face on this frame, whatever its score: thresholds are the machine's.
type Match struct {
	Known  bool // computed on this frame
	Person string
	Score  Score
	Second Score // of the best other person; -MaxScore where there is none
	// Claimed says that the face was compared one to one with the reference that a document brought for Person, or the
	// least alike of several; otherwise with the gallery.
	Claimed bool
	// References is how many references were searched.
	References uint32
	// Barred is the similarity to the most similar person, other than Person, who is blocked or suspended; 0 where there
	// is none.
	Barred Score
}

// Outcome is what came of a piece of evidence.
type Outcome uint8

// The outcomes. Doubtful evidence cannot grant, but it can send the passage to a reviewer.
const (
	Accepted Outcome = iota + 1
	Refused
	Doubtful
)

var outcomeNames = []string{"none", "accepted", "refused", "doubtful"}

// String returns o's name.
func (o Outcome) String() string { return enum.Name(outcomeNames, o) }

// Evidence is the outcome of evidence that the machine does not count itself: everything but face and live. It counts
// for the passage that is collecting when it comes.
type Evidence struct {
	Kind    policy.Kind
	Outcome Outcome
	Score   Score
	Subject string // whom it speaks of; empty where it names nobody
	Detail  string // code of what was found wrong: a Reason where there is one for it
	// Passage is the one in which it was established: evidence that comes too late is not the next person's. Zero counts
	// for whichever passage is collecting.
	Passage ID
	// Reference says that the evidence brings a reference of Subject's face: from now on only comparisons with it count.
	Reference bool
}

// Clock is the state of the terminal's wall clock.
type Clock struct {
	Trust policy.Trust
	Wall  int64 // Unix time in milliseconds
	// Offset is that of the terminal's time zone, in minutes east of Greenwich; ages and hours are local.
	Offset int16
}

// Contact is what the door contact says.
type Contact uint8

// The states of the contact; ContactUnknown also stands for a door without one.
const (
	ContactUnknown Contact = iota
	ContactClosed
	ContactOpen
)

// Door is the door's state; send it at each change.
type Door struct {
	Contact Contact
	Relay   bool // energised
	Fault   bool // the hardware does not answer
	Tamper  bool // the housing is open
}

// CommandOpen is the fleet's command that the machine decides.
const CommandOpen = "door.open"

// Command is a command whose signature, target and freshness the fleet link has found right.
type Command struct {
	Name string
	ID   string
	Key  string // name of the key that signed it
}
