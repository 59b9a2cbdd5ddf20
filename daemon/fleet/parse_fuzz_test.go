package fleet

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"
)

// The parsers of what comes from outside: whatever the bytes, none panics, and what one accepts keeps the limits that the
// rest of the program relies on.

func FuzzSignedMessages(f *testing.F) {
	link := Link{o: Opts{Terminal: "gate-1", Identity: seeded(7)}}
	review, err := link.publishedReview(Review{Statement: encoded(f, testStatement()), Answers: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("te/device/gate-1///review/7-12", review)
	f.Add("te/device/gate-1///review/7-12", []byte(`{"schema":1,"payload":"e30=","key":"gate-1","sig":"AA=="}`))
	f.Fuzz(func(t *testing.T, topic string, b []byte) {
		m, err := readSigned(b)
		if err == nil && (m.Schema != Schema || !validLevel(m.Key, maxTerminal)) {
			t.Fatalf("%s is read as %+v", b, m)
		}
		r, err := ReadReview(topic, b, nil)
		if err != nil {
			return
		}
		if err := r.Statement.check(); err != nil || r.Hash != StatementHash(m.Payload) || !strings.HasPrefix(topic, root+r.Terminal+noService) {
			t.Fatalf("%s on %q is read as %+v (%v)", b, topic, r, err)
		}
	})
}

func FuzzStatement(f *testing.F) {
	f.Add(encoded(f, testStatement()))
	f.Add([]byte(`{"schema":1,"terminal":"g","passage":"p","opened":"2026-03-01T12:00:00Z","deadline":"2026-03-01T12:00:01Z","clock":"ntp","reasons":null,"needed":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeStatement(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			t.Fatalf("%s is read as %+v, which cannot be written: %v", b, s, err)
		}
		if twice, err := DecodeStatement(again); err != nil || StatementHash(encoded(t, twice)) != StatementHash(again) {
			t.Fatalf("%s is written as %s, which reads as %+v (%v)", b, again, twice, err)
		}
	})
}

func FuzzQuestion(f *testing.F) {
	key, reader := readerPair(f)
	p := questionPayload{
		Schema: Schema, Terminal: "gate-1", Passage: "7-12", ID: "id", Nonce: "nonce", Issued: noon, Expires: noon.Add(time.Second), Purpose: PurposeVerify,
	}
	l, _, err := sealLetter(reader, p.context(), []byte(`{"subject":"1"}`))
	if err != nil {
		f.Fatal(err)
	}
	p.Enc, p.Data = l.Enc, l.Data
	b, err := encodeJSON(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readQuestion(b)
		if err != nil {
			return
		}
		if p.Expires.Sub(p.Issued) > MaxQuestionLife || !validLevel(p.ID, maxLevel) {
			t.Fatalf("%s is read as %+v", b, p)
		}
		// Whoever changed a byte of the letter or of what it is bound to does not get it opened.
		if plain, _, err := openLetter(key, p.context(), letter{p.Enc, p.Data}); err == nil && (!bytes.Equal(plain, []byte(`{"subject":"1"}`)) || p.Passage != "7-12") {
			t.Fatalf("%s opens to %s", b, plain)
		}
	})
}

func FuzzClaim(f *testing.F) {
	b, err := encodeJSON(testQuestion().Claim)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"template":[1e39]}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c, err := readClaim(b)
		if err == nil {
			q := Question{Passage: "p", Purpose: PurposeIdentify, Claim: c}
			_ = q.check()
		}
	})
}

func FuzzReply(f *testing.F) {
	b, err := encodeJSON(replyPayload{
		Schema: Schema, Terminal: "gate-1", Passage: "7-12", ID: "id", Question: strings.Repeat("0", 64), Outcome: OutcomeAccepted, Data: []byte{1}, Time: noon,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readReply(b)
		if err == nil && (&Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail}).check() != nil {
			t.Fatalf("%s is read as %+v", b, p)
		}
		_, _ = readSecret(b)
	})
}

func FuzzManifest(f *testing.F) {
	list := testList(1, 2*partBytes+1)
	m, err := newManifest("revocation", 1, list)
	if err != nil {
		f.Fatal(err)
	}
	b, err := encodeJSON(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.topic(), b)
	f.Add(m.topic(), []byte(`{"schema":1,"data":"AA=="}`))
	f.Fuzz(func(t *testing.T, topic string, b []byte) {
		_, _ = m.readPart(2, b)
		got, err := readManifest(topic, b)
		if err != nil {
			return
		}
		if got.Bytes > MaxListBytes || got.parts() < 1 || got.size(got.parts()-1) < 1 || got.size(got.parts()-1) > partBytes || got.topic() != topic {
			t.Fatalf("%s on %q is read as %+v", b, topic, got)
		}
	})
}

func FuzzSealed(f *testing.F) {
	key, reader := readerPair(f)
	b, err := SealPictures([]Reader{reader}, "gate-1", "7-12", testPictures())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	sum := sha256.Sum256(b)
	f.Fuzz(func(t *testing.T, c []byte) {
		pictures, err := OpenPictures(key, "gate-1", "7-12", c)
		if err == nil && sha256.Sum256(c) != sum && (len(pictures) != 2 || string(pictures[0].JPEG) != "\xff\xd8live") {
			t.Fatalf("%s opens to %+v", c, pictures)
		}
		_, _ = readPictures(c)
	})
}

func FuzzArguments(f *testing.F) {
	f.Add([]byte(`{"passage":"7-12","review":"` + strings.Repeat("0", 64) + `","answer":"deny"}`))
	f.Add([]byte(`{"person":"0a","reason":"lost"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{CommandReview, CommandBlock, CommandUnblock} {
			c := Command{Name: name, Args: b}
			_, blockErr := c.BlockArgs()
			_, reviewErr := c.ReviewArgs()
			for _, err := range []error{blockErr, reviewErr} {
				var failure *Failure
				if err != nil && (!errors.As(err, &failure) || failure.Reason != ReasonArguments) {
					t.Fatalf("unnamed error: %v", err)
				}
			}
		}
	})
}
