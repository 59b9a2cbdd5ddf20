package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/template"
	"time"
	"unicode"

	"go.etcd.io/bbolt"
)

// Export is everything that the store holds about a person, for the person: a program reads it as JSON, a person the
// text that WriteText makes of it.
type Export struct {
	Made       time.Time           `json:"made"` // by the store's clock
	Clock      string              `json:"clock"`
	Person     Person              `json:"person"`
	Alias      string              `json:"alias"` // what the journal calls the person
	File       ExportedFile        `json:"file"`
	References []ExportedReference `json:"references"`
	Reviews    []Review            `json:"reviews"`
	Entries    []ExportedEntry     `json:"entries"` // of the journal, that name the person
}

// ExportedFile is an enrolment file without the secret of one-time passwords, which the person's phone has.
type ExportedFile struct {
	File
	SecretBytes int      `json:"secret_bytes,omitempty"`
	Guards      []string `json:"guardian_of,omitempty"` // for whom the person may stand
}

// ExportedReference is a biometric template.
type ExportedReference struct {
	Number   uint32    `json:"number"`
	Kind     Kind      `json:"kind"`
	Position uint8     `json:"position,omitempty"` // of a finger
	Model    string    `json:"model"`
	Source   string    `json:"source,omitempty"`
	Quality  float32   `json:"quality"`
	Created  time.Time `json:"created"`
	Ended    bool      `json:"consent_ended,omitempty"`
	Template []byte    `json:"template"` // of a face 32-bit floats, big-endian; else as Model says
}

// ExportedEntry is an entry of the journal.
type ExportedEntry struct {
	Position Position        `json:"position"`
	Wall     time.Time       `json:"wall"`
	Clock    string          `json:"clock"`
	Kind     string          `json:"kind"`
	Payload  json.RawMessage `json:"payload"` // a string in base64 where it is not JSON
}

// Export collects what is held about a person. ErrNotFound if there is no such person.
func (s *Store) Export(id string) (Export, error) {
	alias, err := s.Alias(id)
	if err != nil {
		return Export{}, err
	}
	made, clock := s.clock()
	out := Export{
		Made: made.UTC(), Clock: clock, Alias: alias,
		References: []ExportedReference{}, Reviews: []Review{}, Entries: []ExportedEntry{},
	}
	err = s.read(func(tx *bbolt.Tx) (err error) {
		tag := s.keys.tag(id)
		if out.Person, err = openPerson(tx, s.keys, tag); err != nil {
			return err
		}
		if out.File.File, err = openFile(tx, s.keys, tag); err != nil {
			return err
		}
		out.File.SecretBytes, out.File.File.Secret = len(out.File.File.Secret), nil
		reviews, err := openReviews(tx, s.keys)
		for _, r := range reviews {
			if r.Person == id {
				out.Reviews = append(out.Reviews, r)
			}
		}
		return err
	})
	if err != nil {
		return Export{}, err
	}
	if err := s.exportReferences(&out, id); err != nil {
		return Export{}, err
	}
	err = s.EachFile(func(p Person, f File) error {
		for _, g := range f.Guardians {
			if g == id {
				out.File.Guards = append(out.File.Guards, p.ID)
			}
		}
		return nil
	})
	if err != nil {
		return Export{}, err
	}
	return out, s.exportEntries(&out, id)
}

func (s *Store) exportReferences(out *Export, id string) error {
	refs, err := s.References(id)
	for _, r := range refs {
		e := ExportedReference{
			Number: r.Number, Kind: r.Kind, Position: r.Position, Model: r.Model, Source: r.Source, Quality: r.Quality,
			Created: r.Created, Ended: r.Ended, Template: r.Data,
		}
		for _, v := range r.Template {
			e.Template = binary.BigEndian.AppendUint32(e.Template, math.Float32bits(v))
		}
		out.References = append(out.References, e)
	}
	return err
}

// exportEntries collects the entries that name the person, with the id in the place of the alias. What they say of
// others is in them too.
func (s *Store) exportEntries(out *Export, id string) error {
	for after := (Position{}); ; {
		batch, err := s.Next(after, maxNext)
		if err != nil || len(batch) == 0 {
			return err
		}
		for i := range batch {
			e := &batch[i]
			after = e.Position
			if !s.names(e, id, out.Alias) {
				continue
			}
			payload, err := s.opts.Rename(e.Kind, e.Payload, func(name string) string {
				if name == out.Alias {
					return id
				}
				return name
			})
			if err != nil {
				payload = e.Payload
			}
			if !json.Valid(payload) {
				if payload, err = json.Marshal(payload); err != nil {
					return err
				}
			}
			out.Entries = append(out.Entries, ExportedEntry{e.Position, e.Wall, e.Clock, e.Kind, payload})
		}
	}
}

// WriteText writes the export for a person to read.
func (e *Export) WriteText(w io.Writer) error {
	var b bytes.Buffer
	if err := exportText.Execute(&b, e); err != nil {
		return fmt.Errorf("store: export: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

var exportText = template.Must(template.New("export").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"text": plainText,
	"join": strings.Join,
}).Parse(`What this terminal holds about {{text .Person.ID}}, as of {{time .Made}} (clock: {{text .Clock}})

Person
  id        {{text .Person.ID}}
  name      {{text .Person.Name}}
  status    {{.Person.Status}}
  enrolled  {{time .Person.Created}}
  alias     {{.Alias}}: what the journal calls the person
{{- with .Person.Fields}}
  fields    {{text (printf "%s" .)}}{{end}}

Enrolment file
  born {{or .File.Born "not known"}}, valid {{or .File.ValidFrom "from any day"}} to {{or .File.ValidUntil "any day"}}
  guardians: {{or (text (join .File.Guardians ", ")) "none"}}; guardian of: {{or (text (join .File.Guards ", ")) "nobody"}}
  schedule: {{or (text .File.Schedule) "none"}}; occasion: {{or (text (printf "%s" .File.Occasion)) "none"}}
  secret of one-time passwords: {{if .File.SecretBytes}}{{.File.SecretBytes}} bytes, not shown{{else}}none{{end}}
{{- with .File.Blocked}}
  blocked since {{time .Since}} by {{text .By}}: {{text .Reason}}{{end}}
{{- range .File.Ticks}}
  seen: {{text .Item}}, by {{text .By}} on {{time .At}}{{if not .Until.IsZero}}, until {{time .Until}}{{end}}{{with .Note}} ({{text .}}){{end}}{{end}}

Biometric references: {{len .References}}
{{- range .References}}
  {{.Number}}: {{.Kind}}{{if .Position}} {{.Position}}{{end}}, {{len .Template}} bytes, of {{time .Created}}, from {{text .Source}}, model {{text .Model}}
{{- if .Ended}}, no longer used: the consent has ended{{end}}{{end}}

Reviews: {{len .Reviews}}
{{- range .Reviews}}
  passage {{text .ID}}, opened {{time .Opened}}: {{.Outcome}}{{end}}

Journal: {{len .Entries}}
{{- range .Entries}}
  {{.Position}} {{time .Wall}} {{text .Kind}}: {{text (printf "%s" .Payload)}}{{end}}
`))

// plainText leaves out what would do something to a screen or printer.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}
