// Package config is the terminal's configuration: TOML in, a typed and validated value out.
//
// Every key has a default, a unit and a range; umbral.toml, which is embedded in the program, explains each of them.
// Ranges, units and choices stand in the tags of the fields, so that the parser, the validation and the test that
// compares umbral.toml with this file read the same text.
package config

import (
	_ "embed"
	"time"

	"umbral/config/policy"
)

//go:embed umbral.toml
var example string

// Example is the text of umbral.toml: every key with its explanation and its default.
func Example() string { return example }

// Config is the whole configuration of one terminal. Tags: toml is the key; unit its unit; range the lowest and the
// highest value allowed (of each element of a list); oneof the words allowed; length the number of elements or of bytes
// allowed; path marks names of files and folders, which Load resolves against the folder of the configuration file.
type Config struct {
	Terminal    Terminal    `toml:"terminal"`
	Camera      Camera      `toml:"camera"`
	Models      Models      `toml:"models"`
	Face        Face        `toml:"face"`
	Liveness    Liveness    `toml:"liveness"`
	Gallery     Gallery     `toml:"gallery"`
	Passage     Passage     `toml:"passage"`
	Credential  Credential  `toml:"credential"`
	Card        Card        `toml:"card"`
	Speech      Speech      `toml:"speech"`
	Finger      Finger      `toml:"finger"`
	Remote      Remote      `toml:"remote"`
	Review      Review      `toml:"review"`
	Eligibility Eligibility `toml:"eligibility"`
	Issue       Issue       `toml:"issue"`
	Door        Door        `toml:"door"`
	Board       Board       `toml:"board"`
	Store       Store       `toml:"store"`
	Fleet       Fleet       `toml:"fleet"`
	Local       Local       `toml:"local"`
	Clock       Clock       `toml:"clock"`
	Log         Log         `toml:"log"`
}

// Terminal says which terminal this is and what it may use.
type Terminal struct {
	ID        string `toml:"id" length:"1..64"`
	Site      string `toml:"site" length:"0..64"`
	StateDir  string `toml:"state_dir" length:"1..4096" path:"dir"`
	MemoryMiB int    `toml:"memory_mib" unit:"MiB" range:"64..16384"`
}

// Camera says where frames come from.
type Camera struct {
	Source       string        `toml:"source" length:"1..4096" path:"replay"`
	Width        int           `toml:"width" unit:"px" range:"160..3840"`
	Height       int           `toml:"height" unit:"px" range:"120..2160"`
	FPS          int           `toml:"fps" unit:"frames/s" range:"1..120"`
	Formats      []string      `toml:"formats" oneof:"YUYV|NV12|MJPG|GREY" length:"1..4"`
	StallTimeout time.Duration `toml:"stall_timeout" range:"100ms..1m"`
	Buffers      int           `toml:"buffers" unit:"frames" range:"3..16"`
	Controls     []string      `toml:"controls" length:"0..32"`
}

// Models says which models are loaded and how they run.
type Models struct {
	Dir      string `toml:"dir" length:"0..4096" path:"dir"`
	Manifest string `toml:"manifest" length:"0..4096" path:"file"`
	Threads  int    `toml:"threads" unit:"threads" range:"0..64"`
	SIMD     string `toml:"simd" oneof:"auto|generic|avx2|avx512|neon"`
}

// Face says which faces are good enough and which are the same person's.
type Face struct {
	DetectScore       float64 `toml:"detect_score" range:"0.3..0.95"`
	MinHeight         int     `toml:"min_height" unit:"px" range:"40..1000"`
	MinSharpness      float64 `toml:"min_sharpness" range:"0..1000000"`
	MinBrightness     float64 `toml:"min_brightness" range:"0..254"`
	MaxBrightness     float64 `toml:"max_brightness" range:"1..255"`
	MaxYaw            float64 `toml:"max_yaw" unit:"degrees" range:"5..90"`
	MaxPitch          float64 `toml:"max_pitch" unit:"degrees" range:"5..90"`
	MaxRoll           float64 `toml:"max_roll" unit:"degrees" range:"5..90"`
	Population        string  `toml:"population" length:"1..64"`
	VerifyFMR         float64 `toml:"verify_fmr" range:"1e-7..1e-2"`
	IdentifyFMR       float64 `toml:"identify_fmr" range:"1e-7..1e-2"`
	VerifyThreshold   float64 `toml:"verify_threshold" range:"0..1"`
	IdentifyThreshold float64 `toml:"identify_threshold" range:"0..1"`
	Margin            float64 `toml:"margin" range:"0..0.5"`
	MatchFrames       int     `toml:"match_frames" unit:"frames" range:"1..30"`
	NoMatchFrames     int     `toml:"no_match_frames" unit:"frames" range:"2..60"`
}

