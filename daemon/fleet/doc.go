// Package fleet is the terminal's link to the fleet over MQTT 3.1.1: it delivers the journal, tells
// health, twin, alarms and measurements, and takes signed commands. The other side, for the tool, is
// Operator. Topics and payloads follow thin-edge.io's scheme te/<entity>/<channel>/…, where the entity
// is device/<terminal>// (two empty levels: the device itself, no service of it).
//
// # Topics
//
//	te/device/<terminal>///status/health   retained, QoS 1   up or down; the last will says down
//	te/device/<terminal>///twin/<name>     retained, QoS 1   what the terminal is; any JSON
//	te/device/<terminal>///a/<type>        retained, QoS 1   an alarm that holds; empty when it is over
//	te/device/<terminal>///e/<kind>        QoS 1             a journal entry: passage, door, store, camera, command …
//	te/device/<terminal>///m/<type>        QoS 0             numbers, at an interval, lost when there is no connection
//	te/device/<terminal>///cmd/<name>/<id> QoS 1             a command, and the answers to it
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
// and taken off the broker. Answers are not signed: whoever may publish on the terminal's topics can forge
// one, so the broker's access rules must name who may. For mosquitto, with client certificates whose
// common name is the terminal's and use_identity_as_username:
//
//	pattern readwrite te/device/%u///#
//	user operator
//	topic read te/device/#
//	topic readwrite te/device/+///cmd/#
//
// # Inside
//
// Paho carries the packets and nothing else: session.go says which of its own means of reliability are
// switched off and why, wire.go what a broker may send it. The queue is the journal, one entry is in
// flight, and the cursor moves when the broker has acknowledged it. One goroutine publishes; one obeys
// commands; one waits for the journal. All of them, and paho's, have ended when Run returns.
package fleet
