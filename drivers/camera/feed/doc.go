// Package feed is what all cameras share: the frame, the fixed pool that frames come from, the hand-over in which the
// newest frame wins, and the counters.
//
// A driver owns a Feed. It takes a buffer with Buffer, fills it, and gives it on with Publish. The consumer takes the
// newest frame with Frame and gives it back with Frame.Release. Between the two stands room for exactly one frame: a
// newer one takes its place and the older one is counted as dropped, because a gate that decides on an old picture
// decides about a person who has gone. On the steady path nothing is allocated.
package feed