// Liveness says when a face counts as a living person's.
type Liveness struct {
	Threshold     float64 `toml:"threshold" range:"0.05..0.99"`
	MinScore      float64 `toml:"min_score" range:"0..0.95"`
	MaxSpread     float64 `toml:"max_spread" range:"0.01..0.5"`
	Frames        int     `toml:"frames" unit:"frames" range:"2..30"`
	NotLiveFrames int     `toml:"not_live_frames" unit:"frames" range:"2..60"`
}

// Gallery bounds the references that are searched.
type Gallery struct {
	Capacity int `toml:"capacity" unit:"references" range:"1..100000"`
}

// Passage holds the site's rule and the times of a passage.
type Passage struct {
	Policy        policy.Policy `toml:"policy" length:"1..512"`
	StartFrames   int           `toml:"start_frames" unit:"frames" range:"1..30"`
	DecideTimeout time.Duration `toml:"decide_timeout" range:"1s..5m"`
	LostAfter     time.Duration `toml:"lost_after" range:"100ms..10s"`
	CrowdRatio    float64       `toml:"crowd_ratio" range:"0.2..1"`
	CrowdClear    time.Duration `toml:"crowd_clear" range:"100ms..5s"`
	CrowdTimeout  time.Duration `toml:"crowd_timeout" range:"1s..30s"`
	ShowVerdict   time.Duration `toml:"show_verdict" range:"500ms..30s"`
	Cooldown      time.Duration `toml:"cooldown" range:"1s..10m"`
	RegrantAfter  time.Duration `toml:"regrant_after" range:"1s..1h"`
}

// Board says what board the terminal runs on.
type Board struct {
	Profile string `toml:"profile" oneof:"auto|raspberry-pi-3|raspberry-pi-4|raspberry-pi-5|raspberry-pi-zero-2|beaglebone-black|radxa-zero-3|generic"`
}

// Door says what moves and what is watched.
type Door struct {
	Kind               string        `toml:"kind" oneof:"simulated|gpio"`
	Chip               string        `toml:"chip" length:"1..256"`
	RelayLine          int           `toml:"relay_line" range:"-1..1023"`
	ContactLine        int           `toml:"contact_line" range:"-1..1023"`
	ExitLine           int           `toml:"exit_line" range:"-1..1023"`
	TamperLine         int           `toml:"tamper_line" range:"-1..1023"`
	InterlockLine      int           `toml:"interlock_line" range:"-1..1023"`
	LampLine           int           `toml:"lamp_line" range:"-1..1023"`
	BuzzerLine         int           `toml:"buzzer_line" range:"-1..1023"`
	RelayActiveLow     bool          `toml:"relay_active_low"`
	ContactActiveLow   bool          `toml:"contact_active_low"`
	ExitActiveLow      bool          `toml:"exit_active_low"`
	TamperActiveLow    bool          `toml:"tamper_active_low"`
	InterlockActiveLow bool          `toml:"interlock_active_low"`
	LampActiveLow      bool          `toml:"lamp_active_low"`
	BuzzerActiveLow    bool          `toml:"buzzer_active_low"`
	ExitOpens          bool          `toml:"exit_opens"`
	Pulse              time.Duration `toml:"pulse" range:"100ms..30s"`
	HeldOpen           time.Duration `toml:"held_open" range:"1s..1h"`
}

// Store bounds what is kept and says how it is protected.
type Store struct {
	FileMiB      int           `toml:"file_mib" unit:"MiB" range:"8..1024"`
	JournalMiB   int           `toml:"journal_mib" unit:"MiB" range:"1..510"`
	People       int           `toml:"people" unit:"people" range:"1..100000"`
	Faces        int           `toml:"faces" unit:"people" range:"0..100000"`
	EraseAfter   time.Duration `toml:"erase_after" range:"0s..8760h"`
	KeyFile      string        `toml:"key_file" length:"0..4096" path:"file"`
	CopyInterval time.Duration `toml:"copy_interval" range:"10s..168h"`
}

// Fleet is the MQTT link to the operator.
type Fleet struct {
	Enabled        bool          `toml:"enabled"`
	Broker         string        `toml:"broker" length:"0..256"`
	Username       string        `toml:"username" length:"0..128"`
	PasswordFile   string        `toml:"password_file" length:"0..4096" path:"file"`
	CA             string        `toml:"ca" length:"0..4096" path:"file"`
	Certificate    string        `toml:"certificate" length:"0..4096" path:"file"`
	CertificateKey string        `toml:"certificate_key" length:"0..4096" path:"file"`
	ServerName     string        `toml:"server_name" length:"0..253"`
	KeepAlive      time.Duration `toml:"keep_alive" range:"5s..1h"`
	Interval       time.Duration `toml:"interval" range:"1s..24h"`
	CommandMaxAge  time.Duration `toml:"command_max_age" range:"1s..15m"`
	CommandMaxSkew time.Duration `toml:"command_max_skew" range:"0s..1h"`
	Keys           []CommandKey  `toml:"keys" length:"0..32"`
}

// CommandKey is a public key whose holder may command this terminal.
type CommandKey struct {
	Name     string   `toml:"name" length:"1..48"`
	Public   string   `toml:"public" length:"44..44"`
	Commands []string `toml:"commands" oneof:"status|door.open|review.answer|person.block|person.unblock" length:"1..5"`
}

