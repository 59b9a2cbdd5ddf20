package evidence

import (
	"testing"

	"umbral/config/policy"
	"umbral/daemon/passage"
)

func TestKept(t *testing.T) {
	first, second := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	asks := func(id passage.ID, kinds ...policy.Kind) (d passage.Demand) {
		d.Passage = id
		for _, k := range kinds {
			d.Ask = d.Ask.With(k)
		}
		return d
	}
	for name, c := range map[string]struct {
		demands []passage.Demand
		want    int
	}{
		"asked":                      {[]passage.Demand{asks(first, policy.Card)}, 1},
		"asked, and asked again":     {[]passage.Demand{asks(first, policy.Card), asks(first, policy.Card)}, 1},
		"asked after a while":        {[]passage.Demand{asks(first), asks(first, policy.Card)}, 1},
		"another kind":               {[]passage.Demand{asks(first, policy.Credential)}, 0},
		"over":                       {[]passage.Demand{asks(second, policy.Card)}, 0},
		"over, and the number again": {[]passage.Demand{asks(second), asks(first, policy.Card)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var k Kept
			k.Keep(passage.Evidence{Kind: policy.Card, Passage: first, Outcome: passage.Accepted})
			k.Keep(passage.Evidence{}) // nothing was seen since
			w, got := NewDemands(), 0
			for _, d := range c.demands {
				w.Want(d)
				k.Deliver(w, func(e passage.Evidence) {
					got++
					if e.Passage != first || e.Outcome != passage.Accepted {
						t.Errorf("delivered %+v", e)
					}
				})
			}
			if got != c.want {
				t.Errorf("delivered %d times, want %d", got, c.want)
			}
		})
	}
}
