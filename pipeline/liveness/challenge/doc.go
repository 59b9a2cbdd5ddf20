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
// Whoever does not know the schedule when the picture is made passes with a probability of at most Opts.MaxPValue, once
// for each nonce: a photograph, moved in whichever way, a recording of the person reading other digits, a mouth that opens
// in another rhythm. This follows from the draw of the schedule and needs no data (see follower.pValue). Labelled clips
// are needed only for the other error: how often somebody who reads as asked is refused.
//
// # What it does not prove
//
// Somebody who sees the screen can follow it: with a mask that shows the own mouth, or with a face that is animated or
// recorded word by word and played to the prompts. Passive attack detection and the comparison of the face have to stop
// those. That the person read the very digits is not established either: what the mouth's shape tells of a digit is too
// little. No sound is recorded.
package challenge
