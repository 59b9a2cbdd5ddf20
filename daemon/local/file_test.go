package local

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func (f *fake) File(id string) (File, error) {
	if _, err := f.Person(id); err != nil {
		return File{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file, nil
}

func (f *fake) EditFile(id string, e FileEdit) (File, error) {
	if e.Change != "tick" {
		return File{}, fmt.Errorf("%w: change %q", ErrRefused, e.Change)
	}
	if _, err := f.Person(id); err != nil {
		return File{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.file.ID = id
	f.file.Ticks = append(f.file.Ticks, Tick{Item: e.Item, By: e.By, Note: e.Note})
	return f.file, nil
}

func TestFileThroughTheSocket(t *testing.T) {
	f := newFake()
	base, c := serve(t, f)
	ctx := t.Context()
	edit := FileEdit{Change: "tick", By: "clerk", Item: "application-form", Note: "two pages"}
	got, err := c.EditFile(ctx, "ana", edit)
	if err != nil || got.ID != "ana" || len(got.Ticks) != 1 || got.Ticks[0] != (Tick{Item: "application-form", By: "clerk", Note: "two pages"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err = c.File(ctx, "ana"); err != nil || len(got.Ticks) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.File(ctx, "bob"); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody's file: %v", err)
	}
	if _, err := c.EditFile(ctx, "ana", FileEdit{Change: "burn"}); !errors.Is(err, ErrRefused) {
		t.Errorf("an unknown change: %v", err)
	}
	if _, err := c.EditFile(ctx, "ana", FileEdit{Change: "tick", Note: strings.Repeat("x", maxEditBytes)}); err == nil || !strings.Contains(err.Error(), "at most 16384 bytes") {
		t.Errorf("a long note: %v", err)
	}
	// Loopback pages neither show nor change files.
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		request, err := http.NewRequest(method, base+"/api/v1/people/ana/file", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s over loopback: %s", method, response.Status)
		}
	}
}
