package credential

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// HCERTUse is a set of the certificates that a key may sign; empty: all.
type HCERTUse uint8

// The certificates of HCERT.
const (
	HCERTTest HCERTUse = 1 << iota
	HCERTVaccination
	HCERTRecovery
)

// hcertUseWords are the words for single uses, in the order of their bits.
var hcertUseWords = [...]string{"test", "vaccination", "recovery"}

// words returns the names of the uses.
func (u HCERTUse) words() (words []string) {
	for i, w := range hcertUseWords {
		if u&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return words
}

// String returns the names of the uses, separated by commas, or "all".
func (u HCERTUse) String() string {
	if u == 0 {
		return "all"
	}
	return strings.Join(u.words(), ", ")
}

// hcertUses returns the set of the named uses.
func hcertUses(words []string) (u HCERTUse, err error) {
	for _, w := range words {
		i := slices.Index(hcertUseWords[:], w)
		if i < 0 {
			return 0, fmt.Errorf("credential: use %.20q of an HCERT key, wanted %s", w,
				strings.Join(hcertUseWords[:], ", "))
		}
		u |= 1 << i
	}
	return u, nil
}

// usesOf reads the extended key usages that certificates of signers bear. The EU's specification gives
// 1.3.6.1.4.1.1847.2021.1 and the number of the use; 1.3.6.1.4.1.0.1847.2021.1 was written by mistake at first, and
// stays in use. A certificate with neither is for all.
func usesOf(c *x509.Certificate) (u HCERTUse) {
	for _, id := range c.UnknownExtKeyUsage {
		use, is := strings.CutPrefix(strings.Replace(id.String(), "1.3.6.1.4.1.0.", "1.3.6.1.4.1.", 1),
			"1.3.6.1.4.1.1847.2021.1.")
		if !is {
			continue
		}
		if i := slices.Index([]string{"1", "2", "3"}, use); i >= 0 {
			u |= 1 << i
		}
	}
	return u
}
