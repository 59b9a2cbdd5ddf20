package passage

// Reason is a stable code for why a passage ended as it did.
type Reason string

// The reasons. Codes never change their meaning.
const (
	ReasonMatched           Reason = "matched"
	ReasonEvidence          Reason = "evidence-accepted"
	ReasonNotEnrolled       Reason = "not-enrolled"
	ReasonAmbiguous         Reason = "ambiguous"
	ReasonNotLive           Reason = "not-live"
	ReasonLowQuality        Reason = "low-quality"
	ReasonIdentityChanged   Reason = "identity-changed"
	ReasonSeveralPeople     Reason = "several-people"
	ReasonTimeOut           Reason = "time-out"
	ReasonLingering         Reason = "lingering"
	ReasonLeft              Reason = "left"
	ReasonRefused           Reason = "evidence-refused"
	ReasonSubjectMismatch   Reason = "subject-mismatch"
	ReasonNeedsReview       Reason = "needs-review"
	ReasonClockUntrusted    Reason = "clock-untrusted"
	ReasonCameraLost        Reason = "camera-lost"
	ReasonJournal           Reason = "journal-unavailable"
	ReasonRecordFull        Reason = "record-full"
	ReasonBusy              Reason = "busy"
	ReasonCommand           Reason = "door-open-command"
	ReasonExit              Reason = "exit-button"
	ReasonDoorForced        Reason = "door-forced"
	ReasonDoorHeld          Reason = "door-held-open"
	ReasonDoorClosed        Reason = "door-closed"
	ReasonDoorFault         Reason = "door-fault"
	ReasonDoorRecovered     Reason = "door-recovered"
	ReasonCameraBack        Reason = "camera-back"
	ReasonEvidencePending   Reason = "evidence-missing"
	ReasonUnknownCommand    Reason = "unknown-command"
	ReasonCommandUnreadable Reason = "bad-command"
)

// Reasons is every reason with one plain sentence for operators, in the order of the constants.
var Reasons = []struct {
	Code Reason
	Text string
}{
	{ReasonMatched, "The face matched one enrolled person on enough frames, and everything that the policy asks for was there."},
	{ReasonEvidence, "Everything that the policy asks for was there."},
	{ReasonNotEnrolled, "The face matched nobody who is enrolled, on enough good frames."},
	{ReasonAmbiguous, "The face resembled two enrolled people too closely to tell them apart."},
	{ReasonNotLive, "The face did not look like a living person's: it may be a picture or a screen."},
	{ReasonLowQuality, "Not enough good pictures of the face agreed (light, sharpness, pose or cover)."},
	{ReasonIdentityChanged, "Another person's face appeared in place of the first during the passage."},
	{ReasonSeveralPeople, "More than one person stood before the gate until the time was over."},
	{ReasonTimeOut, "The evidence was not complete when the time for one passage was over."},
	{ReasonLingering, "The same person was let through a moment ago; a second time is allowed only later."},
	{ReasonLeft, "The person went away before there was a verdict."},
	{ReasonRefused, "A document, code or other evidence that the policy needs was refused."},
	{ReasonSubjectMismatch, "Two pieces of evidence belong to different people."},
	{ReasonNeedsReview, "The machine is unsure; a human reviewer has to decide."},
	{ReasonClockUntrusted, "The terminal does not know the time well enough for this."},
	{ReasonCameraLost, "The camera gives no pictures."},
	{ReasonJournal, "The journal could not be written, so nothing may be opened."},
	{ReasonRecordFull, "The passage gave more observations than one record can hold."},
	{ReasonBusy, "Another opening is still being recorded."},
	{ReasonCommand, "An operator opened the door by a signed command."},
	{ReasonExit, "Somebody pressed the exit button."},
	{ReasonDoorForced, "The door opened although nothing had released it."},
	{ReasonDoorHeld, "The door stands open for too long."},
	{ReasonDoorClosed, "The door is closed again."},
	{ReasonDoorFault, "The door's hardware does not answer."},
	{ReasonDoorRecovered, "The door's hardware answers again."},
	{ReasonCameraBack, "The camera gives pictures again."},
	{ReasonEvidencePending, "Evidence other than the face that the policy needs was not presented."},
	{ReasonUnknownCommand, "The command is none that the gate decides."},
	{ReasonCommandUnreadable, "The command lacks its identifier, or one of its names is too long."},
}

// Text is the reason's sentence, or its code where it has none.
func (r Reason) Text() string {
	for _, e := range Reasons {
		if e.Code == r {
			return e.Text
		}
	}
	return string(r)
}
