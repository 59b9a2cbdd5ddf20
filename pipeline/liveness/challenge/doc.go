// Package challenge asks a person to do something that cannot be known before, and measures whether it was done: to read
// digits aloud that appear one at a time with random pauses, or, for those who cannot speak, to turn, nod and close the
// eyes as prompted.
//
//	c, err := challenge.NewChallenge(challenge.DefaultOpts(), nonce)
//	for each frame {
//		screen.Show(c.Prompt(at).Text("en"))
//		s, err := observer.Observe(at, img, box) // or Sample{At: at} where no face is
//		c.Push(s)
//	}
//	r := c.Result(at)
//
// # How it works
//
// The Schedule, which digits and when, is a function of the passage's nonce. The Observer follows the person's lips: the
// aperture from the 68 landmarks, relative to the distance between the eyes, and how much the picture of the mouth changes
// beyond that of nose and cheeks, in a picture stabilised by the points that speaking does not move. From both comes, for
// each 40 ms, how likely the person speaks. What is then asked is: does this activity follow the schedule better than it
// follows others, drawn in the same way? The lag of the person's answers is free within bounds, for the schedule and for
// the decoys alike. The share of schedules that fit as well is the p-value.
//
// # What it proves
//
// Whoever does not know the schedule when the picture is made passes with a probability of at most Opts.MaxPValue a
// challenge: a photograph, moved in whichever way, a recording of the person reading other digits, a mouth that opens
// in another rhythm. This follows from the draw of the schedule and needs no data (see follower.pValue). Labelled clips
// are needed only for the other error: how often somebody who reads as asked is refused.
//
// # What it was measured to do
//
// umbral eval speech measures on clips with labelled speech. On the nine clips of three speakers of GRID that were at hand
// (six of them labelled, of one speaker) the probability of speaking tells speech from silence with an AUC of 0.96, 95 %
// bounds 0.93 to 0.99, at 25 and at 12.5 frames a second; with labels made from the sound, the other two speakers reach
// 0.99 and 1.00. Moving and turning the picture, noise of 5 levels, flickering light, a quarter of the light and half the
// size each leave it above 0.95. Readers simulated from the labelled clips are refused in 1
// to 3 % of their challenges.
//
// Measures, weights, thresholds and the length of the challenge were all chosen with these clips in view, so other people
// may do worse: only other clips can tell.
//
// Blinks in these clips are seen by the landmarks; turns and nods rest on face.Landmarks.Pose, which was measured on
// photographs. No recording of a person who follows a challenge was at hand, of either kind.
//
// # What it does not prove
//
// The p-value holds for one attempt: three attempts treble it, so the caller bounds them.
//
// Somebody who sees the screen can follow it: with a mask that shows the own mouth, or with a face that is animated or
// recorded word by word and played to the prompts. Passive attack detection and the comparison of the face have to stop
// those.
//
// That the person read the very digits is not established either. Result.StringPValue compares the movement of the lips
// with how each digit is said, and with other strings; but on GRID's clips, with words' boundaries known, the digit that was
// spoken fits better than another one in 0.56 of the cases (six digits), which is chance. It is kept for journals, and
// decides nothing. No sound is recorded.
package challenge
