package local

import "time"

// State is all that the technician's page shows. Times are RFC 3339; durations are in the unit of their names.
type State struct {
	Terminal   string      `json:"terminal"`
	Site       string      `json:"site"`
	Version    string      `json:"version"`
	Started    time.Time   `json:"started"`
	Uptime     int64       `json:"uptime_s"` // since then by the monotonic clock, whatever became of the wall clock
	Boot       uint64      `json:"boot"`
	Clock      Clock       `json:"clock"`
	Conditions []Condition `json:"conditions"` // worst first, empty while all is well
	Camera     Camera      `json:"camera"`
	Finger     *Finger     `json:"finger,omitempty"` // nil without a fingerprint sensor
	Stages     []Stage     `json:"stages"`
	Frame      Frame       `json:"frame"`
	Passage    Passage     `json:"passage"`
	Screen     Screen      `json:"screen"`
	Verdicts   []Verdict   `json:"verdicts"` // newest first
	Door       Door        `json:"door"`
	Store      Store       `json:"store"`
	Fleet      Fleet       `json:"fleet"`
	Models     []Model     `json:"models"`
	Memory     Memory      `json:"memory"`
	Config     string      `json:"config"` // digest
}

// Clock is the wall clock and how far it is trusted: unknown, rtc, broker, ntp.
type Clock struct {
	Wall  time.Time `json:"wall"`
	Trust string    `json:"trust"`
}

// Condition is something that is wrong: info, warning or critical.
type Condition struct {
	Code     string    `json:"code"`
	Severity string    `json:"severity"`
	Text     string    `json:"text"`
	Since    time.Time `json:"since"`
}

// Camera is where frames come from.
type Camera struct {
	Source  string            `json:"source"`
	Device  string            `json:"device"`
	State   string            `json:"state"`
	Text    string            `json:"text,omitempty"` // the last error
	Note    string            `json:"note,omitempty"` // what a replay shows
	Format  string            `json:"format"`
	Width   int               `json:"width"`
	Height  int               `json:"height"`
	FPS     float64           `json:"fps"`
	Frames  uint64            `json:"frames"`
	Dropped uint64            `json:"dropped"`
	Broken  uint64            `json:"broken"` // frames that could not be decoded
	Faults  map[string]uint64 `json:"faults"`
}

// Finger is the fingerprint sensor.
type Finger struct {
	Device    string `json:"device"`
	Fault     string `json:"fault,omitempty"` // empty while it answers
	Presses   uint64 `json:"presses"`         // pictures taken
	Matched   uint64 `json:"matched"`         // passages whose finger was the person's
	Views     int    `json:"views"`           // that are searched where nobody is known yet
	Exchanges uint64 `json:"exchanges"`
	Repeated  uint64 `json:"repeated"`
	Damaged   uint64 `json:"damaged"`
	Timeouts  uint64 `json:"timeouts"`
	Opened    uint64 `json:"opened"`
}

// Stage is how long one step of the frame loop takes.
type Stage struct {
	Name  string  `json:"name"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	Count uint64  `json:"count"`
}

// Frame is what was found on the newest frame. Lengths are in pixels of the picture.
type Frame struct {
	Sequence uint64  `json:"sequence"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	FPS      float64 `json:"analysed_fps"`
	Faces    []Face  `json:"faces"`
}

// Face is one face.
type Face struct {
	Track    uint32       `json:"track"`
	Box      [4]float32   `json:"box"` // x0, y0, x1, y1
	Points   [][2]float32 `json:"points"`
	Problems []string     `json:"problems"` // in plain words
	Quality  float32      `json:"quality"`
	Live     *float64     `json:"live"`  // nil where it was not computed on this frame
	Score    *float64     `json:"score"` // similarity with Person
	Person   string       `json:"person,omitempty"`
	Matched  bool         `json:"matched"` // the similarity reaches the threshold
}

// Passage is the attempt under way.
type Passage struct {
	ID        string  `json:"id,omitempty"`
	Policy    string  `json:"policy"`
	Threshold float64 `json:"threshold"`
	FMR       string  `json:"fmr"`
}

