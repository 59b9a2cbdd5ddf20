package main

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"umbral/daemon/fleet"
)

// reviewPage shows a review and its pictures side by side. It loads nothing but the pictures beside it.
var reviewPage = template.Must(template.New("review").Funcs(template.FuncMap{
	"local": func(t time.Time) string { return t.Local().Format(time.DateTime) },
}).Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Passage {{.Review.Passage}} at {{.Review.Terminal}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }
h1 { font-size: 1.4rem }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem }
figure { flex: 1 1 18rem; margin: 0 0 1rem }
img { width: 100%; height: 22rem; object-fit: contain; background: #8883 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
dt { opacity: .7 }
dd { margin: 0; overflow-wrap: anywhere }
</style>
<h1>Passage {{.Review.Passage}} at {{.Review.Terminal}}</h1>
<div class="pictures">{{range .Pictures}}<figure><img src="{{.Name}}.jpg" alt="{{.Name}}"><figcaption>{{.Name}}{{if .Text}}: {{.Text}}{{end}}</figcaption></figure>
{{end}}</div>
<dl>
<dt>Reasons</dt><dd>{{range $i, $r := .Review.Reasons}}{{if $i}}, {{end}}{{$r}}{{end}}</dd>
{{range .Review.Evidence}}<dt>{{.Kind}}</dt><dd>{{.Outcome}}{{if .Detail}} ({{.Detail}}){{end}}</dd>
{{end}}{{if .Review.Person}}<dt>Person</dt><dd>{{.Review.Person}} (pseudonym)</dd>
{{end}}<dt>Deadline</dt><dd>{{local .Review.Deadline}}</dd>
<dt>Approvals</dt><dd>{{.Review.Needed}} of different reviewers; {{.Review.Answers}} have answered</dd>
<dt>Statement</dt><dd>{{.Review.Hash}}{{if not .Review.Verified}} (not verified){{end}}</dd>
</dl>
</html>
`))

// writeReviewFolder makes a folder of a review that only its owner can read. What is there already is not replaced.
func writeReviewFolder(dir string, r fleet.PublishedReview, pictures []fleet.Picture) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is not replaced (--out names a new folder)", dir)
	}
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := reviewPage.Execute(&page, map[string]any{"Review": r, "Pictures": pictures}); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	err = os.WriteFile(filepath.Join(dir, "index.html"), page.Bytes(), 0o600)
	for _, p := range pictures {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, p.Name+".jpg"), p.JPEG, 0o600))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}
