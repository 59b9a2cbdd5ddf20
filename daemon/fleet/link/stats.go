package link

import (
	"time"

	"umbral/daemon/fleet"
)

// Stats tells how the link does, for the technician's page and the metrics.
type Stats struct {
	Connected    bool
	Since        time.Time // when Connected last changed
	Broker       string
	LastError    string    // empty when connected
	JournalError string    // of the last access to the journal, empty when it went well
	EventError   string    // why an event that the broker has acknowledged does not count as delivered, empty when none waits
	Rival        string    // who else connects under this terminal's name, empty when nobody was seen
	RivalSeen    time.Time // when it was seen last
	// CredentialError says why the files of certificates or the password cannot be used; empty when they can. What was read
	// before stays in use.
	CredentialError    string
	CertificateExpires time.Time      // the client certificate in use; zero where there is none
	NextTry            time.Time      // when not connected
	Connects           uint64         // connections made
	Cursor             fleet.Position // last entry acknowledged by the broker
	Attempt            int            // deliveries of the entry after it that were begun and not acknowledged
	Delivered          uint64         // entries acknowledged
	Bytes              uint64         // of their payloads
	Omitted            uint64         // entries sent without their data
	Executed           uint64         // commands handed to the Commander
	Refused            uint64         // commands refused, whatever the reason
	Dropped            uint64         // commands dropped because the queue was full (part of Refused)
	Unanswered         uint64         // answers dropped because there was no connection to send them over
	Lists              uint64         // signed lists taken
	ListError          string         // why the last one was not, empty when it was
	Asked              uint64         // questions to the authority
	Answered           uint64         // that were answered in time
	Late               uint64         // answers that came when nobody waited any more, or again
	Forged             uint64         // answers that no authority has signed for the question
}
