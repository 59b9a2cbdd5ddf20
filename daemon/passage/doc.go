// Package passage decides. Observations go in, effects come out; nothing else in the terminal grants, denies or opens.
//
// The Machine is deterministic: it reads no clock, waits for nothing and starts no goroutine, so the same observations
// at the same instants give the same effects on every processor. Scores and times are whole numbers; total false match
// rates are floating-point numbers, whose products and sums are each rounded by themselves. All its memory is allocated
// by New; a frame that does not end a passage allocates nothing.
//
// # A passage
//
//	idle ── face seen, too far or cut off ──> approaching ── StartFrames usable frames ──> collecting ──> deciding ──> showing
//	  ^                                            │                                          │        (commit)        │
//	  └────────────── nobody ──────────────────────┴──────────── left: abandoned ─────────────┴──────── time ──────────┘
//
// A passage begins, and gets its ID, when a face was near enough and wholly in view in StartFrames frames running;
// before that the screen only guides ("come closer"), and nothing is journalled. From then on each ID ends in exactly
// one verdict, or as Abandoned when the person leaves first. An ID that is missing in the journal was lost.
//
// Evidence is counted from frames on which the subject has no quality problem and nobody else stands near. It belongs
// to one person on one track: when a frame matches another person than the frames before, all evidence starts again.
// Liveness counts, where the policy needs the face, only on frames that match the person whose passage it would be.
//
// # Evidence from elsewhere
//
// Codes, cards, speech, fingers and the authority's answer come as outcomes (ObserveEvidence). A document may bring a
// reference of its own: from then on only comparisons with it count, and nobody needs to be enrolled. The machine says
// what it waits for: Screen asks the person, EffectDemand whoever can establish what is missing, EffectLookUp the store
// (what is on file: age, guardians, hours, blocks). While it waits, Wants asks for a look at the face once a second,
// and frames that show nothing new are left out of the log.
//
// # Reviewers
//
// A passage whose evidence is doubtful, or refused in a way that Rules.Review leaves to people, is referred as soon as
// all other evidence is there and nothing on file stands against the person. They wait in sight, and are compared once
// a second; EffectReview asks the reviewers, and enough approvals (ObserveReviewed) open the door for the same face by
// way of the journal, as any grant does. A denial, time, another face, or the person's leaving ends it without.
//
// # Openings
//
// A grant names only people who, at the moment of opening, are matched, alive, in good standing, and not blocked by
// identifier or by face, on evidence of this passage.
//
// The frame that brings a grant shows everybody whom it names, matched, as far as the policy needs the face; of two who
// go in together, both. The last sign of life is at most Fresh/2 old. A track that misses its face on several frames
// loses what the camera established, since another head may have taken it over; a face that fits somebody who is
// blocked on MatchFrames frames ends the passage. When nothing else stands against a grant, EffectLookUp asks once more
// what is on file, and the grant waits for the answers.
//
// In a review only what is seen after the referral counts: an approval opens after a look at the same face, alive and
// alone, that is at most Fresh/2 old, and after which the person was on every frame.
//
// From the grant to its commit the same holds on. Match and life may be no older than Fresh when the door opens, so a
// journal that takes longer opens nothing. The grant is taken back when somebody whom it names is not seen on several
// frames or is another face by then, when the clock is no longer trusted or another door opens, and when what is on
// file stands against somebody by now, be it that time has passed. ObserveChange, which follows every change of what is
// on file, asks for it again; a commit that comes before the answer opens nothing.
//
// Rules.Fresh turns these checks on; records of programs before them replay without.
//
// # The door
//
// A grant is first an effect of kind EffectJournal. Only the observation ObserveCommitted with that effect's Commit
// number brings EffectOpenDoor, once; ObserveCommitFailed, or no answer within CommitTimeout, turns the grant into a
// denial with the reason journal-unavailable. The same holds for the fleet's command and the exit button. An exit that
// must open when the terminal is dead has to be wired to the lock, not to this program.
//
// # Inputs that chatter
//
// A loose contact must not fill the journal, nor hide what another input tells. Each input's alert is journalled at
// once the first time in a minute; what follows is counted, and told of in one alert a minute, with the count and the
// latest reason. An exit button that bounces opens four times a minute at most. While the other door's contact chatters
// that door counts as open. EffectAlarms tells what holds now, whatever is journalled.
//
// # Replay
//
// The journal's record of a passage holds the rules, the little that the machine remembered of earlier passages, and
// every observation that could change the outcome, with its instant (see Record). Replay runs a new machine over them;
// Explain does, too, and says with figures why the verdict came out so, and what would have had to be different.
package passage
