package fleet

import (
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// SentQuestion is a question as a terminal sends it, with what it takes to read the answer.
type SentQuestion struct {
	ID      string
	Topic   string
	Message []byte

	payload questionPayload
	digest  [32]byte // of the signed payload
	subject string   // claimed; empty to identify
	reply   cipher.AEAD
}

// SealQuestion encrypts q to the authority and signs it with the terminal's identity.
func SealQuestion(q Question, to Recipient, terminal Signer, issued time.Time, life time.Duration) (*SentQuestion, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	p := questionPayload{
		Schema: Schema, Terminal: terminal.Name, Passage: q.Passage, ID: RandomHex(8), Nonce: RandomHex(16),
		Issued: issued, Expires: issued.Add(min(life, MaxQuestionLife)), Purpose: q.Purpose,
	}
	claim, err := EncodeJSON(q.Claim)
	if err != nil {
		return nil, err
	}
	sealed, reply, err := sealLetter(to, p.context(), claim)
	if err != nil {
		return nil, err
	}
	p.Enc, p.Data = sealed.Enc, sealed.Data
	payload, err := EncodeJSON(p)
	if err != nil {
		return nil, err
	}
	message, err := signedMessage(DomainQuestion, payload, terminal)
	if err == nil && len(message) > MaxQuestionBytes {
		err = fmt.Errorf("fleet: question of %d bytes, limit %d", len(message), MaxQuestionBytes)
	}
	if err != nil {
		return nil, err
	}
	s := &SentQuestion{
		ID: p.ID, Topic: Topic(p.Terminal, ChannelRemote, p.ID, "request"), Message: message,
		payload: p, digest: sha256.Sum256(payload), reply: reply,
	}
	if q.Purpose == PurposeVerify {
		s.subject = q.Claim.Subject
	}
	return s, nil
}

// ReadReply reads an answer. It returns an error if one of the authorities has not signed it for this very question.
func (s *SentQuestion) ReadReply(message []byte, authorities []NamedKey) (Finding, error) {
	signed, err := ReadSigned(message)
	if err != nil {
		return Finding{}, err
	}
	i := slices.IndexFunc(authorities, func(k NamedKey) bool { return k.Name == signed.Key })
	if i < 0 || !signed.SignedBy(DomainReply, authorities[i].Public) {
		return Finding{}, fmt.Errorf("not signed by %q, or no authority of that name", Printable(signed.Key, 80))
	}
	p, err := readReplyPayload(signed.Payload)
	if err != nil {
		return Finding{}, err
	}
	if p.Terminal != s.payload.Terminal || p.Passage != s.payload.Passage || p.ID != s.ID || p.Question != HexDigest(s.digest) {
		return Finding{}, errors.New("made for another question")
	}
	secret, err := s.reply.Open(nil, nil, p.Data, []byte(p.Question))
	if err != nil {
		return Finding{}, errors.New("its encrypted part does not belong to the question")
	}
	who, err := readSecret(secret)
	if err != nil {
		return Finding{}, err
	}
	if s.subject != "" && who.Subject != "" && who.Subject != s.subject {
		return Finding{}, errors.New("it speaks of somebody else")
	}
	return Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail, Subject: who.Subject, Name: who.Name}, nil
}

// ReceivedQuestion is a question as the authority reads it.
type ReceivedQuestion struct {
	Question
	Terminal string
	Issued   time.Time
	Expires  time.Time
	Digest   [32]byte // of what the terminal signed: a question that is sent again has the same

	id    string
	reply cipher.AEAD
}

// ReadQuestion reads the message on a question's topic. It returns an error if the terminal of the topic has not signed it
// for that topic, is not among terminals, or has encrypted it to another key.
func ReadQuestion(topic string, message []byte, terminals []NamedKey, key RecipientKey) (*ReceivedQuestion, error) {
	terminal, channel, rest, err := ParseTopic(topic)
	if err != nil {
		return nil, err
	}
	if channel != ChannelRemote || len(rest) != 2 || len(message) > MaxQuestionBytes {
		return nil, fmt.Errorf("topic %q with %d bytes is no question's, limit %d", Printable(topic, 80), len(message), MaxQuestionBytes)
	}
	signed, err := ReadSigned(message)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(terminals, func(k NamedKey) bool { return k.Name == terminal })
	if i < 0 || signed.Key != terminal || !signed.SignedBy(DomainQuestion, terminals[i].Public) {
		return nil, fmt.Errorf("not signed by terminal %q, or that is not known", terminal)
	}
	p, err := readQuestionPayload(signed.Payload)
	if err != nil {
		return nil, err
	}
	if p.Terminal != terminal || p.ID != rest[0] {
		return nil, errors.New("signed for another topic")
	}
	plain, reply, err := openLetter(key, p.context(), letter{p.Enc, p.Data})
	if err != nil {
		return nil, err
	}
	claim, err := readClaim(plain)
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	q := &ReceivedQuestion{
		Question: Question{Passage: p.Passage, Purpose: p.Purpose, Claim: claim},
		Terminal: terminal, Issued: p.Issued, Expires: p.Expires, Digest: sha256.Sum256(signed.Payload), id: p.ID, reply: reply,
	}
	return q, q.Check()
}