// Local is the technician's page, the gate's screen and the tool's socket.
type Local struct {
	HTTP         string `toml:"http" length:"0..64"`
	NextFreePort bool   `toml:"next_free_port"`
	Socket       string `toml:"socket" length:"0..107" path:"file"`
	LivePicture  bool   `toml:"live_picture"`
}

// Clock says when the wall clock is believed.
type Clock struct {
	NTP          bool          `toml:"ntp"`
	MaxDrift     time.Duration `toml:"max_drift" range:"10ms..1m"`
	GrantTrust   policy.Trust  `toml:"grant_trust" oneof:"unknown|rtc|broker|ntp"`
	CommandTrust policy.Trust  `toml:"command_trust" oneof:"unknown|rtc|broker|ntp"`
}

// Log is the daemon's own log, on standard error.
type Log struct {
	Level string `toml:"level" oneof:"debug|info|warn|error"`
}

// Default is the configuration of a file that says nothing.
func Default() Config {
	return Config{
		Terminal: Terminal{ID: "gate-1", StateDir: "/var/lib/umbral", MemoryMiB: 256},
		Camera: Camera{
			Source: "v4l2:", Width: 640, Height: 480, FPS: 30, Formats: []string{"YUYV", "NV12", "MJPG", "GREY"},
			StallTimeout: 2 * time.Second, Buffers: 4, Controls: []string{},
		},
		Models: Models{SIMD: "auto"},
		Face: Face{
			DetectScore: 0.6, MinHeight: 80, MinSharpness: 40, MinBrightness: 40, MaxBrightness: 220,
			MaxYaw: 30, MaxPitch: 25, MaxRoll: 30,
			Population: "cautious", VerifyFMR: 1e-3, IdentifyFMR: 1e-4, Margin: 0.05, MatchFrames: 3, NoMatchFrames: 8,
		},
		Liveness: Liveness{Threshold: 0.5, MinScore: 0.1, MaxSpread: 0.35, Frames: 5, NotLiveFrames: 12},
		Gallery:  Gallery{Capacity: 2000},
		Passage: Passage{
			Policy: policy.MustParse("face and live"), StartFrames: 2, DecideTimeout: 8 * time.Second, LostAfter: time.Second,
			CrowdRatio: 0.5, CrowdClear: 700 * time.Millisecond, CrowdTimeout: 6 * time.Second,
			ShowVerdict: 3 * time.Second, Cooldown: 5 * time.Second, RegrantAfter: 20 * time.Second,
		},
		Credential: Credential{MaxAge: 30 * time.Second, MaxSkew: 5 * time.Second, Trust: policy.TrustRTC, BarCodes: true, Issuers: []Issuer{}},
		Card:       Card{Sides: "front", MinConfidence: 0.8, Readings: 2, Timeout: 20 * time.Second},
		Speech:     Speech{Kind: "digits", Prompts: 6, Attempts: 2},
		Finger:     Finger{Sensor: "none", Baud: 57_600, FMR: 1e-3, Presses: 3, LeastQuality: 15, Gallery: 200},
		Remote:     Remote{Timeout: 5 * time.Second, Send: "nothing"},
		Review:     Review{Leave: 5 * time.Second, Approvals: 1, Failures: []string{}, Readers: []string{}},
		Eligibility: Eligibility{
			MinAge: 16, Guardian: "present", GuardianTimeout: 20 * time.Second, Trust: policy.TrustRTC, Checklist: []string{}, Schedules: []Schedule{},
		},
		Issue: Issue{Valid: 8760 * time.Hour},
		Door: Door{
			Kind: "simulated", Chip: "/dev/gpiochip0", RelayLine: -1, ContactLine: -1, ExitLine: -1, TamperLine: -1, InterlockLine: -1, LampLine: -1, BuzzerLine: -1,
			ContactActiveLow: true, ExitActiveLow: true, TamperActiveLow: true, ExitOpens: true,
			Pulse: 3 * time.Second, HeldOpen: 30 * time.Second,
		},
		Board: Board{Profile: "auto"},
		Store: Store{
			FileMiB: 128, JournalMiB: 24, People: 2000, Faces: 100_000, EraseAfter: 24 * time.Hour, CopyInterval: 10 * time.Minute,
		},
		Fleet: Fleet{
			KeepAlive: 30 * time.Second, Interval: 30 * time.Second, CommandMaxAge: 2 * time.Minute, CommandMaxSkew: 30 * time.Second,
			Keys: []CommandKey{},
		},
		Local: Local{HTTP: "127.0.0.1:8600", Socket: "/run/umbral/umbral.sock", LivePicture: true},
		Clock: Clock{NTP: true, MaxDrift: 2 * time.Second, GrantTrust: policy.TrustUnknown, CommandTrust: policy.TrustRTC},
		Log:   Log{Level: "info"},
	}
}
