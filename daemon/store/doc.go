// Package store keeps what a terminal must not lose: people with their references and enrolment files, the journal,
// settings, signed lists, reviews that wait for an answer, and what may happen only once: the nonces of commands already
// obeyed and the codes already shown. It lives in one directory:
//
//	umbral.db                       the live file (bbolt)
//	umbral.db.1, umbral.db.2        the last two good copies, newest first, each verified after writing
//	umbral.db.damaged-<time>        files that failed a check; kept as they were found, never written to again
//	boot                            the boot counter, outside the live file so that positions never repeat after a restore
//	lock                            held by the one process that has the store open
//
// # Durability
//
// A method that changes something returns nil only after the change is on the disk (bbolt commits with fdatasync, data
// pages before the meta page). A method that returns an error has usually changed nothing; the exception is an I/O error
// on the very last write of a commit, when nobody can know. The store then looks: if the change turns out to be there, the
// next commit adds an entry of kind "doubt" that names it, because its caller was told that it failed.
//
// # Damage
//
// Open verifies the live file before it uses it, and never writes to one that fails: the file is moved aside as it is.
// Where its pages are sound and only values are damaged, which is the likely case, the store goes on from a duplicate in
// which those values are taken from the copy, and nothing newer is lost; else it goes on from the newest good copy, else
// anew. Recovery, and an entry of kind "recovery", say which, and what was lost. Command nonces and codes of the lost time
// cannot be known, so commands that expire within Opts.NonceLife of the recovery are refused, and codes within
// Opts.ReplayLife. Two things stay open: a person who was blocked in the last minute or so before the damage may be
// unblocked again, as any change to people made after the copy is lost where a copy is restored; and where somebody
// was erased, the files could not be rewritten yet (Status.ScrubPending), and then the live file's pages are damaged, the
// copy brings that person back.
//
// # Limits
//
// Everything has a bound, and each bound says what happens there. Codes and nonces are refused, never forgotten early, and
// people leave them their room in the file; a new review is ErrFull, and the passage is then denied, as it would be without
// an answer; the oldest closed review goes for a new one; a list beyond MaxList is refused, and the one held stays; the
// oldest acknowledged entries of the journal go, then unacknowledged ones, with an entry that says so.
//
// # Older files
//
// A file that an older program wrote (schema 1) is read as it is, and brought up to date by the first commit; an older
// program then refuses it by its schema and changes nothing.
//
// # Privacy
//
// Values are sealed with AES-256-GCM under keys derived from the terminal key (HKDF-SHA-256, RFC 5869). Each person has an
// own random key; erasing a person destroys it, rewrites the live file without its freed pages, and replaces every copy, so
// that no file of the store still holds the wrapped key. Flash translation layers may keep old blocks beyond the reach of
// any program: put the terminal key in hardware, or the directory on an encrypted disk, where that matters. Journal entries
// are sealed too, apart from position, time and the two hashes; put no names into them.
//
// # What bbolt leaves to its user
//
// bbolt checks two meta checksums and nothing else: a damaged page makes it panic, recurse without end, or fault on the
// memory map (in a goroutine of its own when its checker runs). So the file is verified with plain bounded reads before
// bbolt maps it (bboltverify.go), every value carries its own authentication, and each access turns a fault on the map, which is
// what a failing flash sector looks like, into ErrDamaged. Further habits of v1.5.0 that this package works around:
//   - a mmap that must grow waits for readers: the map is made large enough at Open, so a long copy never stalls Append;
//   - growing the file adds 16 MB by default: AllocSize is 1 MB here;
//   - MaxSize also stops deletions, which need fresh pages: the journal's own limit is therefore kept well below it;
//   - some I/O errors are formatted with %s, so that errors.Is does not see ENOSPC: classify looks at the text as well;
//   - when the final fdatasync fails, the new meta page is already visible through the page cache: see Durability.
package store
