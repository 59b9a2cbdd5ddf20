package challenge

import "time"

// Phase is what the screen is for at an instant.
type Phase uint8

// The phases of a challenge, in order; Showing and Waiting alternate.
const (
	GettingReady Phase = iota
	Showing
	Waiting
	Over
)

// Prompt is what the screen shows at an instant. It tells nothing of what comes.
type Prompt struct {
	Kind  Kind
	Phase Phase
	// What is the digit or the Movement of phase Showing.
	What uint8
	// Done is how many prompts have appeared, of how many.
	Done, Of int
	// Countdown is, while getting ready, how long until prompts may come.
	Countdown time.Duration
	// Share of the challenge's time that is over, 0 to 1.
	Share float32
}

// At is what the screen shows at an instant after the begin. Before the begin it is what it shows at the begin.
func (s *Schedule) At(at time.Duration) Prompt {
	at = max(at, 0)
	o := &s.opts
	p := Prompt{Kind: o.Kind, Of: o.Prompts, Share: min(1, float32(at)/float32(o.Length()))}
	if at < o.Lead {
		p.Countdown = o.Lead - at
		return p
	}
	p.Phase = Waiting
	for _, a := range s.Prompts() {
		if at < a.At {
			break
		}
		p.Done++
		if at < a.At+o.Show {
			p.Phase, p.What = Showing, a.What
		}
	}
	if at >= o.Length() {
		p.Phase = Over
	}
	return p
}

// language is one set of texts.
type language struct {
	read, move, wait, over string
	movements              [movements]string
}

var languages = map[string]*language{
	"en": {
		read: "Read each number aloud when it appears. Stay silent in between.",
		move: "Do what the screen says when it appears. Hold still in between.",
		wait: "wait", over: "thank you",
		movements: [movements]string{"turn your head to your left", "turn your head to your right", "nod", "close both eyes for a moment"},
	},
	"es": {
		read: "Lea cada número en voz alta cuando aparezca. Guarde silencio entre uno y otro.",
		move: "Haga lo que indique la pantalla cuando aparezca. Quédese quieto entre una cosa y otra.",
		wait: "espere", over: "gracias",
		movements: [movements]string{"gire la cabeza hacia su izquierda", "gire la cabeza hacia su derecha", "asienta con la cabeza", "cierre los dos ojos un momento"},
	},
	"zh": {
		read: "数字出现时请大声读出，其间请保持安静。",
		move: "请按屏幕提示做动作，其间请保持不动。",
		wait: "请稍候", over: "谢谢",
		movements: [movements]string{"请向您的左侧转头", "请向您的右侧转头", "请点头", "请闭眼片刻"},
	},
}

// Languages that Text knows.
func Languages() []string { return []string{"en", "es", "zh"} }

// Text is what to show in a language: a digit as itself. A language that is not known is English.
func (p Prompt) Text(lang string) string {
	l := languages[lang]
	if l == nil {
		l = languages["en"]
	}
	switch {
	case p.Phase == GettingReady && p.Kind == Move:
		return l.move
	case p.Phase == GettingReady:
		return l.read
	case p.Phase == Over:
		return l.over
	case p.Phase == Waiting:
		return l.wait
	case p.Kind == ReadAloud && p.What < 10:
		return "0123456789"[p.What : p.What+1]
	case p.Kind == Move && p.What < uint8(movements):
		return l.movements[p.What]
	}
	return ""
}