// Screen is what the gate's screen shows.
type Screen struct {
	// Code is idle, guide, look, one-at-a-time, wait, granted, denied, referred, lingering, out-of-order, ask or guardian.
	Code     string   `json:"code"`
	Problem  string   `json:"problem"` // of guide
	Reason   string   `json:"reason"`  // of denied, referred, out-of-order
	Text     string   `json:"text"`    // the reason in a sentence
	Name     string   `json:"name"`    // of granted
	Progress int      `json:"progress"`
	Ask      []string `json:"ask,omitempty"`    // of ask: any of these kinds of evidence
	Hint     string   `json:"hint,omitempty"`   // of ask: what to do better
	Prompt   *Prompt  `json:"prompt,omitempty"` // of ask speech, while the challenge runs
	Offer    *Offer   `json:"offer,omitempty"`  // of granted, where the site issues a credential to whoever was proofed
}

// Offer is a credential that waits for its holder's phone.
type Offer struct {
	Code string   `json:"code"` // one-time
	QR   []string `json:"qr"`   // the code with the wallet's address, row by row: 1 is dark
}

// Prompt is what a challenge shows now. It tells nothing of what comes.
type Prompt struct {
	Kind  string  `json:"kind"`  // digits, move
	Phase string  `json:"phase"` // ready, show, wait, over
	What  int     `json:"what"`  // of show: the digit, or the movement: 0 turn left, 1 turn right, 2 nod, 3 close the eyes
	Done  int     `json:"done"`  // prompts that have appeared, of
	Of    int     `json:"of"`
	Share float32 `json:"share"` // of the time that is over, 0 to 1
}

// Verdict is one decision.
type Verdict struct {
	Time       time.Time `json:"time"`
	Passage    string    `json:"passage"`
	Kind       string    `json:"kind"` // passage, command, exit
	Verdict    string    `json:"verdict"`
	Reason     string    `json:"reason"`
	Reasons    []string  `json:"reasons"` // all of them, the first among them
	Text       string    `json:"text"`
	Person     string    `json:"person,omitempty"`
	Name       string    `json:"name,omitempty"`
	DurationMS int64     `json:"duration_ms"`
	Score      *float64  `json:"score"`
	Live       *float64  `json:"live"`
}

// Door is the door's state.
type Door struct {
	Device  string `json:"device"`
	Relay   bool   `json:"relay"`
	Contact string `json:"contact"`
	Button  bool   `json:"button"`
	Housing bool   `json:"housing_open,omitempty"`
	Other   bool   `json:"other_door_open,omitempty"`
	Fault   string `json:"fault,omitempty"`
	Text    string `json:"text"` // all of it, for people
}

// String says how the door is, for people.
func (d *Door) String() string {
	relay := "off"
	if d.Relay {
		relay = "on"
	}
	text := d.Device + ": relay " + relay + ", contact " + d.Contact
	for _, more := range []struct {
		is   bool
		text string
	}{{d.Button, ", exit button held"}, {d.Housing, ", housing open"}, {d.Other, ", another door open"}, {d.Fault != "", "; " + d.Fault}} {
		if more.is {
			text += more.text
		}
	}
	return text
}

// Store is the store's state.
type Store struct {
	People     int       `json:"people"`
	References int       `json:"references"`
	Capacity   int       `json:"capacity"`
	Entries    int       `json:"entries"`
	Pending    int       `json:"pending"` // not yet taken by the broker
	Head       string    `json:"head"`
	Cursor     string    `json:"cursor"`
	Bytes      int64     `json:"journal_bytes"`
	Limit      int64     `json:"journal_limit"`
	LastCopy   time.Time `json:"last_copy,omitzero"`
	Fault      string    `json:"fault,omitempty"`
	Recovery   string    `json:"recovery,omitempty"`
}

// Fleet is the link to the broker.
type Fleet struct {
	Enabled   bool      `json:"enabled"`
	Connected bool      `json:"connected"`
	Broker    string    `json:"broker"`
	Since     time.Time `json:"since,omitzero"`
	Error     string    `json:"error,omitempty"`
	Delivered uint64    `json:"delivered"`
	Connects  uint64    `json:"connects"`
	Executed  uint64    `json:"executed"`
	Refused   uint64    `json:"refused"`
}

// Model is one model in use.
type Model struct {
	Role   string `json:"role"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Memory is in bytes.
type Memory struct {
	RSS        int64  `json:"rss"`
	Heap       int64  `json:"heap"`
	Budget     int64  `json:"budget"`
	Limit      int64  `json:"limit"`
	Goroutines int    `json:"goroutines"`
	Kernels    string `json:"kernels"` // which the models run on
}
