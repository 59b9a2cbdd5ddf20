// Package fleet has the topics and payloads of the fleet's MQTT 3.1.1 broker: what terminals report, and the commands, lists,
// reviews and questions that travel between them and people. The parties are packages of their own: link is the terminal's
// side, operator commands and watches terminals, reviewer finds passages that wait for a human, authority answers questions
// about people; mqtt is the connection that all of them use.
//
// Topics follow thin-edge.io's scheme te/<entity>/<channel>/…, where the entity is device/<terminal>// (two empty levels: the
// device itself, no service of it).
//
// # Topics
//
//	te/device/<terminal>///status/health              retained, QoS 1   up or down; the last will says down
//	te/device/<terminal>///twin/<name>                retained, QoS 1   what the terminal is; any JSON
//	te/device/<terminal>///a/<type>                   retained, QoS 1   an alarm that holds; empty when it is over
//	te/device/<terminal>///e/<kind>                   QoS 1             a journal entry: passage, door, store, camera …
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
//	te/device/gate-1///e/passage
//	{
//	  "schema": 1, "terminal": "gate-1", "boot": 7, "sequence": 42,
//	  "time": "2026-03-01T12:00:00Z", "clock": "ntp", "kind": "passage",
//	  "previous": "1100000000000000000000000000000000000000000000000000000000000000",
//	  "hash": "2200000000000000000000000000000000000000000000000000000000000000",
//	  "data": {"passage": "7-12", "verdict": "grant"}
//	}
//
// # Health and alarms
//
//	te/device/gate-1///status/health
//	{
//	  "schema": 1, "status": "up", "pid": 1234, "time": "2026-03-01T12:00:00Z", "clock": "ntp",
//	  "terminal": "gate-1", "boot": 7, "software": "1.2.3", "detail": {"door": "closed"}
//	}
//
// A "down" has a "reason": "stopped", or "connection lost" when it is the last will, whose time is that
// of the connection. A broker that was killed says "up" until the terminal has come back.
//
//	te/device/gate-1///a/camera
//	{"schema": 1, "severity": "major", "text": "no frames for 5 s", "time": "2026-03-01T12:00:00Z"}
//
// # Measurements
//
//	te/device/gate-1///m/pipeline
//	{"fps": 14.5, "detect_p95_ms": 31, "time": "2026-03-01T12:00:00Z"}
//
// # Commands
//
// A command is a message, never retained, on its own topic. Its payload is the base64 of a JSON object,
// and sig the Ed25519 signature of "umbral-command-v1", a zero byte, and the bytes of that object:
//
//	te/device/gate-1///cmd/door.open/o-1
//	{
//	  "status": "init",
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwiY29tbWFuZCI6ImRvb3Iub3BlbiIsImlkIjoiby0xIiwibm9uY2UiOiIwMTIzNDU2Nzg5YWJjZGVmIiwiaXNzdWVkIjoiMjAyNi0wMy0wMVQxMTo1OTo1OVoiLCJleHBpcmVzIjoiMjAyNi0wMy0wMVQxMjowMDozMFoiLCJhcmdzIjp7InB1bHNlIjozfX0=",
//	  "key": "office",
//	  "sig": "wIH4YuR85n8o7owNWHhRNwrbJxZklQomi+5msIP3gs1SH65b3DcEbdRiRn4kouhLFKbmzNoDQdkDuW4owU8DDA=="
//	}
//
// The object, whose members may come in any order but each exactly once and no others:
//
//	te/device/gate-1///cmd/door.open/o-1 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "door.open", "id": "o-1", "nonce": "0123456789abcdef",
//	  "issued": "2026-03-01T11:59:59Z", "expires": "2026-03-01T12:00:30Z", "args": {"pulse": 3}
//	}
//
// The nonce is 16 to 64 characters of A-Z a-z 0-9 . _ - and is never used twice under a key. The
// terminal answers on the same topic, first "executing", then "successful" or "failed":
//
//	te/device/gate-1///cmd/door.open/o-1 answer
//	{"schema": 1, "status": "successful", "result": {"door": "open"}, "time": "2026-03-01T12:00:00Z", "clock": "ntp"}
//
//	te/device/gate-1///cmd/door.open/o-1 refusal
//	{
//	  "schema": 1, "status": "failed", "reason": "expired",
//	  "detail": "expired 2026-03-01T12:00:30Z, this terminal's clock says 2026-03-01T12:01:00Z (ntp)",
//	  "time": "2026-03-01T12:01:00Z", "clock": "ntp"
//	}
//
// The reasons are the Reason constants. Every refusal is journalled, and answered; beyond a burst of ten
// and one each ten seconds they are only counted, and journalled as a sum. A retained command is refused
// and taken off the broker. Commands that can let somebody in are obeyed only while the terminal trusts its
// clock.
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
//	te/device/gate-1///review/7-12
//	{
//	  "schema": 1,
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwicGFzc2FnZSI6IjctMTIiLCJvcGVuZWQiOiIyMDI2LTAzLTAxVDEyOjAwOjAwWiIsImRlYWRsaW5lIjoiMjAyNi0wMy0wMVQxMjowNTowMFoiLCJjbG9jayI6Im50cCIsInJlYXNvbnMiOlsicmVtb3RlLWRvdWJ0ZnVsIl0sInBlcnNvbiI6IjAxMjM0NTY3ODlhYmNkZWYiLCJldmlkZW5jZSI6W3sia2luZCI6ImZhY2UiLCJvdXRjb21lIjoiZG91YnRmdWwiLCJkZXRhaWwiOiJiZWxvdy10aHJlc2hvbGQifSx7ImtpbmQiOiJsaXZlIiwib3V0Y29tZSI6ImFjY2VwdGVkIn1dLCJuZWVkZWQiOjJ9",
//	  "key": "gate-1",
//	  "sig": "OSr47co/YJVAujRWdfbAzgUDR8GUxsvOgCWtBSt27ymvQFtJVSK/yS5SqehQdiZ8wxuLnvx//gFQ7OBl9Aw2Cg==",
//	  "answers": 1
//	}
//
//	te/device/gate-1///review/7-12 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "7-12", "opened": "2026-03-01T12:00:00Z",
//	  "deadline": "2026-03-01T12:05:00Z", "clock": "ntp", "reasons": ["remote-doubtful"],
//	  "person": "0123456789abcdef",
//	  "evidence": [{"kind": "face", "outcome": "doubtful", "detail": "below-threshold"}, {"kind": "live", "outcome": "accepted"}],
//	  "needed": 2
//	}
//
// A reviewer answers with the command review.answer, whose arguments name the statement by its SHA-256:
// the answer counts for this passage and what the reviewer has seen of it, once, until the command expires
// or the review's deadline. "needed" approvals of different keys approve; one denial denies.
//
//	te/device/gate-1///cmd/review.answer/r-1 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "review.answer", "id": "r-1", "nonce": "fedcba9876543210",
//	  "issued": "2026-03-01T12:00:00Z", "expires": "2026-03-01T12:00:30Z",
//	  "args": {"passage": "7-12", "review": "1c12dc8c77bfbc07cf2044bbb54c0da872fa2cf9c396749d88b6e79bac733610", "answer": "approve"}
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
//	te/device/gate-1///remote/8a8f5d3c2b1e0f47/request payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "7-12", "id": "8a8f5d3c2b1e0f47",
//	  "nonce": "0123456789abcdef0123456789abcdef", "issued": "2026-03-01T12:00:00Z",
//	  "expires": "2026-03-01T12:00:05Z", "purpose": "verify", "enc": "ZW5jYXBzdWxhdGVkIGtleQ==",
//	  "data": "ZW5jcnlwdGVkIGNsYWlt"
//	}
//
// The authority signs its answer after "umbral-remote-answer-v1" and a zero byte. question is the SHA-256
// of the question's payload, so that the answer counts for nothing else; data holds subject and name under
// AES-256-GCM with a key that both export from the question's HPKE context ("umbral-remote-answer-v1", 32
// bytes) and question as additional data.
//
//	te/device/gate-1///remote/8a8f5d3c2b1e0f47/answer payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "7-12", "id": "8a8f5d3c2b1e0f47",
//	  "question": "1f3c53e995fb0f9e9f5663c8e0cd7139736841f89fa5677c72217a03838a1e5f", "outcome": "doubtful",
//	  "score": 0.41, "detail": "below-threshold", "data": "bm9uY2UsIGVuY3J5cHRlZA==",
//	  "time": "2026-03-01T12:00:01Z"
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
