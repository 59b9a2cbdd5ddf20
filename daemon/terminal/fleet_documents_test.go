package terminal

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/fleet"
	ministry "umbral/daemon/fleet/authority"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/fleet/reviewer"
	"umbral/daemon/passage"
)

var update = flag.Bool("update", false, "write what was recorded into the documentation of daemon/fleet")

const fleetExamples = "../fleet/doc.go"

// TestFleetExamples records every message that the documentation of daemon/fleet shows from running terminals and compares.
func TestFleetExamples(t *testing.T) {
	recorded := record(t)
	text, err := os.ReadFile(fleetExamples)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(fleetExamples, showExamples(string(text), recorded), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	shown := examplesOf(string(text))
	if len(shown) != len(recorded) {
		t.Errorf("%d examples are shown, %d recorded: %v and %v", len(shown), len(recorded), keysOf(shown), keysOf(recorded))
	}
	for name, r := range recorded {
		want, ok := shown[name]
		if !ok {
			t.Errorf("no example of %s", name)
			continue
		}
		if err := alike(name, want.payload, r.payload); err != nil {
			t.Errorf("%v\nshown:\n%s\nrecorded:\n%s\n(go test ./daemon/terminal -run TestFleetExamples -update)", err, want.payload, r.payload)
		}
	}
}

// example is a message of the documentation, or one that was recorded for it.
type example struct {
	topic   string // with the word that tells several examples of a topic apart
	payload []byte
}

// levels that differ from one recording to the next.
var varying = regexp.MustCompile(`(cmd/[^/ ]+|review|remote)/[^/ ]+`)

func nameOf(topic string) string { return varying.ReplaceAllString(topic, "$1/+") }

var exampleBlock = regexp.MustCompile(`(?m)^//\t(te/(?:device/gate-1|fleet/all)///\S+(?: \w+)?)\n((?://\t.*\n)+)`)

// examplesOf returns the blocks that are a topic with JSON below it.
func examplesOf(text string) map[string]example {
	found := map[string]example{}
	for _, m := range exampleBlock.FindAllStringSubmatch(text, -1) {
		found[nameOf(m[1])] = example{m[1], []byte(strings.ReplaceAll(m[2], "//\t", ""))}
	}
	return found
}

func showExamples(text string, recorded map[string]example) []byte {
	return []byte(exampleBlock.ReplaceAllStringFunc(text, func(block string) string {
		m := exampleBlock.FindStringSubmatch(block)
		r, ok := recorded[nameOf(m[1])]
		if !ok {
			return block
		}
		var b strings.Builder
		for line := range strings.Lines(r.topic + "\n" + laidOut(r.payload)) {
			b.WriteString("//\t" + line)
		}
		return b.String()
	}))
}

// laidOut returns JSON in lines of a readable length: the members of what does not fit into one stand in lines of their own.
func laidOut(b []byte) string { return strings.Join(laid(b, 0), "\n") + "\n" }

func laid(value []byte, indent int) []string {
	var members bytesOrder
	if err := json.Unmarshal(value, &members); err != nil {
		return []string{string(value)}
	}
	opening, closing := string(value[:1]), string(value[len(value)-1:])
	if whole := opening + strings.Join(members.flat(), ", ") + closing; indent+len(whole) <= 100 {
		return []string{whole}
	}
	margin := strings.Repeat(" ", indent+2)
	lines, line := []string{opening}, ""
	for i, m := range members {
		parts := laid(m.value, indent+2)
		parts[0] = m.name + parts[0]
		if i < len(members)-1 {
			parts[len(parts)-1] += ","
		}
		if line != "" && (len(parts) > 1 || len(margin+line)+len(parts[0]) > 100) {
			lines, line = append(lines, margin+line), ""
		}
		if len(parts) > 1 {
			lines = append(append(lines, margin+parts[0]), parts[1:]...)
			continue
		}
		line = strings.TrimLeft(line+" "+parts[0], " ")
	}
	if line != "" {
		lines = append(lines, margin+line)
	}
	return append(lines, strings.Repeat(" ", indent)+closing)
}

// bytesOrder is the members of a JSON object, or the elements of an array, in the order in which they come.
type bytesOrder []jsonMember

type jsonMember struct {
	name  string // with its colon; empty in an array
	value json.RawMessage
}

func (o bytesOrder) flat() (texts []string) {
	for _, m := range o {
		texts = append(texts, m.name+strings.Join(laid(m.value, 0), ""))
	}
	return texts
}

func (o *bytesOrder) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	t, err := d.Token()
	if err != nil || t != json.Delim('{') && t != json.Delim('[') {
		return fmt.Errorf("%s has no members", b)
	}
	for d.More() {
		var m jsonMember
		if t == json.Delim('{') {
			name, err := d.Token()
			if err != nil {
				return err
			}
			m.name = fmt.Sprintf("%q: ", name)
		}
		if err := d.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// record runs a terminal that lets somebody pass, asks the authority, refers a passage and obeys commands, and one without
// a camera; it returns a message of each kind.
func record(t *testing.T) map[string]example {
	t.Helper()
	cfg := gateConfig(t, standingScene)
	cfg.Terminal.ID, cfg.Terminal.Site = "gate-1", "harbour"
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("face and live and remote"), 15*time.Second
	cfg.Clock.CommandTrust = policy.TrustUnknown
	cfg.Fleet.Interval = time.Second
	score := 0.41
	serve := authorityFor(t, &cfg, func(ministry.Asked) fleet.Finding {
		return fleet.Finding{Outcome: fleet.OutcomeDoubtful, Score: &score, Detail: "below-threshold"}
	})
	cfg.Remote.Send = "nothing"
	office := fleet.Signer{Name: "office", Private: fleettest.Seeded(1)}
	cfg.Fleet.Keys = []config.CommandKey{{
		Name: "office", Public: fleet.FormatPublicKey(fleettest.Public(1)), Commands: []string{fleet.CommandOpen, fleet.CommandReview},
	}}
	cfg.Review = config.Review{Timeout: 25 * time.Second, Leave: 5 * time.Second, Approvals: 1, Failures: []string{"remote"}}
	enrolAna(t, cfg)

	blind := gateConfig(t, standingScene)
	blind.Terminal.ID, blind.Fleet.Broker, blind.Camera.Source = "gate-2", cfg.Fleet.Broker, "v4l2:/dev/video-that-is-not-there"

	found := &recording{t: t, examples: map[string]example{}}
	found.watch(cfg.Fleet.Broker)
	term, _ := started(t, cfg)
	started(t, blind)
	serve(term)
	p, err := operator.New(mqtt.Opts{Broker: cfg.Fleet.Broker})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.PublishList(ctx, "revocation", 9, []byte("list"), nil); err != nil {
		t.Fatal(err)
	}
	found.keepList(cfg.Fleet.Broker)
	until(t, "a review", 30*time.Second, func() bool { return found.has("te/device/gate-1///review/+") })
	desk, err := reviewer.New(mqtt.Opts{Broker: cfg.Fleet.Broker})
	if err != nil {
		t.Fatal(err)
	}
	waiting, _, err := desk.Reviews(ctx, "gate-1", nil)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d reviews, %v", len(waiting), err)
	}
	args := fleet.ReviewArgs{Passage: waiting[0].Passage, Review: waiting[0].Hash, Answer: fleet.Approve}
	if a, err := p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandReview, Args: args}, office, nil); err != nil || a.Status != fleet.StatusSuccessful {
		t.Fatalf("%+v, %v", a, err)
	}
	until(t, "an opening by command", 20*time.Second, func() bool {
		a, err := p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, office, nil)
		return err == nil && a.Status == fleet.StatusSuccessful
	})
	late, err := operator.NewCommand(operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	found.send(cfg.Fleet.Broker, late, office)
	wanted := []string{
		"te/device/gate-1///e/passage", "te/device/gate-1///e/passage-review", "te/device/gate-1///status/health", "te/device/gate-1///a/camera", "te/device/gate-1///m/frames",
		"te/device/gate-1///cmd/door.open/+", "te/device/gate-1///cmd/door.open/+ payload", "te/device/gate-1///cmd/door.open/+ answer",
		"te/device/gate-1///cmd/door.open/+ refusal", "te/device/gate-1///review/+", "te/device/gate-1///review/+ payload",
		"te/device/gate-1///cmd/review.answer/+ payload", "te/device/gate-1///remote/+/request payload",
		"te/device/gate-1///remote/+/answer payload", "te/fleet/all///list/revocation",
	}
	for _, name := range wanted {
		until(t, name, 15*time.Second, func() bool { return found.has(name) })
	}
	wordsSeen(t, found)
	all := found.take()
	maps.DeleteFunc(all, func(name string, _ example) bool { return !slices.Contains(wanted, name) })
	return all
}

