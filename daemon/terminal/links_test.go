package terminal

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"
)

// stateBehind returns the state that a browser sees which followed a link.
func stateBehind(t *testing.T, link string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	browser := &http.Client{Jar: jar, Transport: transport, Timeout: 10 * time.Second}
	var body []byte
	for _, address := range []string{link, "/api/v1/state"} {
		to, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if to, err = to.Parse(address); err != nil {
			t.Fatal(err)
		}
		answer, err := browser.Get(to.String())
		if err != nil {
			t.Fatal(err)
		}
		body, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", to, answer.Status, err)
		}
	}
	return string(body)
}
