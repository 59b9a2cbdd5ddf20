// Package fleet has the topics and payloads of the fleet's MQTT 3.1.1 broker: what terminals report, and the
// commands, lists, reviews and questions that travel between them and people. The parties are packages of their own:
// link is the terminal's side, operator commands and watches terminals, reviewer finds passages that wait for a
// human, authority answers questions about people; mqtt is the connection that all of them use.
//
// Topics follow thin-edge.io's scheme te/<entity>/<channel>/…, where the entity is device/<terminal>// (two empty levels: the
// device itself, no service of it).
//
// # Topics
//
//	te/device/<terminal>///status/health              retained, QoS 1   up or down; the last will says down
//	te/device/<terminal>///twin/<name>                retained, QoS 1   what the terminal is; any JSON
//	te/device/<terminal>///a/<type>                   retained, QoS 1   an alarm that holds; empty when it is over
//	te/device/<terminal>///e/<kind>                   QoS 1             a journal entry
//	te/device/<terminal>///m/<type>                   QoS 0             numbers, at an interval, lost when there is no connection
//	te/device/<terminal>///cmd/<name>/<id>            QoS 1             a command, and the answers to it
//	te/device/<terminal>///review/<passage>           retained, QoS 1   a passage that waits for reviewers; empty when it is over
//	te/device/<terminal>///review/<passage>/pictures  retained, QoS 1   its pictures, encrypted to them
//	te/device/<terminal>///remote/<id>/request        QoS 1             a question to the authority
//	te/device/<terminal>///remote/<id>/answer         QoS 1             its answer
//	te/fleet/all///list/<kind>                        retained, QoS 1   which list of a kind is in force
//	te/fleet/all///list/<kind>/<hash>/<part>          retained, QoS 1   its parts
//
// Every payload is one JSON value. All but twin and measurements, whose members belong to others, carry
// "schema"; unknown members must be ignored. Times are RFC 3339 in UTC. Nothing carries a biometric or an
// identity number in clear.
//
// # Events
//
// Events come strictly in the order of the journal, at least once: none is lost over broken
// connections, restarts of either side or outages of any length, and one whose acknowledgement was lost
// comes again. (boot, sequence) is its identity: drop what you have seen. "previous" is the "hash" of
// the event before it, so a subscriber can tell that nothing is missing. "data" is what happened, in the
// words of its kind; it is absent when the content stays on the terminal, and "omitted" says so when it
// could not be sent. "clock" is the trust in "time".
//
// A broker acknowledges events that its access rules make it drop. So a terminal listens to its own events, and one counts
// as delivered when the broker has both acknowledged it and handed it back; until then those behind it wait, and the
// condition events-not-passed-on holds.
//
//	te/device/gate-1///e/passage
//	{
//	  "schema": 1, "terminal": "gate-1", "boot": 2, "sequence": 3,
//	  "time": "2026-11-30T20:27:24.471005706Z", "clock": "unknown", "kind": "passage",
//	  "previous": "974350e8ee684ff37c72f25e614e3070781a209d96f36baa740c79a30ec1db1b",
//	  "hash": "50ed69f68e02ab2240a2ec2d3e44ac90d0624019e3b8d5708dd1b4fa5f9c5ce2",
//	  "data": {
//	    "passage": "b2-000001", "verdict": "refer", "reasons": ["needs-review", "remote-no-match"],
//	    "text": "The machine is unsure; a human reviewer has to decide.", "person": "66020c6eb626891c",
//	    "duration_ms": 1043, "policy": "face and live and remote", "frames_matched": 5, "frames_live": 5
//	  }
//	}
//
// A passage that was referred to people ends by another event, under the same id:
//
//	te/device/gate-1///e/passage-review
//	{
//	  "schema": 1, "terminal": "gate-1", "boot": 2, "sequence": 6,
//	  "time": "2026-11-30T20:27:26.319944079Z", "clock": "unknown", "kind": "passage-review",
//	  "previous": "790ef3c0d29326a7d59b7bd89527c7b563f50c14828bf96e4026114e5e7ed99a",
//	  "hash": "91319e07b73a908c55641860cbfe5ddb35a5f0cfa8442cbe6637f66c2ea000c3",
//	  "data": {
//	    "passage": "b2-000001", "verdict": "grant", "reasons": ["review-approved"],
//	    "text": "A reviewer approved the passage.", "person": "66020c6eb626891c", "duration_ms": 1867,
//	    "policy": "face and live and remote"
//	  }
//	}
//
// # Health and alarms
//
//	te/device/gate-1///status/health
//	{
//	  "schema": 1, "status": "up", "pid": 24636, "time": "2026-11-30T20:27:25.570008044Z",
//	  "clock": "unknown", "terminal": "gate-1", "boot": 2, "instance": "4a9910a5a84c858f",
//	  "software": "development", "detail": {"camera": "streaming", "condition": "ok", "site": "harbour"}
//	}
//
// A "down" has a "reason": "stopped", or "connection lost" when it is the last will, whose time is that of the connection.
// A broker that was killed says "up" until the terminal has come back. "instance" names one run of the program: two
// terminals that connect under one name, and so take the connection from each other, know each other by it.
//
//	te/device/gate-1///a/camera
//	{
//	  "schema": 1, "severity": "critical",
//	  "text": "The camera gives no pictures (absent). v4l2: open /dev/video-that-is-not-there: no such file or directory",
//	  "time": "2026-11-30T20:27:22.076944265Z"
//	}
//
// # Measurements
//
//	te/device/gate-1///m/frames
//	{
//	  "analysed": 34, "dropped": 11, "fps": 12.565986556610788, "p50_ms": 25.118346,
//	  "p95_ms": 316.842249, "time": "2026-11-30T20:27:25.582625954Z"
//	}
//
// The types with their numbers, and the names of the twin:
//
//	m/frames        fps, dropped, analysed, p50_ms, p95_ms
//	m/memory        rss_mib
//	m/store         pending, entries, people
//	twin/software   version, go, arch
//	twin/models     the SHA-256 of each model
//	twin/config     sha256: a digest of the configuration in force
//	twin/policy     the site's policy as text
//	twin/identity   public: what verifies the terminal's signature on reviews and questions
//
// # Commands
//
// A command is a message, never retained, on its own topic. Its payload is the base64 of a JSON object,
// and sig the Ed25519 signature of "umbral-command-v1", a zero byte, and the bytes of that object:
//
//	te/device/gate-1///cmd/door.open/e65700a12d76d8fe
//	{
//	  "status": "init",
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwiY29tbWFuZCI6ImRvb3Iub3BlbiIsImlkIjoiZTY1NzAwYTEyZDc2ZDhmZSIsIm5vbmNlIjoiMDRiNmY5ZGU5NjU1OTFmOTY5ODgzNjBhMzk0NWQ4M2MiLCJpc3N1ZWQiOiIyMDI2LTExLTMwVDIwOjI2OjI2LjM2NDU5ODk3MloiLCJleHBpcmVzIjoiMjAyNi0xMS0zMFQyMDoyNjo1Ni4zNjQ1OTg5NzJaIn0=",
//	  "key": "office",
//	  "sig": "Fd8VDwvJOk9jABRAJpdouh5YNwyJO+loqfZhSYkla0CKOhSJHa4cdzHRdOYDtJOuZej4jmiemftNv4YbwZ1jAg=="
//	}
//
// The object, whose members may come in any order but each exactly once and no others:
//
//	te/device/gate-1///cmd/door.open/e65700a12d76d8fe payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "door.open", "id": "e65700a12d76d8fe",
//	  "nonce": "04b6f9de965591f96988360a3945d83c", "issued": "2026-11-30T20:26:26.364598972Z",
//	  "expires": "2026-11-30T20:26:56.364598972Z"
//	}
//
// The nonce is 16 to 64 characters of A-Z a-z 0-9 . _ - and is never used twice under a key. The
// terminal answers on the same topic, first "executing", then "successful" or "failed":
//
//	te/device/gate-1///cmd/door.open/568db51f2b807d46 answer
//	{
//	  "schema": 1, "status": "successful", "result": {"verdict": "grant"},
//	  "time": "2026-11-30T20:27:26.363769181Z", "clock": "unknown"
//	}
//
//	te/device/gate-1///cmd/door.open/e65700a12d76d8fe refusal
//	{
//	  "schema": 1, "status": "failed", "reason": "expired",
//	  "detail": "expired 2026-11-30T20:26:56Z, this terminal's clock says 2026-11-30T20:27:26Z (unknown)",
//	  "time": "2026-11-30T20:27:26.379864624Z", "clock": "unknown"
//	}
//
// The vocabulary below has the reasons. Every refusal is journalled, and answered. Beyond a burst of ten, one each
// five minutes is journalled singly and the others as one sum, and one each ten seconds is answered, so that whoever
// can publish cannot fill the journal. A retained command is refused and taken off the broker, and so is whatever
// else was left on the terminal's topics; of a message that is too long, only its topic is read. Commands that can
// let somebody in are obeyed only while the terminal trusts its clock.
//
// # Reviews
//
// A passage that the machine is unsure of lies at the broker until it is decided, so that a reviewer who
// comes later finds it, and so does one after a restart of the broker. What waits no more is cleared, at
// the next connection if the terminal was away. The message is no secret and says nothing that would be
// one: codes and a pseudonym. payload is the base64 of a statement that stays the same, byte for byte, as
// long as the review lasts; sig the terminal's signature of "umbral-review-v1", a zero byte, and these
// bytes; "answers", which is not signed, how many reviewers have answered.
//
//	te/device/gate-1///review/b2-000001
//	{
//	  "schema": 1,
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwicGFzc2FnZSI6ImIyLTAwMDAwMSIsIm9wZW5lZCI6IjIwMjYtMTEtMzBUMjA6Mjc6MjQuNDUxOTY0NDgzWiIsImRlYWRsaW5lIjoiMjAyNi0xMS0zMFQyMDoyNzo0OS40NTE5NjQ0ODNaIiwiY2xvY2siOiJ1bmtub3duIiwicmVhc29ucyI6WyJuZWVkcy1yZXZpZXciLCJyZW1vdGUtbm8tbWF0Y2giXSwicGVyc29uIjoiNjYwMjBjNmViNjI2ODkxYyIsImV2aWRlbmNlIjpbeyJraW5kIjoiZmFjZSIsIm91dGNvbWUiOiJhY2NlcHRlZCJ9LHsia2luZCI6ImxpdmUiLCJvdXRjb21lIjoiYWNjZXB0ZWQifSx7ImtpbmQiOiJyZW1vdGUiLCJvdXRjb21lIjoiZG91YnRmdWwiLCJkZXRhaWwiOiJyZW1vdGUtbm8tbWF0Y2gifV0sIm5lZWRlZCI6MX0=",
//	  "key": "gate-1",
//	  "sig": "PVxSnbyWTYjSZE/mUsY9pW9TUj+r4h9nW2bZvkDJWwpwpcHv56IaAt7ryd4xe1QxaLP7LCfyGZ8GO0dXb9IHCw=="
//	}
//
//	te/device/gate-1///review/b2-000001 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001",
//	  "opened": "2026-11-30T20:27:24.451964483Z", "deadline": "2026-11-30T20:27:49.451964483Z",
//	  "clock": "unknown", "reasons": ["needs-review", "remote-no-match"], "person": "66020c6eb626891c",
//	  "evidence": [
//	    {"kind": "face", "outcome": "accepted"}, {"kind": "live", "outcome": "accepted"},
//	    {"kind": "remote", "outcome": "doubtful", "detail": "remote-no-match"}
//	  ],
//	  "needed": 1
//	}
//
// A reviewer answers with the command review.answer, whose arguments name the statement by its SHA-256:
// the answer counts for this passage and what the reviewer has seen of it, once, until the command expires
// or the review's deadline. "needed" approvals of different keys approve; one denial denies.
//
//	te/device/gate-1///cmd/review.answer/bc0f2715559ba9f2 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "review.answer", "id": "bc0f2715559ba9f2",
//	  "nonce": "e9dd6a33cb2ee430878d8886dea5964a", "issued": "2026-11-30T20:27:26.306280245Z",
//	  "expires": "2026-11-30T20:27:56.306280245Z",
//	  "args": {
//	    "passage": "b2-000001",
//	    "review": "410d2cba9e3ace143fc380b5aec5af1c80e1fe7a00c486f64aac025d4f1663ae", "answer": "approve"
//	  }
//	}
//
// Pictures leave the terminal only where the site turned that on: {"schema", "readers", "data"}, where
// data is a JSON array of {"name", "jpeg"} under AES-256-GCM (nonce of 12 bytes, ciphertext, tag) with a
// key of its own, and each of readers holds that key encrypted to one reviewer: HPKE (RFC 9180) in base
// mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, encapsulated key before the ciphertext. Info
// and additional data are "umbral-sealed-v1", a zero byte, and "review", terminal and passage with zero
// bytes between. "pictures" in the statement is the SHA-256 of the whole message.
//
// The other commands about people, person.block and person.unblock, name the pseudonym of events.
//
// # The authority
//
// Evidence "remote" is a question that only the authority can read and an answer that only it can give.
// The terminal signs the question, after "umbral-remote-question-v1" and a zero byte; the claim in it is
// encrypted with HPKE as above, with the info "umbral-remote-question-v1", a zero byte, and terminal,
// passage, id, nonce and purpose with zero bytes between; enc is the encapsulated key. The claim is a JSON
// object of subject, issuer, and, where the site sends them, picture and template with its model.
//
//	te/device/gate-1///remote/144b23dff2535a9d/request payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001", "id": "144b23dff2535a9d",
//	  "nonce": "c29e9672a378d8b6f87be28b66118d61", "issued": "2026-11-30T20:27:24.437754099Z",
//	  "expires": "2026-11-30T20:27:29.437620847Z", "purpose": "verify",
//	  "enc": "P+ndwxR8tzzDf2/bUMK+GBS80ps71ToPjQslkoE44wE=",
//	  "data": "UIoItUsx4kQPAJyTDDeBsvQ3DCXUrjAjqb5fKahzAl68tCZig9Y="
//	}
//
// The authority signs its answer after "umbral-remote-answer-v1" and a zero byte. question is the SHA-256
// of the question's payload, so that the answer counts for nothing else; data holds subject and name under
// AES-256-GCM with a key that both export from the question's HPKE context ("umbral-remote-answer-v1", 32
// bytes) and question as additional data.
//
//	te/device/gate-1///remote/144b23dff2535a9d/answer payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001", "id": "144b23dff2535a9d",
//	  "question": "7d148548452163cedad64938892b571170608ab4af2ee16f477d19522c05c26c",
//	  "outcome": "doubtful", "score": 0.41, "detail": "below-threshold",
//	  "data": "adlHsCr5AtqhnRdp8F06fcMCnjAXpgPw3aDD9x+D", "time": "2026-11-30T20:27:24.450902743Z"
//	}
//
// Payloads travel as those of reviews do, with key and sig beside them. A question is asked again until it
// is answered or its time is over, and answered again with the same answer: neither side needs the other
// to be there first, and the broker may be killed in between. What comes after that, again, retained, or
// from somebody else is counted and changes nothing.
//
// # Lists
//
// Revoked credentials and trusted issuers are signed lists of the whole fleet (package trustlist), numbered
// so that an older one is never taken. A terminal takes the parts of one that is newer than its own one by
// one, since a large list at once would hold up everything else on a slow connection. Parts are
// {"schema", "data"} with 32 KiB of the list in base64, under the first 32 digits of its hash.
//
//	te/fleet/all///list/revocation
//	{
//	  "schema": 1, "kind": "revocation", "sequence": 9,
//	  "sha256": "a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139", "bytes": 4
//	}
//
// # Access rules
//
// Answers to commands are not signed: whoever may publish on the terminal's topics can forge one, so the
// broker's access rules must name who may. For mosquitto, with client certificates whose common name is
// the terminal's and use_identity_as_username:
//
//	pattern readwrite te/device/%u///#
//	pattern read te/fleet/all///list/#
//	user operator
//	topic read te/device/#
//	topic readwrite te/device/+///cmd/#
//	topic readwrite te/fleet/all///list/#
//	user reviewer
//	topic read te/device/+///review/#
//	topic readwrite te/device/+///cmd/review.answer/+
//	user authority
//	topic read te/device/+///remote/+/request
//	topic write te/device/+///remote/+/answer
package fleet
