// Package terminal builds one gate terminal from one configuration and supervises its parts. It is the only package
// that knows them all:
//
//	camera ──frame──> frames.Analyzer ──observation──> decider ──record──> journal ──> store ──> journal.Outbox ──> fleet/link
//	                   │     │                         │   ▲     (only after the commit: door)
//	                   │     └──frame──> evidence ◄─want┘   │
//	                   │                    └───outcome─────┘
//	                   └──picture──> snapshot ──> local
//
// Each part runs in a goroutine of its own and is started again when it fails. All large memory is taken by New, from
// the budget that the configuration states.
package terminal

// Version is the program's version, set when it is linked.
var Version = "development"