// Reply returns the topic and the message of the authority's answer.
func (q *ReceivedQuestion) Reply(f Finding, now time.Time, authority Signer) (topic string, message []byte, err error) {
	secret, err := EncodeJSON(replySecret{f.Subject, f.Name})
	if err != nil {
		return "", nil, err
	}
	question := HexDigest(q.Digest)
	payload, err := EncodeJSON(replyPayload{
		Schema: Schema, Terminal: q.Terminal, Passage: q.Passage, ID: q.id, Question: question, Outcome: f.Outcome,
		Score: f.Score, Detail: f.Detail, Data: q.reply.Seal(nil, nil, secret, []byte(question)), Time: now.UTC().Round(0),
	})
	if err != nil {
		return "", nil, err
	}
	message, err = signedMessage(DomainReply, payload, authority)
	return Topic(q.Terminal, ChannelRemote, q.id, "answer"), message, err
}

// questionPayload is what the terminal signs.
type questionPayload struct {
	Schema   int       `json:"schema"`
	Terminal string    `json:"terminal"`
	Passage  string    `json:"passage"`
	ID       string    `json:"id"` // correlates the answer; last but one level of the topics
	Nonce    string    `json:"nonce"`
	Issued   time.Time `json:"issued"`
	Expires  time.Time `json:"expires"`
	Purpose  Purpose   `json:"purpose"`
	Enc      []byte    `json:"enc"`  // HPKE encapsulated key
	Data     []byte    `json:"data"` // the claim as JSON, encrypted
}

// Context binds the encrypted claim to everything that is signed in clear.
func (p *questionPayload) context() string {
	return p.Terminal + "\x00" + p.Passage + "\x00" + p.ID + "\x00" + p.Nonce + "\x00" + string(p.Purpose)
}

// readQuestionPayload reads the signed payload of a question.
func readQuestionPayload(b []byte) (p questionPayload, err error) {
	members, err := strictObject(b, "schema", "terminal", "passage", "id", "nonce", "issued", "expires", "purpose", "enc", "data")
	if err != nil {
		return p, err
	}
	err = errors.Join(
		member(members, "schema", &p.Schema), member(members, "terminal", &p.Terminal), member(members, "passage", &p.Passage),
		member(members, "id", &p.ID), member(members, "nonce", &p.Nonce), member(members, "issued", &p.Issued),
		member(members, "expires", &p.Expires), member(members, "purpose", &p.Purpose),
		base64Member(members, "enc", &p.Enc), base64Member(members, "data", &p.Data),
	)
	switch {
	case err != nil:
		return questionPayload{}, err
	case p.Schema != Schema:
		return questionPayload{}, fmt.Errorf("schema %d, this program reads %d", p.Schema, Schema)
	case CheckTerminal(p.Terminal) != nil || !ValidLevel(p.Passage, MaxLevel) || !ValidLevel(p.ID, MaxLevel) || !ValidLevel(p.Nonce, MaxNonce):
		return questionPayload{}, errors.New("terminal, passage, id or nonce of strange characters or length")
	case !p.Issued.Before(p.Expires) || p.Expires.Sub(p.Issued) > MaxQuestionLife:
		return questionPayload{}, fmt.Errorf("valid for %v, limit %v", p.Expires.Sub(p.Issued), MaxQuestionLife)
	}
	return p, nil
}

// readClaim reads the decrypted claim.
func readClaim(b []byte) (c Claim, err error) {
	members, err := strictObject(b, "subject", "issuer", "picture", "template", "model")
	if err != nil {
		return c, err
	}
	for name, to := range map[string]any{"subject": &c.Subject, "issuer": &c.Issuer, "template": &c.Template, "model": &c.Model} {
		if members[name] != nil {
			err = errors.Join(err, member(members, name, to))
		}
	}
	if members["picture"] != nil {
		err = errors.Join(err, base64Member(members, "picture", &c.Picture))
	}
	return c, err
}

// replyPayload is what the authority signs.
type replyPayload struct {
	Schema   int       `json:"schema"`
	Terminal string    `json:"terminal"`
	Passage  string    `json:"passage"`
	ID       string    `json:"id"`
	Question string    `json:"question"` // SHA-256 of the question's payload, 64 hex digits
	Outcome  Outcome   `json:"outcome"`
	Score    *float64  `json:"score,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Data     []byte    `json:"data"` // replySecret as JSON, encrypted under the question's key
	Time     time.Time `json:"time"`
}

// replySecret is who it is.
type replySecret struct {
	Subject string `json:"subject,omitempty"`
	Name    string `json:"name,omitempty"`
}

func readReplyPayload(b []byte) (p replyPayload, err error) {
	members, err := strictObject(b, "schema", "terminal", "passage", "id", "question", "outcome", "score", "detail", "data", "time")
	if err != nil {
		return p, err
	}
	err = errors.Join(
		member(members, "schema", &p.Schema), member(members, "terminal", &p.Terminal), member(members, "passage", &p.Passage),
		member(members, "id", &p.ID), member(members, "question", &p.Question), member(members, "outcome", &p.Outcome),
		member(members, "time", &p.Time), base64Member(members, "data", &p.Data),
	)
	if members["score"] != nil {
		err = errors.Join(err, member(members, "score", &p.Score))
	}
	if members["detail"] != nil {
		err = errors.Join(err, member(members, "detail", &p.Detail))
	}
	if err != nil {
		return replyPayload{}, err
	}
	if p.Schema != Schema {
		return replyPayload{}, fmt.Errorf("schema %d, this program reads %d", p.Schema, Schema)
	}
	f := Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail}
	return p, f.Check()
}

func readSecret(b []byte) (s replySecret, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return replySecret{}, errors.New("encrypted part is not JSON")
	}
	return s, (&Finding{Outcome: OutcomeAccepted, Subject: s.Subject, Name: s.Name}).Check()
}
