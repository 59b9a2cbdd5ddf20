package fleet_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"umbral/daemon/fleet"
)

func TestTopicsComeApartAsTheyWerePutTogether(t *testing.T) {
	level := rapid.StringMatching(`[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		terminal := level.Draw(t, "terminal")
		c := rapid.SampledFrom([]fleet.Channel{fleet.ChannelEvent, fleet.ChannelAlarm, fleet.ChannelMeasurement, fleet.ChannelTwin, fleet.ChannelCommand, fleet.ChannelStatus}).Draw(t, "channel")
		rest := rapid.SliceOfN(level, 1, 4).Draw(t, "rest")
		gotTerminal, gotChannel, gotRest, err := fleet.ParseTopic(fleet.Topic(terminal, c, rest...))
		if err != nil || gotTerminal != terminal || gotChannel != c || strings.Join(gotRest, "/") != strings.Join(rest, "/") {
			t.Fatalf("%s: %q %q %q %v", fleet.Topic(terminal, c, rest...), gotTerminal, gotChannel, gotRest, err)
		}
	})
}

func TestParseTopicRefuses(t *testing.T) {
	for _, topic := range []string{
		"", "te", "te/device/", "te/device/gate-1", "te/device/gate-1///", "te/device/gate-1///e", "te/device/gate-1///e/",
		"te/device/gate-1/service/x/e/passage", "te/device////e/passage", "te/device/gate-1///x/passage",
		"te/device/gate-1///e/a//b", "te/device/gate-1///e/a/b/c/d/e", "te/device/gate-1///e/pass age", "te/device/gate-1///e/+",
		"$SYS/broker/version", "gate-1///e/passage", "te/device/gate-1///e/" + strings.Repeat("x", 600), "te/device/..////e/passage",
	} {
		if terminal, c, rest, err := fleet.ParseTopic(topic); err == nil {
			t.Errorf("%q was read as %q %q %q", topic, terminal, c, rest)
		}
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                   "plain",
		"line\nbreak\x00\x7f":     "line?break??",
		"\xff\xfe":                "??",
		strings.Repeat("long", 9): strings.Repeat("long", 5) + "…",
	} {
		if got := fleet.Printable(in, 20); got != want {
			t.Errorf("clip(%q) = %q, wanted %q", in, got, want)
		}
	}
}
