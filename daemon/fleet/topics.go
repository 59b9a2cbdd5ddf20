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
	topicRoot   = "te/device/"
	noService   = "///" // the two empty levels say "the device itself, no service of it"
	MaxTerminal = 64    // bytes of a terminal's name
	MaxLevel    = 48    // bytes of a kind, a type, a command's name or id
)

// Topic returns te/device/<terminal>///<channel>/<rest…>.
func Topic(terminal string, c Channel, rest ...string) string {
	return topicRoot + terminal + noService + string(c) + "/" + strings.Join(rest, "/")
}

// TopicPrefix returns the beginning of all topics of a terminal.
func TopicPrefix(terminal string) string { return topicRoot + terminal + noService }

// TopicFilter returns the filter of all topics of a terminal, or of all terminals if terminal is "+".
func TopicFilter(terminal string) string { return TopicPrefix(terminal) + "#" }

// ParseTopic takes apart what Topic put together. rest has one to four levels, none of them empty.
func ParseTopic(topic string) (terminal string, c Channel, rest []string, err error) {
	tail, ok := strings.CutPrefix(topic, topicRoot)
	if !ok {
		return "", "", nil, fmt.Errorf("fleet: topic %q does not start with %q", Printable(topic, 80), topicRoot)
	}
	terminal, tail, ok = strings.Cut(tail, noService)
	if !ok || CheckTerminal(terminal) != nil {
		return "", "", nil, fmt.Errorf("fleet: topic %q names no terminal", Printable(topic, 80))
	}
	channel, tail, ok := strings.Cut(tail, "/")
	rest = strings.Split(tail, "/")
	if !ok || len(rest) > 4 {
		return "", "", nil, fmt.Errorf("fleet: topic %q has no channel with one to four levels", Printable(topic, 80))
	}
	switch c = Channel(channel); c {
	case ChannelEvent, ChannelAlarm, ChannelMeasurement, ChannelTwin, ChannelCommand, ChannelStatus, ChannelRemote, ChannelReview:
	default:
		return "", "", nil, fmt.Errorf("fleet: topic %q has the unknown channel %q", Printable(topic, 80), Printable(channel, 20))
	}
	for _, level := range rest {
		if !ValidLevel(level, MaxLevel) {
			return "", "", nil, fmt.Errorf("fleet: topic %q has a level that is empty, too long or of strange characters", Printable(topic, 80))
		}
	}
	return terminal, c, rest, nil
}

// CheckTerminal returns an error if name cannot be a terminal's. Allowed are 1 to 64 bytes of A-Z a-z 0-9 _ - and dots
// inside, since it becomes one level of a topic and part of the MQTT client identifier.
func CheckTerminal(name string) error {
	if !ValidLevel(name, MaxTerminal) {
		return fmt.Errorf("fleet: terminal name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ - (it becomes a level of MQTT topics)", Printable(name, 80), MaxTerminal)
	}
	return nil
}

// ValidLevel reports whether s can be a level of a topic of at most limit bytes: A-Z a-z 0-9 _ - and dots inside.
func ValidLevel(s string, limit int) bool {
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

// Printable returns s, text from outside, printable and cut to limit bytes.
func Printable(s string, limit int) string {
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
