package fleet

import (
	"fmt"
	"strings"
)

// Channel is the part of a topic that follows the terminal, as thin-edge.io names it.
type Channel string

// The channels in use.
const (
	ChannelEvent       Channel = "e"
	ChannelAlarm       Channel = "a"
	ChannelMeasurement Channel = "m"
	ChannelTwin        Channel = "twin"
	ChannelCommand     Channel = "cmd"
	ChannelStatus      Channel = "status"
	ChannelRemote      Channel = "remote"
	ChannelReview      Channel = "review"
)

const (
	root        = "te/device/"
	noService   = "///" // the two empty levels say "the device itself, no service of it"
	maxTerminal = 64    // bytes of a terminal's name
	maxLevel    = 48    // bytes of a kind, a type, a command's name or id
)

// Topic gives te/device/<terminal>///<channel>/<rest…>.
func Topic(terminal string, c Channel, rest ...string) string {
	return root + terminal + noService + string(c) + "/" + strings.Join(rest, "/")
}

// ParseTopic takes apart what Topic put together. rest has one to four levels, none of them empty.
func ParseTopic(topic string) (terminal string, c Channel, rest []string, err error) {
	tail, ok := strings.CutPrefix(topic, root)
	if !ok || len(topic) > 512 {
		return "", "", nil, fmt.Errorf("fleet: topic %q does not start with %q", clip(topic, 80), root)
	}
	terminal, tail, ok = strings.Cut(tail, noService)
	if !ok || CheckTerminal(terminal) != nil {
		return "", "", nil, fmt.Errorf("fleet: topic %q names no terminal", clip(topic, 80))
	}
	channel, tail, ok := strings.Cut(tail, "/")
	rest = strings.Split(tail, "/")
	if !ok || len(rest) > 4 {
		return "", "", nil, fmt.Errorf("fleet: topic %q has no channel with one to four levels", clip(topic, 80))
	}
	switch c = Channel(channel); c {
	case ChannelEvent, ChannelAlarm, ChannelMeasurement, ChannelTwin, ChannelCommand, ChannelStatus, ChannelRemote, ChannelReview:
	default:
		return "", "", nil, fmt.Errorf("fleet: topic %q has the unknown channel %q", clip(topic, 80), clip(channel, 20))
	}
	for _, level := range rest {
		if !validLevel(level, maxLevel) {
			return "", "", nil, fmt.Errorf("fleet: topic %q has a level that is empty, too long or of strange characters", clip(topic, 80))
		}
	}
	return terminal, c, rest, nil
}

// CheckTerminal tells whether a name can be a terminal's: 1 to 64 bytes of A-Z a-z 0-9 _ - and dots
// inside, since it becomes one level of a topic and part of the MQTT client identifier.
func CheckTerminal(name string) error {
	if !validLevel(name, maxTerminal) {
		return fmt.Errorf("fleet: terminal name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ - (it becomes a level of MQTT topics)", clip(name, 80), maxTerminal)
	}
	return nil
}

func validLevel(s string, limit int) bool {
	if s == "" || len(s) > limit || s[0] == '.' {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '-', b == '.':
		default:
			return false
		}
	}
	return true
}

// clip shortens hostile text for messages and makes it printable.
func clip(s string, limit int) string {
	cut := len(s) > limit
	if cut {
		s = s[:limit]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s)
	if cut {
		s += "…"
	}
	return s
}