// recording keeps the last message of each kind.
type recording struct {
	t        *testing.T
	mu       sync.Mutex
	examples map[string]example
}

func (r *recording) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.examples[name]
	return ok
}

func (r *recording) take() map[string]example {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.examples
}

func (r *recording) keep(topic string, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.examples[nameOf(topic)] = example{topic, payload}
}

// watch records what the terminals and those who speak with them publish.
func (r *recording) watch(broker string) {
	p, err := operator.New(mqtt.Opts{Broker: broker})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Watch(ctx, "", func(m operator.Message) error { r.see(m); return nil }, nil)
	}()
	r.t.Cleanup(func() { cancel(); <-done })
}

func (r *recording) see(m operator.Message) {
	// The terminal without a camera lends its alarm.
	topic := fleet.Topic("gate-1", m.Channel, m.Rest...)
	if len(m.Payload) == 0 || m.Terminal != "gate-1" && m.Channel != fleet.ChannelAlarm {
		return
	}
	var signed struct {
		Status  fleet.Status
		Payload []byte
	}
	switch m.Channel {
	case fleet.ChannelEvent, fleet.ChannelStatus, fleet.ChannelAlarm, fleet.ChannelMeasurement, fleet.ChannelTwin:
		r.keep(topic, m.Payload)
	default:
		if json.Unmarshal(m.Payload, &signed) != nil {
			return
		}
		r.seeSigned(topic, m, signed.Status, signed.Payload)
	}
}

