// Package evidence says what every source of evidence has in common: how it learns what the decision wants, how it tells
// what came of it, and what the documents of a passage claim.
//
// A Source establishes one kind of evidence, or several that come from the same thing. The decision pushes a Demand to
// each source whenever it changes; nothing is read back from the screen. A source answers with outcomes (passage.Evidence)
// that carry the passage of the demand, so that what comes too late is nobody else's. Each kind has a package of its own
// below this one, and all pass the suite in package evidencetest. A new kind is one new package, its keys in the
// configuration, its word in policies (package policy), and a line in daemon/terminal that registers it.
//
// Beside the sources stand eligibility, which tells what is on file about a person, and lists, which keeps signed lists.
// None of them knows the store, the fleet or the pages: what they need of these they name as interfaces.
package evidence
