// Package store keeps what a terminal must not lose: people with their references and enrolment files, the journal,
// settings, signed lists, reviews that wait for an answer, and what may happen only once: the nonces of commands
// already obeyed and the codes already shown. It lives in one directory:
//
//	umbral.db                       the live file (bbolt)
//	umbral.db.1, umbral.db.2        the last two good copies, newest first, each verified after writing
//	umbral.db.damaged-<time>        files that failed a check; kept as they were found, never written to again
//	head                            the newest commit, outside the live file: see Rollback
//	boot                            the boot counter, outside it too, so that positions never repeat after a restore
//	lock                            held by the one process that has the store open
//
// # Durability
//
// A method that changes something returns nil only after the change is on the disk (bbolt commits with fdatasync, data
// pages before the meta page). A method that returns an error has usually changed nothing; the exception is an I/O
// error on the very last write of a commit, when nobody can know. The store then looks: if the change turns out to be
// there, the next commit adds an entry of kind "doubt" that names it, because its caller was told that it failed.
//
// # Damage
//
// Open verifies the live file before using it and never writes to one that fails: it moves that file aside unchanged.
// Where the pages are sound and only values are damaged, which is the likely case, the store goes on from a duplicate
// that takes those values from the copy, and loses nothing newer. Otherwise it goes on from the newest good copy, or
// else anew. Recovery, and an entry of kind "recovery", say which, and what was lost.
//
// Nobody can know which commands and codes were used in the time that was lost. So commands that expire within
// Opts.NonceLife of the recovery are refused, and codes within Opts.ReplayLife. Two things stay open. Where a copy is
// restored, changes to people since that copy are lost, so somebody blocked in the last minute may be unblocked again.
// And where somebody was erased, the files could not be rewritten yet (Status.ScrubPending), and the live file's pages
// are then damaged, the copy brings that person back.
//
// # Rollback
//
// A file that is sound may still be an old one: a backup was restored, or every file was deleted. The file "head" names
// the newest commit outside the database. It is written after each commit and flushed within a tenth of Opts.CopyEvery,
// so it is never ahead of a database that nobody exchanged, and a power cut hides at most that much of a rollback. Open
// treats a database older than its mark, or without its mark, as a recovery, which Recovery.Rollback names: it goes on
// from a newer copy if there is one, refuses what may have been used, and does not let lists fall back. Opts.Counter, a
// monotonic counter in hardware, reveals a rollback of the whole directory too.
//
// # Time
//
// Each instant that the store keeps has the trust that the clock had then: unknown, rtc, broker or ntp. A later instant
// raises the mark of its own trust only. An earlier one withdraws the marks of less trust, with an entry of kind
// "clock". What can't be judged by the clock is ErrClock, never ErrReplayed.
//
//	clock                             refused                            until
//	right                             nothing                            -
//	ahead, then a more trusted one    nothing                            -
//	behind, as trusted as before      ErrClock up to the last instant    that instant, or a more trusted clock
//	rtc, ahead by Opts.ClockAhead     as if unknown                      a clock trusted more than unknown
//	ahead, codes forgotten meanwhile  ErrReplayed                        a life has passed by the right clock
//	wrong at a recovery               ErrClock                           a more trusted clock, and then a life
//
// # Limits
//
// Everything has a bound, and each bound says what happens there. Codes and nonces are refused, never forgotten early,
// and people leave them their room in the file; a new review is ErrFull, and the passage is then denied, as it would be
// without an answer; the oldest closed review goes for a new one; a list beyond MaxList is refused, and the one held
// stays; the oldest acknowledged entries of the journal go, then unacknowledged ones, with an entry that says so.
//
// # Older files
//
// A file that an older program wrote (schemas 1 and 2) is read as it is and brought up to date by the first commit. An
// older program then refuses it by its schema and changes nothing.
//
// # Privacy
//
// Values are sealed with AES-256-GCM under keys derived from the terminal key (HKDF-SHA-256, RFC 5869). Each person has
// an own random key. Entries of the journal are sealed too, apart from position, time and the two hashes, and call a
// person by an alias derived from that key; Named puts the id in its place while the person is enrolled.
//
// Erase destroys the key, the record and the references, and takes the person out of reviews and of the files of those
// whom they may stand for. It rewrites the entries that have the id in clear, which keep their place in the chain
// (Entry.Redacted), then the live file without its freed pages, and replaces every copy. A receipt says what was
// destroyed and when. Flash translation layers may keep old blocks beyond the reach of any program: put the terminal
// key in hardware, or the directory on an encrypted disk, where that matters.
//
// A consent may end, or be withdrawn. EachReference then leaves out the references that it covered, and EndConsents
// erases them Opts.EraseAfter later. Export returns everything that is held about a person, Census the counts.
//
// # What bbolt leaves to its user
//
// bbolt checks two meta checksums and nothing else: a damaged page makes it panic, recurse without end, or fault on the
// memory map (in a goroutine of its own when its checker runs). So the file is verified with plain bounded reads before
// bbolt maps it (bboltverify.go), every value carries its own authentication, and each access turns a fault on the map,
// which is what a failing flash sector looks like, into ErrDamaged. Further habits of v1.5.0 that this package works
// around:
//   - a mmap that must grow waits for readers: Open makes the map large enough, so a long copy never stalls Append;
//   - growing the file adds 16 MB by default: AllocSize is 1 MB here;
//   - MaxSize also stops deletions, which need fresh pages: the journal's own limit is therefore kept well below it;
//   - some I/O errors are formatted with %s, so that errors.Is does not see ENOSPC: classify looks at the text as well;
//   - when the final fdatasync fails, the new meta page is already visible through the page cache: see Durability.
package store