// seeSigned records commands with their answers, reviews and questions.
func (r *recording) seeSigned(topic string, m operator.Message, status fleet.Status, payload []byte) {
	switch {
	case m.Channel == fleet.ChannelCommand && status == fleet.StatusSuccessful && m.Rest[0] == fleet.CommandOpen:
		r.keep(topic+" answer", m.Payload)
	case m.Channel == fleet.ChannelCommand && status == fleet.StatusFailed && strings.Contains(string(m.Payload), string(fleet.ReasonExpired)):
		r.keep(topic+" refusal", m.Payload)
	case len(payload) == 0:
	case m.Channel == fleet.ChannelReview, m.Channel == fleet.ChannelCommand && m.Rest[0] == fleet.CommandOpen:
		r.keep(topic, m.Payload)
		r.keep(topic+" payload", payload)
	default:
		r.keep(topic+" payload", payload)
	}
}

// keepList records the manifest, which is no terminal's.
func (r *recording) keepList(broker string) {
	d, err := mqtt.New(mqtt.Opts{Broker: broker})
	if err != nil {
		r.t.Fatal(err)
	}
	found, err := d.Retained(r.t.Context(), "recording", fleet.ListRoot+"revocation", 1)
	if err != nil || len(found) != 1 {
		r.t.Fatalf("%d manifests, %v", len(found), err)
	}
	r.keep(found[0].Topic, found[0].Payload)
}

func (r *recording) send(broker string, c fleet.Command, s fleet.Signer) {
	topic, message, err := fleet.Sign(c, s)
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := mqtt.New(mqtt.Opts{Broker: broker})
	if err != nil {
		r.t.Fatal(err)
	}
	conn, err := d.Connect(r.t.Context(), "sends", nil, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(mqtt.Farewell)
	if err := conn.Publish(r.t.Context(), topic, 1, false, message); err != nil {
		r.t.Fatal(err)
	}
}

// alike returns an error where two payloads differ in more than what differs from one recording to the next: their members,
// the types of their values, and every word are the same.
func alike(path string, shown, recorded []byte) error {
	var a, b any
	if err := json.Unmarshal(shown, &a); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := json.Unmarshal(recorded, &b); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return alikeValues(path, a, b)
}

func alikeValues(path string, a, b any) error {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || !slices.Equal(keysOf(a), keysOf(b)) {
			return fmt.Errorf("%s: shown with %v, recorded %v", path, keysOf(a), b)
		}
		for name := range a {
			if err := alikeValues(path+" "+name, a[name], b[name]); err != nil {
				return err
			}
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return fmt.Errorf("%s: shown %v, recorded %v", path, a, b)
		}
		for i := range a {
			if err := alikeValues(fmt.Sprint(path, " ", i), a[i], b[i]); err != nil {
				return err
			}
		}
	default:
		if form(path, a) != form(path, b) {
			return fmt.Errorf("%s: shown %v, recorded %v", path, a, b)
		}
	}
	return nil
}

var (
	instants = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	trusts   = regexp.MustCompile(`\b(unknown|rtc|broker|ntp)\b`)
)

// form returns what a value has in common with those of other recordings.
func form(path string, v any) string {
	s, ok := v.(string)
	if !ok {
		if strings.HasSuffix(path, " schema") {
			return fmt.Sprint(v)
		}
		return fmt.Sprintf("%T", v)
	}
	_, notPassage := passage.ParseID(s)
	_, notHex := hex.DecodeString(s)
	plain, notBase64 := base64.StdEncoding.DecodeString(s)
	switch {
	case strings.HasSuffix(path, " software"):
		return "version"
	case notPassage == nil:
		return "passage"
	case notHex == nil && len(s) >= 16:
		return fmt.Sprint("hex of ", len(s))
	case notBase64 == nil && len(plain) >= 16:
		return "base64"
	}
	return trusts.ReplaceAllString(instants.ReplaceAllString(s, "instant"), "trust")
}

func keysOf[V any](m map[string]V) []string {
	return slices.SortedFunc(maps.Keys(m), cmp.Compare[string])
}
