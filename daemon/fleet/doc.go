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
//	te/device/gate-1///e/passage
//	{
//	  "schema": 1, "terminal": "gate-1", "boot": 2, "sequence": 3,
//	  "time": "2026-11-30T19:59:02.60593436Z", "clock": "unknown", "kind": "passage",
//	  "previous": "bbd98db8b3620803495a7228f347d10541a6964cbeaaf6bfe4d6084f1c03f10f",
//	  "hash": "06e8ffdfae8a2a50927a54d1b2b8bb9577c09a9f72c86c40dc7d81d95b65477a",
//	  "data": {
//	    "passage": "b2-000001", "verdict": "refer", "reasons": ["needs-review", "remote-no-match"],
//	    "text": "The machine is unsure; a human reviewer has to decide.", "person": "83aac914c1e6a732",
//	    "duration_ms": 509, "policy": "face and live and remote", "frames_matched": 5, "frames_live": 5
//	  }
//	}
//
// A passage that was referred to people ends by another event, under the same id:
//
//	te/device/gate-1///e/passage-review
//	{
//	  "schema": 1, "terminal": "gate-1", "boot": 2, "sequence": 6,
//	  "time": "2026-11-30T19:59:03.65316325Z", "clock": "unknown", "kind": "passage-review",
//	  "previous": "d5c7c68c7c184d383d5ad977f37dcc2695ab7a1f3f2706d8ed9ca6cc835072a4",
//	  "hash": "b632736abfd119f7330310ab2adabc898adf4b8d44116a6061ac24f316050bd9",
//	  "data": {
//	    "passage": "b2-000001", "verdict": "grant", "reasons": ["review-approved"],
//	    "text": "A reviewer approved the passage.", "person": "83aac914c1e6a732", "duration_ms": 1083,
//	    "policy": "face and live and remote"
//	  }
//	}
//
// # Health and alarms
//
//	te/device/gate-1///status/health
//	{
//	  "schema": 1, "status": "up", "pid": 11459, "time": "2026-11-30T19:59:04.917961819Z",
//	  "clock": "unknown", "terminal": "gate-1", "boot": 2, "software": "development",
//	  "detail": {"camera": "streaming", "condition": "ok", "site": "harbour"}
//	}
//
// A "down" has a "reason": "stopped", or "connection lost" when it is the last will, whose time is that of the connection.
// A broker that was killed says "up" until the terminal has come back.
//
//	te/device/gate-1///a/camera
//	{
//	  "schema": 1, "severity": "critical",
//	  "text": "The camera gives no pictures (absent). v4l2: open /dev/video-that-is-not-there: no such file or directory",
//	  "time": "2026-11-30T19:59:01.259871877Z"
//	}
//
// # Measurements
//
//	te/device/gate-1///m/frames
//	{
//	  "analysed": 58, "dropped": 2, "fps": 15.010647344003507, "p50_ms": 8.068956, "p95_ms": 92.024415,
//	  "time": "2026-11-30T19:59:04.918292754Z"
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
//	te/device/gate-1///cmd/door.open/5d5fb2fd9abd3d79
//	{
//	  "status": "init",
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwiY29tbWFuZCI6ImRvb3Iub3BlbiIsImlkIjoiNWQ1ZmIyZmQ5YWJkM2Q3OSIsIm5vbmNlIjoiZDU0YTBlYzhkM2FjNzc3NzIxYzFjYjhhMjc5MGRiNGEiLCJpc3N1ZWQiOiIyMDI2LTExLTMwVDE5OjU4OjAzLjY2MDQ4ODUyWiIsImV4cGlyZXMiOiIyMDI2LTExLTMwVDE5OjU4OjMzLjY2MDQ4ODUyWiJ9",
//	  "key": "office",
//	  "sig": "K9lul4tTFRWrtWONlwmoYX8wEyWHeYJxAIU1ThOIxsLkz7tYQhx2Wc/WDzUcWD++37SotKEuDjgBv3Nrl+NpBA=="
//	}
//
// The object, whose members may come in any order but each exactly once and no others:
//
//	te/device/gate-1///cmd/door.open/5d5fb2fd9abd3d79 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "door.open", "id": "5d5fb2fd9abd3d79",
//	  "nonce": "d54a0ec8d3ac777721c1cb8a2790db4a", "issued": "2026-11-30T19:58:03.66048852Z",
//	  "expires": "2026-11-30T19:58:33.66048852Z"
//	}
//
// The nonce is 16 to 64 characters of A-Z a-z 0-9 . _ - and is never used twice under a key. The
// terminal answers on the same topic, first "executing", then "successful" or "failed":
//
//	te/device/gate-1///cmd/door.open/b51e1e1cb94bfac1 answer
//	{
//	  "schema": 1, "status": "successful", "result": {"verdict": "grant"},
//	  "time": "2026-11-30T19:59:03.659900208Z", "clock": "unknown"
//	}
//
//	te/device/gate-1///cmd/door.open/5d5fb2fd9abd3d79 refusal
//	{
//	  "schema": 1, "status": "failed", "reason": "expired",
//	  "detail": "expired 2026-11-30T19:58:33Z, this terminal's clock says 2026-11-30T19:59:03Z (unknown)",
//	  "time": "2026-11-30T19:59:03.689891441Z", "clock": "unknown"
//	}
//
// The vocabulary below has the reasons. Every refusal is journalled, and answered; beyond a burst of ten
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
//	te/device/gate-1///review/b2-000001
//	{
//	  "schema": 1,
//	  "payload": "eyJzY2hlbWEiOjEsInRlcm1pbmFsIjoiZ2F0ZS0xIiwicGFzc2FnZSI6ImIyLTAwMDAwMSIsIm9wZW5lZCI6IjIwMjYtMTEtMzBUMTk6NTk6MDIuNTY5NTU4OTJaIiwiZGVhZGxpbmUiOiIyMDI2LTExLTMwVDE5OjU5OjI3LjU2OTU1ODkyWiIsImNsb2NrIjoidW5rbm93biIsInJlYXNvbnMiOlsibmVlZHMtcmV2aWV3IiwicmVtb3RlLW5vLW1hdGNoIl0sInBlcnNvbiI6IjgzYWFjOTE0YzFlNmE3MzIiLCJldmlkZW5jZSI6W3sia2luZCI6ImZhY2UiLCJvdXRjb21lIjoiYWNjZXB0ZWQifSx7ImtpbmQiOiJsaXZlIiwib3V0Y29tZSI6ImFjY2VwdGVkIn0seyJraW5kIjoicmVtb3RlIiwib3V0Y29tZSI6ImRvdWJ0ZnVsIiwiZGV0YWlsIjoicmVtb3RlLW5vLW1hdGNoIn1dLCJuZWVkZWQiOjF9",
//	  "key": "gate-1",
//	  "sig": "EGDT9CAt3jqEJsDFR6SHmuJ+yvDIYn2EAMLcCzI8Uos/Q3uFzy3LRlYwTnmw7BQGowkNTeaQFyajrHXEvsaaCA=="
//	}
//
//	te/device/gate-1///review/b2-000001 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001",
//	  "opened": "2026-11-30T19:59:02.56955892Z", "deadline": "2026-11-30T19:59:27.56955892Z",
//	  "clock": "unknown", "reasons": ["needs-review", "remote-no-match"], "person": "83aac914c1e6a732",
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
//	te/device/gate-1///cmd/review.answer/668c927cba26ab24 payload
//	{
//	  "schema": 1, "terminal": "gate-1", "command": "review.answer", "id": "668c927cba26ab24",
//	  "nonce": "f61421e070a949bba8850d8edab0b38b", "issued": "2026-11-30T19:59:03.646132388Z",
//	  "expires": "2026-11-30T19:59:33.646132388Z",
//	  "args": {
//	    "passage": "b2-000001",
//	    "review": "bb709bf6d2e460749bf368525e6d96c30402bd5333dceb59f1298b17564c24a7", "answer": "approve"
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
//	te/device/gate-1///remote/00200819e3cc6d3a/request payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001", "id": "00200819e3cc6d3a",
//	  "nonce": "b3c86c265abd699902f1e59af2a9ad49", "issued": "2026-11-30T19:59:02.564751296Z",
//	  "expires": "2026-11-30T19:59:07.564672825Z", "purpose": "verify",
//	  "enc": "X+A7L2J5sCBOlH9E1tBz8Pn26xOowvcQoRrb/cplGkw=",
//	  "data": "ByTfq8DevU8oaWw4aU+62cCzjHlSoyIu9tGZYEb8lQaA+die/Xw="
//	}
//
// The authority signs its answer after "umbral-remote-answer-v1" and a zero byte. question is the SHA-256
// of the question's payload, so that the answer counts for nothing else; data holds subject and name under
// AES-256-GCM with a key that both export from the question's HPKE context ("umbral-remote-answer-v1", 32
// bytes) and question as additional data.
//
//	te/device/gate-1///remote/00200819e3cc6d3a/answer payload
//	{
//	  "schema": 1, "terminal": "gate-1", "passage": "b2-000001", "id": "00200819e3cc6d3a",
//	  "question": "41cd0d7df547238a2770769177a08a20250e8aca12464d0361e806464c013940",
//	  "outcome": "doubtful", "score": 0.41, "detail": "below-threshold",
//	  "data": "WK8LaIUOhMCb+Qb3PSNCk5inNHic/lDtlE61x1jx", "time": "2026-11-30T19:59:02.568692018Z"
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
