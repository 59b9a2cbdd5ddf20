package fleet_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// wants compares an error with whether there should be one.
func wants(t *testing.T, what string, err error, refused bool) {
	t.Helper()
	if (err != nil) != refused {
		t.Errorf("%s: error %v, wanted one: %v", what, err, refused)
	}
}

func TestLevels(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "z": true, "A": true, "Z": true, "0": true, "9": true, "_": true, "-": true, "a.": true, "abcdefgh": true,
		"": false, ".": false, ".a": false, "abcdefghi": false,
		"`": false, "{": false, "@": false, "[": false, "/": false, ":": false, "+": false, "#": false, " ": false, "a b": false, "ñ": false, "a\x00": false,
	} {
		if got := fleet.ValidLevel(s, 8); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	wants(t, "the longest name", fleet.CheckTerminal(strings.Repeat("x", fleet.MaxTerminal)), false)
	wants(t, "a longer name", fleet.CheckTerminal(strings.Repeat("x", fleet.MaxTerminal+1)), true)
}

func TestTopicLengths(t *testing.T) {
	level := strings.Repeat("x", fleet.MaxLevel)
	if _, _, rest, err := fleet.ParseTopic(fleet.Topic("g", fleet.ChannelEvent, level, level, level, level)); err != nil || len(rest) != 4 {
		t.Errorf("four long levels: %q, %v", rest, err)
	}
	for _, topic := range []string{
		fleet.Topic("g", fleet.ChannelEvent, level+"x"), fleet.Topic("g", fleet.ChannelEvent, "a", "b", "c", "d", "e"),
		"te/device/g///" + strings.Repeat("e", 512), "te/device/g///e", "te/devices/g///e/x", "te/device/g//e/x",
	} {
		if _, _, _, err := fleet.ParseTopic(topic); err == nil {
			t.Errorf("%.60s was read", topic)
		}
	}
	if got := fleet.TopicFilter("+"); got != "te/device/+///#" {
		t.Error(got)
	}
	if got := fleet.TopicPrefix("g"); got != "te/device/g///" {
		t.Error(got)
	}
}

func TestCommandsAreHeldToTheirLimits(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*fleet.Command)
		refused bool
	}{
		"good":                          {func(*fleet.Command) {}, false},
		"no arguments":                  {func(c *fleet.Command) { c.Args = nil }, false},
		"the longest arguments":         {func(c *fleet.Command) { c.Args = []byte(`{"a":"` + strings.Repeat("x", fleet.MaxArgs-8) + `"}`) }, false},
		"longer arguments":              {func(c *fleet.Command) { c.Args = []byte(`{"a":"` + strings.Repeat("x", fleet.MaxArgs-7) + `"}`) }, true},
		"the shortest nonce":            {func(c *fleet.Command) { c.Nonce = strings.Repeat("x", fleet.MinNonce) }, false},
		"a shorter nonce":               {func(c *fleet.Command) { c.Nonce = strings.Repeat("x", fleet.MinNonce-1) }, true},
		"the longest nonce":             {func(c *fleet.Command) { c.Nonce = strings.Repeat("x", fleet.MaxNonce) }, false},
		"a longer nonce":                {func(c *fleet.Command) { c.Nonce = strings.Repeat("x", fleet.MaxNonce+1) }, true},
		"a nonce of strange characters": {func(c *fleet.Command) { c.Nonce = strings.Repeat("x y", 8) }, true},
		"a moment":                      {func(c *fleet.Command) { c.Expires = c.Issued.Add(1) }, false},
		"no moment":                     {func(c *fleet.Command) { c.Expires = c.Issued }, true},
		"the past":                      {func(c *fleet.Command) { c.Expires = c.Issued.Add(-1) }, true},
		"no terminal":                   {func(c *fleet.Command) { c.Terminal = "" }, true},
		"no name":                       {func(c *fleet.Command) { c.Name = "a/b" }, true},
		"no id":                         {func(c *fleet.Command) { c.ID = "" }, true},
		"arguments that are no object":  {func(c *fleet.Command) { c.Args = []byte(`[1]`) }, true},
		"a member twice":                {func(c *fleet.Command) { c.Args = []byte(`{"a":1,"a":2}`) }, true},
	} {
		cmd := fleettest.Command()
		c.change(&cmd)
		wants(t, name, cmd.Check(), c.refused)
	}
}

func TestQuestionsAreHeldToTheirLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		change  func(*fleet.Question)
		refused bool
	}{
		"good":                         {func(*fleet.Question) {}, false},
		"identify":                     {func(q *fleet.Question) { q.Purpose = fleet.PurposeIdentify }, false},
		"identify nobody":              {func(q *fleet.Question) { q.Purpose, q.Claim.Subject = fleet.PurposeIdentify, "" }, false},
		"verify nobody":                {func(q *fleet.Question) { q.Claim.Subject = "" }, true},
		"another purpose":              {func(q *fleet.Question) { q.Purpose = "admire" }, true},
		"passage":                      {func(q *fleet.Question) { q.Passage = "a/b" }, true},
		"the longest subject":          {func(q *fleet.Question) { q.Claim.Subject = long(fleet.MaxSubject) }, false},
		"a longer subject":             {func(q *fleet.Question) { q.Claim.Subject = long(fleet.MaxSubject + 1) }, true},
		"the longest issuer":           {func(q *fleet.Question) { q.Claim.Issuer = long(fleet.MaxSubject) }, false},
		"a longer issuer":              {func(q *fleet.Question) { q.Claim.Issuer = long(fleet.MaxSubject + 1) }, true},
		"the longest model":            {func(q *fleet.Question) { q.Claim.Model = long(64) }, false},
		"a longer model":               {func(q *fleet.Question) { q.Claim.Model = long(65) }, true},
		"the largest picture":          {func(q *fleet.Question) { q.Claim.Picture = make([]byte, fleet.MaxClaimPicture) }, false},
		"a larger picture":             {func(q *fleet.Question) { q.Claim.Picture = make([]byte, fleet.MaxClaimPicture+1) }, true},
		"the longest template":         {func(q *fleet.Question) { q.Claim.Template = make([]float32, 4096) }, false},
		"a longer template":            {func(q *fleet.Question) { q.Claim.Template = make([]float32, 4097) }, true},
		"a template that is no number": {func(q *fleet.Question) { q.Claim.Template[1] = float32(math.NaN()) }, true},
		"an endless template":          {func(q *fleet.Question) { q.Claim.Template[1] = float32(math.Inf(-1)) }, true},
	} {
		q := fleettest.Question()
		c.change(&q)
		wants(t, name, q.Check(), c.refused)
	}
}

func TestFindingsAreHeldToTheirLimits(t *testing.T) {
	score := func(v float64) *float64 { return &v }
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		f       fleet.Finding
		refused bool
	}{
		"accepted":          {fleet.Finding{Outcome: fleet.OutcomeAccepted}, false},
		"refused":           {fleet.Finding{Outcome: fleet.OutcomeRefused, Detail: "face"}, false},
		"doubtful":          {fleet.Finding{Outcome: fleet.OutcomeDoubtful, Score: score(0.5)}, false},
		"no outcome":        {fleet.Finding{}, true},
		"another outcome":   {fleet.Finding{Outcome: "granted"}, true},
		"a detail in words": {fleet.Finding{Outcome: fleet.OutcomeRefused, Detail: "not her face"}, true},
		"no number":         {fleet.Finding{Outcome: fleet.OutcomeRefused, Score: score(math.NaN())}, true},
		"endless":           {fleet.Finding{Outcome: fleet.OutcomeRefused, Score: score(math.Inf(1))}, true},
		"the longest":       {fleet.Finding{Outcome: fleet.OutcomeRefused, Subject: long(fleet.MaxSubject), Name: long(2 * fleet.MaxSubject)}, false},
		"a longer subject":  {fleet.Finding{Outcome: fleet.OutcomeRefused, Subject: long(fleet.MaxSubject + 1)}, true},
		"a longer name":     {fleet.Finding{Outcome: fleet.OutcomeRefused, Name: long(2*fleet.MaxSubject + 1)}, true},
	} {
		wants(t, name, c.f.Check(), c.refused)
	}
}

