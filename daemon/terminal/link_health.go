package terminal

import (
	"fmt"
	"time"

	"umbral/daemon/fleet/link"
)

const (
	// certificateWarning is how long before its end the client certificate is a condition: time to renew it by hand.
	certificateWarning = 14 * 24 * time.Hour
	// rivalMemory is how long another terminal of the same name is a condition after it was seen.
	rivalMemory = 15 * time.Minute
)

// putLinkConditions sets what the link to the fleet says of itself.
func (t *vitals) putLinkConditions(s link.Stats, waiting int, now time.Time) {
	text := ""
	if !s.Connected {
		text = fmt.Sprintf("No connection to the broker %s; %d entries wait. %s", s.Broker, waiting, s.LastError)
	}
	t.health.put(conditionBroker, text)
	text = ""
	if s.EventError != "" {
		text = fmt.Sprintf("The broker does not pass events on; %d entries wait. %s", waiting, s.EventError)
	}
	t.health.put(conditionEvents, text)
	t.health.put(conditionCertificate, certificateFault(s, now))
	text = ""
	if s.Rival != "" && now.Sub(s.RivalSeen) < rivalMemory {
		text = "The connection to the broker is taken over: " + s.Rival + "."
	}
	t.health.put(conditionRival, text)
}

// certificateFault returns what is wrong with the files of the connection, or will be soon; empty if nothing is.
func certificateFault(s link.Stats, now time.Time) string {
	end := s.CertificateExpires
	switch {
	case s.CredentialError != "":
		return "The files of the connection to the broker can't be used; what was read before stays in use. " + s.CredentialError
	case end.IsZero() || end.Sub(now) > certificateWarning:
		return ""
	case now.Before(end):
		return "The certificate that the terminal shows to the broker ends on " + end.UTC().Format(time.DateOnly) + "."
	default:
		return "The certificate that the terminal shows to the broker has ended on " + end.UTC().Format(time.DateOnly) + "."
	}
}
