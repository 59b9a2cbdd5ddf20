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
	ReasonTamper            Reason = "housing-open"
	ReasonTamperClosed      Reason = "housing-closed"
	ReasonExitChatters      Reason = "exit-button-chatters"
	ReasonInterlockChatters Reason = "interlock-chatters"
	ReasonEvidencePending   Reason = "evidence-missing"
	ReasonUnknownCommand    Reason = "unknown-command"
	ReasonCommandUnreadable Reason = "bad-command"

	// What is on file.
	ReasonStandingUnknown Reason = "standing-unknown"
	ReasonBlocked         Reason = "blocked"
	ReasonRevoked         Reason = "revoked"
	ReasonRevocationStale Reason = "revocation-list-stale"
	ReasonIncomplete      Reason = "enrolment-incomplete"
	ReasonNotYetValid     Reason = "not-yet-valid"
	ReasonExpired         Reason = "expired"
	ReasonOutsideHours    Reason = "outside-hours"
	ReasonAgeUnknown      Reason = "age-unknown"
	ReasonUnderAge        Reason = "under-age"
	ReasonBirthUnreadable Reason = "birth-date-unreadable"
	ReasonBlockedFace     Reason = "blocked-by-face"
	ReasonGuardian        Reason = "guardian-missing"
	ReasonGuardianPresent Reason = "guardian-present"
	ReasonPassback        Reason = "already-inside"
	ReasonInterlock       Reason = "other-door-open"

	// What is wrong with evidence; these are also the details of an Evidence.
	ReasonWeak                 Reason = "comparison-too-weak"
	ReasonCredentialUntrusted  Reason = "credential-untrusted"
	ReasonCredentialInvalid    Reason = "credential-invalid"
	ReasonCredentialEarly      Reason = "credential-not-yet-valid"
	ReasonCredentialExpired    Reason = "credential-expired"
	ReasonCredentialStale      Reason = "credential-stale"
	ReasonCredentialReplayed   Reason = "credential-replayed"
	ReasonCredentialUnbound    Reason = "credential-without-holder"
	ReasonCredentialElsewhere  Reason = "credential-for-another-gate"
	ReasonCredentialNoPortrait Reason = "credential-without-portrait"
	ReasonOneTimeCode          Reason = "one-time-code-wrong"
	ReasonCardUnreadable       Reason = "card-unreadable"
	ReasonCardNumber           Reason = "card-number-invalid"
	ReasonCardContradiction    Reason = "card-contradiction"
	ReasonCardExpired          Reason = "card-expired"
	ReasonCardNoPortrait       Reason = "card-without-portrait"
	ReasonSpeech               Reason = "speech-does-not-match"
	ReasonSpeechUnclear        Reason = "speech-unclear"
	ReasonFingerNoMatch        Reason = "finger-no-match"
	ReasonFingerUnreadable     Reason = "finger-unreadable"
	ReasonFingerNotEnrolled    Reason = "finger-not-enrolled"
	ReasonFingerSensor         Reason = "finger-sensor-silent"
	ReasonRemoteNoMatch        Reason = "remote-no-match"
	ReasonRemoteNoAnswer       Reason = "remote-no-answer"

	// How a review ended.
	ReasonReviewApproved Reason = "review-approved"
	ReasonReviewDenied   Reason = "review-denied"
	ReasonReviewTimeout  Reason = "review-timeout"
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
	{ReasonJournal, "The journal could not be written in time, so nothing may be opened."},
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
	{ReasonTamper, "The housing of the terminal was opened."},
	{ReasonTamperClosed, "The housing of the terminal is closed again."},
	{ReasonExitChatters, "The exit button was pressed more often than people press it: it is stuck or bounces."},
	{ReasonInterlockChatters, "The contact of the other door chatters, so that door counts as open."},
	{ReasonEvidencePending, "Evidence other than the face that the policy needs was not presented."},
	{ReasonUnknownCommand, "The command is none that the gate decides."},
	{ReasonCommandUnreadable, "The command lacks its identifier, or one of its names is too long."},
	{ReasonStandingUnknown, "What is on file about the person could not be found in time."},
	{ReasonBlocked, "The operator has blocked the person."},
	{ReasonRevoked, "The credential or the person's right to pass was revoked."},
	{ReasonRevocationStale, "The list of revoked credentials is too old to rely on."},
	{ReasonIncomplete, "The person's enrolment is not complete: the site's checklist has open items."},
	{ReasonNotYetValid, "The person may pass only from a later date."},
	{ReasonExpired, "The person's right to pass has expired."},
	{ReasonOutsideHours, "The person may pass only at other hours."},
	{ReasonAgeUnknown, "The person's birth date is not known, and this gate asks for an age."},
	{ReasonUnderAge, "The person is too young to pass alone."},
	{ReasonBirthUnreadable, "A birth date is on file or in the document that cannot be read, so the age is not known."},
	{ReasonBlockedFace, "The face is that of somebody who is blocked, whatever the document says."},
	{ReasonGuardian, "No guardian of the person came before the camera in time, or the guardian may not pass."},
	{ReasonGuardianPresent, "A guardian stood at the gate and was recognised."},
	{ReasonPassback, "The person has already gone in and not come out."},
	{ReasonInterlock, "Another door is open; this one opens when it is closed."},
	{ReasonWeak, "The comparisons together do not prove the false match rate that the policy asks for."},
	{ReasonCredentialUntrusted, "The code is readable, but nobody whom this gate trusts has signed it."},
	{ReasonCredentialInvalid, "The code is damaged, or its signature is not right."},
	{ReasonCredentialEarly, "The code is not valid yet."},
	{ReasonCredentialExpired, "The code has expired."},
	{ReasonCredentialStale, "The code was shown too long after it was made: it may be a picture of a code."},
	{ReasonCredentialReplayed, "The code was shown before."},
	{ReasonCredentialUnbound, "The code lacks the fresh signature of its holder's phone."},
	{ReasonCredentialElsewhere, "The code was made for another gate."},
	{ReasonCredentialNoPortrait, "The code carries no portrait that the face can be compared with."},
	{ReasonOneTimeCode, "The number in the bar code is not the one that is due."},
	{ReasonCardUnreadable, "The card could not be read with certainty."},
	{ReasonCardNumber, "The number on the card is not a valid one."},
	{ReasonCardContradiction, "The card contradicts itself."},
	{ReasonCardExpired, "The card has expired."},
	{ReasonCardNoPortrait, "The card shows no portrait that the face can be compared with."},
	{ReasonSpeech, "The lips did not say what was asked for, when it was asked for."},
	{ReasonSpeechUnclear, "The lips could not be seen well enough."},
	{ReasonFingerNoMatch, "The finger is not the enrolled one."},
	{ReasonFingerUnreadable, "The finger could not be read."},
	{ReasonFingerNotEnrolled, "No finger of the person is enrolled."},
	{ReasonFingerSensor, "The fingerprint sensor does not answer."},
	{ReasonRemoteNoMatch, "The authority's picture of the person is another face."},
	{ReasonRemoteNoAnswer, "The authority did not answer in time."},
	{ReasonReviewApproved, "A reviewer approved the passage."},
	{ReasonReviewDenied, "A reviewer denied the passage."},
	{ReasonReviewTimeout, "No reviewer answered in time."},
}

// Text returns the reason's sentence, or its code where it has none.
func (r Reason) Text() string {
	for _, e := range Reasons {
		if e.Code == r {
			return e.Text
		}
	}
	return string(r)
}

// known reports whether a reason is one of the list.
func (r Reason) known() bool {
	for _, e := range Reasons {
		if e.Code == r {
			return true
		}
	}
	return false
}