func TestStatementLimits(t *testing.T) {
	words := func(n int) (list []string) {
		for range n {
			list = append(list, "w")
		}
		return list
	}
	clues := func(n int) (list []fleet.ReviewClue) {
		for range n {
			list = append(list, fleet.ReviewClue{Kind: "face", Outcome: "accepted"})
		}
		return list
	}
	for name, c := range map[string]struct {
		change  func(*fleet.Statement)
		refused bool
	}{
		"good":             {func(*fleet.Statement) {}, false},
		"one approval":     {func(s *fleet.Statement) { s.Needed = 1 }, false},
		"no approval":      {func(s *fleet.Statement) { s.Needed = 0 }, true},
		"three approvals":  {func(s *fleet.Statement) { s.Needed = 3 }, true},
		"most reasons":     {func(s *fleet.Statement) { s.Reasons = words(fleet.MaxReasons) }, false},
		"more reasons":     {func(s *fleet.Statement) { s.Reasons = words(fleet.MaxReasons + 1) }, true},
		"most clues":       {func(s *fleet.Statement) { s.Evidence = clues(fleet.MaxClues) }, false},
		"more clues":       {func(s *fleet.Statement) { s.Evidence = clues(fleet.MaxClues + 1) }, true},
		"nobody known":     {func(s *fleet.Statement) { s.Person = "" }, false},
		"a clue's kind":    {func(s *fleet.Statement) { s.Evidence[1].Kind = "" }, true},
		"a clue's outcome": {func(s *fleet.Statement) { s.Evidence[1].Outcome = "so so" }, true},
		"pictures":         {func(s *fleet.Statement) { s.Pictures = strings.Repeat("0a", 32) }, false},
		"a short hash":     {func(s *fleet.Statement) { s.Pictures = strings.Repeat("0a", 31) }, true},
		"no hash":          {func(s *fleet.Statement) { s.Pictures = strings.Repeat("zz", 32) }, true},
		"too long": {func(s *fleet.Statement) {
			s.Evidence = clues(fleet.MaxClues)
			for i := range s.Evidence {
				s.Evidence[i] = fleet.ReviewClue{Kind: strings.Repeat("k", 48), Outcome: strings.Repeat("o", 48), Detail: strings.Repeat("d", 48)}
			}
			s.Reasons, s.Pictures, s.Clock, s.Person = nil, strings.Repeat("0a", 32), strings.Repeat("c", 48), strings.Repeat("p", 48)
			s.Terminal, s.Passage = strings.Repeat("t", 64), strings.Repeat("p", 48)
			for range fleet.MaxReasons {
				s.Reasons = append(s.Reasons, strings.Repeat("r", 48))
			}
		}, true},
	} {
		s := fleettest.Statement()
		c.change(&s)
		b, err := s.Encode()
		wants(t, name, err, c.refused)
		if err != nil {
			continue
		}
		again, err := fleet.DecodeStatement(b)
		if err != nil || again.Person != s.Person || len(again.Evidence) != len(s.Evidence) || again.Schema != fleet.Schema || !again.Opened.Equal(s.Opened) {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
	// One byte decides.
	for over := range 2 {
		s := fleettest.Statement()
		s.Evidence, s.Reasons = clues(fleet.MaxClues), words(fleet.MaxReasons)
		for i := range s.Evidence {
			s.Evidence[i].Detail = "d"
		}
		s.Pictures, s.Clock, s.Person = strings.Repeat("0a", 32), strings.Repeat("c", fleet.MaxLevel), strings.Repeat("p", fleet.MaxLevel)
		s.Terminal = strings.Repeat("t", fleet.MaxTerminal)
		b := fleettest.Encoded(t, s)
		missing := fleet.MaxStatement + over - len(b)
		for i := range s.Evidence {
			for _, w := range []*string{&s.Evidence[i].Kind, &s.Evidence[i].Outcome, &s.Evidence[i].Detail} {
				n := min(missing, fleet.MaxLevel-len(*w))
				*w += strings.Repeat("x", n)
				missing -= n
			}
		}
		for i := range s.Reasons {
			n := min(missing, fleet.MaxLevel-1)
			s.Reasons[i] += strings.Repeat("x", n)
			missing -= n
		}
		if missing != 0 {
			t.Fatalf("%d bytes are missing", missing)
		}
		_, err := s.Encode()
		wants(t, "a byte", err, over > 0)
	}
	s := fleettest.Statement()
	s.Opened = s.Opened.In(time.FixedZone("", 3600))
	b := fleettest.Encoded(t, s)
	if !strings.Contains(string(b), `"opened":"2026-03-01T12:00:00Z"`) {
		t.Errorf("times are not in UTC: %s", b)
	}
}

func TestMeasurement(t *testing.T) {
	m := fleet.Measurement(map[string]float64{"a": 1, "nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}, fleettest.Noon)
	if len(m) != 2 || m["a"] != 1.0 || m["time"] != fleettest.Noon {
		t.Errorf("%v", m)
	}
}

func TestNamedKeys(t *testing.T) {
	a, b := fleettest.Public(1), fleettest.Public(2)
	for name, c := range map[string]struct {
		keys    []fleet.NamedKey
		refused string
	}{
		"none":     {nil, ""},
		"good":     {[]fleet.NamedKey{{Name: "a", Public: a}, {Name: "b", Public: b}}, ""},
		"no name":  {[]fleet.NamedKey{{Public: a}}, "key name"},
		"no key":   {[]fleet.NamedKey{{Name: "a"}}, "0 bytes"},
		"one name": {[]fleet.NamedKey{{Name: "a", Public: a}, {Name: "a", Public: b}}, `named "a"`},
		"one key":  {[]fleet.NamedKey{{Name: "a", Public: a}, {Name: "c", Public: b}, {Name: "b", Public: a}}, `"a" and "b" are the same key`},
	} {
		err := fleet.CheckNamedKeys(c.keys)
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if f := fleet.Fingerprint(a); len(f) != 32 || f == fleet.Fingerprint(b) {
		t.Errorf("fingerprint %s", f)
	}
	if x := fleet.RandomHex(8); len(x) != 16 || x == fleet.RandomHex(8) {
		t.Errorf("random %s", x)
	}
}
