package local

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var testKey = []byte("a key of the tests' own")

// tokenOf makes a token as the tool does.
func tokenOf(t *testing.T, c *Client, name string) string {
	t.Helper()
	l, err := c.Link(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(l.Page)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("token")
}

// with sends a token as a page does.
func with(token string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookie, Value: token}) }
}

// personal is a terminal before which Ana stands.
func personal() *fake {
	f := newFake()
	f.picture = []byte("jpeg")
	f.set(func(s *State) {
		s.Screen = Screen{Code: "granted", Name: "Ana García", Offer: &Offer{Code: "ABCDEFGHIJKLMNOP"}}
		s.Frame.Faces = []Face{{Track: 1, Person: "ana-4711", Problems: []string{}}}
		s.Verdicts = []Verdict{{Passage: "b3-000001", Verdict: "grant", Person: "ana-4711", Name: "Ana García"}}
	})
	return f
}

// Any user of the machine may read the pages: nothing personal is on them without a token.
func TestNothingPersonalWithoutToken(t *testing.T) {
	f := personal()
	base, client := serve(t, f)
	forged := tokens{[]byte("another terminal's key"), time.Now}.issue(ScopePage, time.Now().Add(time.Hour))
	mine := tokens{testKey, time.Now}
	right := mine.issue(ScopePage, time.Now().Add(time.Hour))
	for _, c := range []struct {
		name                      string
		change                    func(*http.Request)
		name1, person, offer, jpg bool
	}{
		{"no token", nil, false, false, false, false},
		{"a page's token", with(tokenOf(t, client, "page")), true, true, true, true},
		{"the screen's token", with(tokenOf(t, client, "screen")), true, false, true, true},
		{"another terminal's token", with(forged), false, false, false, false},
		{"a token that has ended", with(mine.issue(ScopePage, time.Now().Add(-time.Second))), false, false, false, false},
		{"a token of another scope", with("B" + right[1:]), false, false, false, false},
		{"half a token", with(right[:len(right)/2]), false, false, false, false},
		{"a token and more", with(right + "AA"), false, false, false, false},
		{"no base64", with(strings.Repeat("*", len(right))), false, false, false, false},
	} {
		_, body := get(t, base+"/api/v1/state", c.change)
		var s State
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatal(err)
		}
		if got := s.Screen.Name != ""; got != c.name1 {
			t.Errorf("%s: the screen's name is shown: %v", c.name, got)
		}
		if got := s.Screen.Offer != nil; got != c.offer {
			t.Errorf("%s: the offered credential is shown: %v", c.name, got)
		}
		if got := s.Frame.Faces[0].Person != ""; got != c.person {
			t.Errorf("%s: the face's person is shown: %v", c.name, got)
		}
		if got := s.Verdicts[0].Person != "" || s.Verdicts[0].Name != ""; got != c.person {
			t.Errorf("%s: the verdict's person is shown: %v", c.name, got)
		}
		if strings.Contains(body, "ana-4711") != c.person {
			t.Errorf("%s: the id is somewhere in %s", c.name, body)
		}
		if answer, _ := get(t, base+"/api/v1/picture.jpg", c.change); (answer.StatusCode == http.StatusOK) != c.jpg {
			t.Errorf("%s: the picture is answered with %s", c.name, answer.Status)
		}
	}
	// What is redacted in an answer is whole for the next one.
	if s := f.State(); s.Screen.Name == "" || s.Verdicts[0].Person == "" || s.Frame.Faces[0].Person == "" {
		t.Error("redacting an answer changed the terminal's own state")
	}
}

// A link's token becomes a cookie that no script can read, and leaves the address.
func TestLinkBecomesCookie(t *testing.T) {
	base, client := serve(t, personal())
	token := tokenOf(t, client, "screen")
	once := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := once.Get(base + "/screen?lang=es&token=" + token)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/screen?lang=es" {
		t.Errorf("%s to %q", answer.Status, answer.Header.Get("Location"))
	}
	c := answer.Cookies()
	if len(c) != 1 || c[0].Value != token || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Path != "/" {
		t.Errorf("cookies %+v", c)
	}
	if answer, body := get(t, base+"/?token=nonsense", nil); answer.StatusCode != http.StatusForbidden || !strings.Contains(body, "umbral page") {
		t.Errorf("a wrong token: %s %s", answer.Status, body)
	}
	if answer, _ := get(t, base+"/api/v1/link?for=page", func(r *http.Request) { r.Method = http.MethodPost }); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a link over loopback: %s", answer.Status)
	}
	if _, err := client.Link(t.Context(), "nothing"); err == nil {
		t.Error("a link to nothing was made")
	}
}

