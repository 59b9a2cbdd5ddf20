package local

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPassages(t *testing.T) {
	f := newFake()
	_, c := serve(t, f)
	at := time.Date(2026, 11, 30, 8, 0, 0, 123, time.UTC)
	for _, q := range []PassageQuery{
		{},
		{Since: at}, {Until: at}, {Verdict: "deny"}, {Reason: "not-live"}, {Person: "ana & co"}, {Limit: 7},
		{Since: at, Until: at.Add(time.Hour), Verdict: "grant", Reason: "matched", Person: "ana", Limit: MaxPassages},
	} {
		lines, err := c.Passages(context.Background(), q)
		if err != nil || len(lines) != 1 || lines[0].Passage != "b1-000001" {
			t.Fatalf("%+v: %+v, %v", q, lines, err)
		}
		if f.query != q {
			t.Errorf("%+v was asked, %+v arrived", q, f.query)
		}
	}
	all, err := c.Explain(context.Background(), "b1-000001")
	if err != nil || len(all) != 1 || string(all[0]) != `{"why":"because"}` {
		t.Errorf("%s, %v", all, err)
	}
	if _, err := c.Explain(context.Background(), "b1-000002"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a passage that is not there: %v", err)
	}
}

func TestPassageQueryRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"since=today": `"since"`, "until=1": `"until"`, "limit=x": `"limit"`, "limit=0": "allowed 1 to 1000",
		"limit=1001": "allowed 1 to 1000", "limit=-1": "allowed 1 to 1000", "order=asc": "allowed since, until",
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := passageQuery(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}
