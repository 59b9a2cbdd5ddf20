// # Vocabulary
//
// Codes never change their meaning.
//
// Entry kinds:
//
//	alert                       something happened to the door, an input or a sensor; a count where it is a sum
//	clock                       warning: the clock is not trusted as far as the configuration asks
//	command                     the gate decided on a command to open
//	command-refused             a command was not carried out
//	command-status              somebody asked how the terminal is
//	doubt                       an entry is there although its writer was told that it had failed
//	enrol                       somebody was enrolled
//	erase                       a person was erased
//	exit                        somebody pressed the exit button
//	file                        what is on file about a person changed: rights, dates, blocks, guardians
//	gap                         entries were dropped before they had reached the broker
//	journal-outage              entries could not be written for a while
//	list                        a signed list was taken
//	passage                     a passage ended with a verdict
//	passage-review              the review of a referred passage ended
//	recovery                    a damaged store was replaced by its last good copy
//	review                      a step of a review: opened, answered, closed
//	start                       the program started
//	stop                        the program was told to stop
//
// Conditions, which are alarms unless their severity is info:
//
//	broker                      warning: no connection to the broker
//	camera                      critical: the camera gives no pictures
//	certificate                 warning: the files of the connection cannot be read, or the terminal's certificate ends within 14 days
//	clock                       warning: the clock is not trusted as far as the configuration asks
//	clock-unreadable            warning: the kernel does not say how far the clock can be trusted
//	door                        critical: the door's hardware does not answer
//	door-forced                 warning: the door opened although nothing had released it
//	door-held-open              warning: the door stands open for too long
//	events-not-passed-on        warning: the broker acknowledges events and drops them; the cursor waits
//	finger-sensor               critical: the sensor does not answer, and nobody passes without a finger
//	finger-sensor-away          warning: the sensor does not answer; people can pass without it
//	housing-open                warning: the housing was opened
//	input-chatters              warning: an input changes more often than people can cause
//	journal                     critical: the journal cannot be written, so nothing is opened
//	nobody-enrolled             info: nobody is enrolled
//	part-failed                 warning: an input made a part of the program fail, and was left out
//	session-taken-over          warning: another terminal connects under the same name
//	store-copy                  warning: the store could not be copied
//	store-recovered             warning: the store was damaged and goes on from its last good copy
//
// Commands:
//
//	door.open                   opens the door once
//	person.block                keeps a person out; arguments person, reason
//	person.unblock              lets a person pass again; argument person
//	review.answer               a reviewer's answer to a review; arguments passage, review, answer
//	status                      how the terminal is
//
// Reasons of refusals and failures:
//
//	answered-twice              this reviewer has answered already: another one has to
//	bad-arguments               its arguments are not what the command takes
//	bad-signature               does not verify under that key
//	busy                        too many commands wait
//	clock-untrusted             the terminal cannot tell whether it has expired
//	decided                     the review is closed, or its deadline has passed
//	expired                     came when its time was over
//	failed                      it failed, and the detail says why
//	malformed                   not the JSON of a command
//	no-person                   nobody is enrolled under that pseudonym, or nothing is to be changed
//	no-review                   no review of that passage waits, or it is another one
//	nonce-store                 the nonce could not be recorded
//	not-allowed                 the key may not give this command
//	not-yet-valid               issued in the terminal's future
//	oversized                   longer than the terminal takes
//	replayed                    the nonce was used before
//	retained                    the broker had kept it: a command acts now or never
//	timeout                     it was not carried out in time
//	too-old                     issued longer ago than the terminal allows, whatever its expiry says
//	unknown-command             no such command
//	unknown-key                 no key of that name may command the terminal
//	unsigned                    no key or no signature
//	wrong-target                made for another terminal
//	wrong-topic                 name or id differ from those of the topic
//
// Reasons of passages and alerts:
//
//	age-unknown                 The person's birth date is not known, and this gate asks for an age.
//	already-inside              The person has already gone in and not come out.
//	ambiguous                   The face resembled two enrolled people too closely to tell them apart.
//	bad-command                 The command lacks its identifier, or one of its names is too long.
//	birth-date-unreadable       A birth date is on file or in the document that cannot be read, so the age is not known.
//	blocked                     The operator has blocked the person.
//	blocked-by-face             The face is that of somebody who is blocked, whatever the document says.
//	busy                        Another opening is still being recorded.
//	camera-back                 The camera gives pictures again.
//	camera-lost                 The camera gives no pictures.
//	card-contradiction          The card contradicts itself.
//	card-expired                The card has expired.
//	card-number-invalid         The number on the card is not a valid one.
//	card-unreadable             The card could not be read with certainty.
//	card-without-portrait       The card shows no portrait that the face can be compared with.
//	clock-untrusted             The terminal does not know the time well enough for this.
//	comparison-too-weak         The comparisons together do not prove the false match rate that the policy asks for.
//	credential-expired          The code has expired.
//	credential-for-another-gate The code was made for another gate.
//	credential-invalid          The code is damaged, or its signature is not right.
//	credential-not-yet-valid    The code is not valid yet.
//	credential-replayed         The code was shown before.
//	credential-stale            The code was shown too long after it was made: it may be a picture of a code.
//	credential-untrusted        The code is readable, but nobody whom this gate trusts has signed it.
//	credential-without-holder   The code lacks the fresh signature of its holder's phone.
//	credential-without-portrait The code carries no portrait that the face can be compared with.
//	door-closed                 The door is closed again.
//	door-fault                  The door's hardware does not answer.
//	door-forced                 The door opened although nothing had released it.
//	door-held-open              The door stands open for too long.
//	door-open-command           An operator opened the door by a signed command.
//	door-recovered              The door's hardware answers again.
//	enrolment-incomplete        The person's enrolment is not complete: the site's checklist has open items.
//	evidence-accepted           Everything that the policy asks for was there.
//	evidence-missing            Evidence other than the face that the policy needs was not presented.
//	evidence-refused            A document, code or other evidence that the policy needs was refused.
//	exit-button                 Somebody pressed the exit button.
//	exit-button-chatters        The exit button was pressed more often than people press it: it is stuck or bounces.
//	expired                     The person's right to pass has expired.
//	finger-no-match             The finger is not the enrolled one.
//	finger-not-enrolled         No finger of the person is enrolled.
//	finger-sensor-silent        The fingerprint sensor does not answer.
//	finger-unreadable           The finger could not be read.
//	guardian-missing            No guardian of the person came before the camera in time, or the guardian may not pass.
//	guardian-present            A guardian stood at the gate and was recognised.
//	housing-closed              The housing of the terminal is closed again.
//	housing-open                The housing of the terminal was opened.
//	identity-changed            Another person's face appeared in place of the first during the passage.
//	interlock-chatters          The contact of the other door chatters, so that door counts as open.
//	journal-unavailable         The journal could not be written in time, so nothing may be opened.
//	left                        The person went away before there was a verdict.
//	lingering                   The same person was let through a moment ago; a second time is allowed only later.
//	low-quality                 Not enough good pictures of the face agreed (light, sharpness, pose or cover).
//	matched                     The face matched one enrolled person on enough frames, and everything that the policy asks for was there.
//	needs-review                The machine is unsure; a human reviewer has to decide.
//	not-enrolled                The face matched nobody who is enrolled, on enough good frames.
//	not-live                    The face did not look like a living person's: it may be a picture or a screen.
//	not-yet-valid               The person may pass only from a later date.
//	one-time-code-wrong         The number in the bar code is not the one that is due.
//	other-door-open             Another door is open; this one opens when it is closed.
//	outside-hours               The person may pass only at other hours.
//	record-full                 The passage gave more observations than one record can hold.
//	remote-no-answer            The authority did not answer in time.
//	remote-no-match             The authority's picture of the person is another face.
//	review-approved             A reviewer approved the passage.
//	review-denied               A reviewer denied the passage.
//	review-timeout              No reviewer answered in time.
//	revocation-list-stale       The list of revoked credentials is too old to rely on.
//	revoked                     The credential or the person's right to pass was revoked.
//	several-people              More than one person stood before the gate until the time was over.
//	speech-does-not-match       The lips did not say what was asked for, when it was asked for.
//	speech-unclear              The lips could not be seen well enough.
//	standing-unknown            What is on file about the person could not be found in time.
//	subject-mismatch            Two pieces of evidence belong to different people.
//	time-out                    The evidence was not complete when the time for one passage was over.
//	under-age                   The person is too young to pass alone.
//	unknown-command             The command is none that the gate decides.
package fleet