// stream follows the state until the connection ends.
func stream(t *testing.T, base string, change func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// However many pages follow the terminal, its own screen has its place; the newest screen takes it.
func TestScreenHasItsPlace(t *testing.T) {
	base, client := serve(t, newFake())
	for i := range maxStreams {
		if a := stream(t, base, nil); a.StatusCode != http.StatusOK {
			t.Fatalf("page %d: %s", i+1, a.Status)
		}
	}
	if a := stream(t, base, nil); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("page %d: %s", maxStreams+1, a.Status)
	}
	screen := with(tokenOf(t, client, "screen"))
	first := stream(t, base, screen)
	if first.StatusCode != http.StatusOK {
		t.Fatalf("the screen: %s", first.Status)
	}
	second := stream(t, base, screen)
	if second.StatusCode != http.StatusOK {
		t.Fatalf("the screen again: %s", second.Status)
	}
	buffer := make([]byte, 1<<16)
	for { // the first one ends
		if _, err := first.Body.Read(buffer); err != nil {
			break
		}
	}
	if n, err := second.Body.Read(buffer); err != nil || n == 0 {
		t.Errorf("the newer screen: %d bytes, %v", n, err)
	}
}

// Connections that say nothing make room for those that do, but not for one another's streams.
func TestConnectionsAreBounded(t *testing.T) {
	base, client := serve(t, newFake())
	kept := stream(t, base, with(tokenOf(t, client, "screen")))
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * maxVisitors {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if answer, body := get(t, base+"/api/v1/state", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("%s %s", answer.Status, body)
	}
	buffer := make([]byte, 1<<16)
	if n, err := kept.Body.Read(buffer); err != nil || n == 0 {
		t.Errorf("the screen's stream: %d bytes, %v", n, err)
	}
}

func TestVisitorsKeepTheirLimit(t *testing.T) {
	v := &visitors{}
	open := func() (*visitor, net.Conn, bool) {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { theirs.Close() })
		c, room := v.add(ours)
		return c, theirs, room
	}
	closed := func(c net.Conn) bool {
		c.SetReadDeadline(time.Now().Add(-time.Second))
		_, err := c.Read(make([]byte, 1))
		return err != nil && !os.IsTimeout(err)
	}
	var first net.Conn
	for i := range maxVisitors {
		_, theirs, room := open()
		if !room {
			t.Fatalf("no room for connection %d", i+1)
		}
		if i == 0 {
			first = theirs
		}
	}
	if _, _, room := open(); !room || !closed(first) || len(v.list) != maxVisitors {
		t.Errorf("one more: room %v, the oldest closed %v, %d open", room, closed(first), len(v.list))
	}
	for _, c := range v.list {
		c.keep()
	}
	if _, _, room := open(); room {
		t.Error("a connection with a token made room")
	}
	v.list[3].Close()
	if _, _, room := open(); !room {
		t.Error("a connection that was closed made no room")
	}
}

// Every route is documented, and every documented one exists.
func TestRoutesAreDocumented(t *testing.T) {
	code, err := os.ReadFile("handlers.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, m := range regexp.MustCompile(`mux\.Handle(?:Func)?\("([A-Z]+ /[^"]*)"`).FindAllStringSubmatch(string(code), -1) {
		served[strings.Replace(m[1], "{$}", "", 1)] = true
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([A-Z]+) +(/\S*)`).FindAllStringSubmatch(string(doc), -1) {
		told[fmt.Sprintf("%s %s", m[1], m[2])] = true
	}
	for route := range served {
		if !told[route] {
			t.Errorf("%s is served and not documented", route)
		}
	}
	for route := range told {
		if !served[route] {
			t.Errorf("%s is documented and not served", route)
		}
	}
	if len(served) < 15 {
		t.Errorf("only %d routes were found", len(served))
	}
}

// linked returns the address of a page with a token.
func linked(t *testing.T, base string, c *Client, path string) string {
	t.Helper()
	u, err := url.Parse(base + path)
	if err != nil {
		t.Fatal(err)
	}
	name := "page"
	if strings.HasPrefix(path, "/screen") {
		name = "screen"
	}
	q := u.Query()
	q.Set("token", tokenOf(t, c, name))
	u.RawQuery = q.Encode()
	return u.String()
}
