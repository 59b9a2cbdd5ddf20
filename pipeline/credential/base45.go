package credential

import "fmt"

// base45Alphabet is that of RFC 9285, table 1: the characters of QR's alphanumeric mode.
const base45Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// notBase45 marks characters outside the alphabet in base45Values.
const notBase45 = 0xff

var base45Values = func() (values [256]byte) {
	for i := range values {
		values[i] = notBase45
	}
	for i := range len(base45Alphabet) {
		values[base45Alphabet[i]] = byte(i)
	}
	return values
}()

// encodeBase45 encodes two bytes as three characters, and a single last byte as two (RFC 9285, section 3).
func encodeBase45(data []byte) string {
	text := make([]byte, 0, (len(data)+1)/2*3)
	for len(data) >= 2 {
		n := int(data[0])<<8 | int(data[1])
		text = append(text, base45Alphabet[n%45], base45Alphabet[n/45%45], base45Alphabet[n/45/45])
		data = data[2:]
	}
	if len(data) == 1 {
		text = append(text, base45Alphabet[data[0]%45], base45Alphabet[data[0]/45])
	}
	return string(text)
}

// decodeBase45 decodes what encodeBase45 returns. Its error names the first wrong character or group.
func decodeBase45(text string) ([]byte, error) {
	if len(text)%3 == 1 {
		return nil, fmt.Errorf("base45: %d characters, which no number of bytes encodes to (cut off?)", len(text))
	}
	for i := range len(text) {
		if base45Values[text[i]] == notBase45 {
			return nil, fmt.Errorf("base45: character %q at %d is outside the alphabet", text[i], i)
		}
	}
	data := make([]byte, 0, len(text)/3*2+1)
	for i := 0; i < len(text); i += 3 {
		n := int(base45Values[text[i]]) + 45*int(base45Values[text[i+1]])
		if i+2 == len(text) {
			if n > 0xff {
				return nil, fmt.Errorf("base45: %q at %d stands for %d, more than a byte", text[i:], i, n)
			}
			return append(data, byte(n)), nil
		}
		n += 45 * 45 * int(base45Values[text[i+2]])
		if n > 0xffff {
			return nil, fmt.Errorf("base45: %q at %d stands for %d, more than two bytes", text[i:i+3], i, n)
		}
		data = append(data, byte(n>>8), byte(n))
	}
	return data, nil
}
