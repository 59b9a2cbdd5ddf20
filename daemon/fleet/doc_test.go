package fleet_test

import (
	"crypto/ed25519"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// The examples of the documentation are recorded by daemon/terminal, which also compares the vocabulary.

func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAnyoneCanVerify checks the documented signature with nothing of this package but its text.
func TestAnyoneCanVerify(t *testing.T) {
	m := regexp.MustCompile(`(?m)^//\tte/device/gate-1///cmd/door\.open/\S+\n((?://\t.*\n)+)`).FindStringSubmatch(documentation(t))
	if m == nil {
		t.Fatal("no example of a command")
	}
	var e struct {
		Payload []byte `json:"payload"`
		Sig     []byte `json:"sig"`
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(m[1], "//\t", "")), &e); err != nil {
		t.Fatal(err)
	}
	message := append([]byte("umbral-command-v1\x00"), e.Payload...)
	if !ed25519.Verify(fleettest.Public(1), message, e.Sig) {
		t.Error("the example's signature does not verify as documented")
	}
}

// TestTopicsAreDocumented compares the documented topics with the channels that there are, both ways.
func TestTopicsAreDocumented(t *testing.T) {
	var shown []string
	for _, m := range regexp.MustCompile(`(?m)^//\t(te/device/<terminal>///\S+)`).FindAllStringSubmatch(documentation(t), -1) {
		topic := regexp.MustCompile(`<\w+>`).ReplaceAllString(m[1], "x")
		_, channel, _, err := fleet.ParseTopic(topic)
		if err != nil {
			t.Errorf("%s is documented: %v", m[1], err)
		}
		if !slices.Contains(shown, string(channel)) {
			shown = append(shown, string(channel))
		}
	}
	channels := channelConstants(t)
	slices.Sort(shown)
	slices.Sort(channels)
	if !slices.Equal(shown, channels) {
		t.Errorf("documented are the channels %v, there are %v", shown, channels)
	}
	for _, list := range []string{"te/fleet/all///list/x", "te/fleet/all///list/x/y/1"} {
		if is, _ := fleet.IsListTopic(list); !is {
			t.Errorf("%s is documented but no list's", list)
		}
	}
}

func channelConstants(t *testing.T) (values []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "topics.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok || len(s.Values) != 1 || !strings.HasPrefix(s.Names[0].Name, "Channel") {
			return true
		}
		if lit, ok := s.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, text)
		}
		return true
	})
	return values
}
