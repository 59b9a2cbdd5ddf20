package link

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// TestASlowConnectionIsNotBroken sends pictures, asks with a picture and takes a list over a connection on which each of
// them takes several times as long as an acknowledgement may, and wants it to be the same connection afterwards.
func TestASlowConnectionIsNotBroken(t *testing.T) {
	t.Parallel()
	long(t)
	address := fleettest.Broker(t)
	p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	_, reader := fleettest.RecipientPair(t)
	sealed, err := fleet.SealPictures([]fleet.Recipient{reader}, "gate-1", "7-12", []fleet.Picture{{Name: "live", JPEG: append([]byte{0xff, 0xd8}, bytes.Repeat([]byte("x"), 20_000)...)}})
	if err != nil {
		t.Fatal(err)
	}
	reviews := &folder{pictures: map[string][]byte{"7-12": sealed}}
	lists := &shelf{held: map[string][]byte{}}
	b := newBench(t, p.address())
	o := newOffice(t, address, b)
	o.start(t)
	b.opts.Identity, b.opts.Reviews, b.opts.Lists = fleettest.Seeded(7), reviews, lists
	b.opts.AckTimeout = 500 * time.Millisecond
	b.opts.Interval = 100 * time.Millisecond // something to acknowledge all the time
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })

	p.slow.Store(32 << 10)
	list := fleettest.List(1, 3*fleet.PartBytes)
	if err := operatorAt(t, address).PublishList(within(t, patience), "revocation", 1, list, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the list", func() bool { return lists.has("revocation", list) })
	reviews.set(fleet.Review{Passage: "7-12", Statement: fleettest.Encoded(t, fleettest.Statement()), Pictures: true})
	b.link.Changed()
	eventually(t, "the pictures", func() bool {
		got, _, err := reviewerAt(t, address).Reviews(within(t, patience), "gate-1", nil)
		return err == nil && len(got) == 1
	})
	q := fleettest.Question()
	q.Claim.Picture = bytes.Repeat([]byte("x"), 20_000)
	if f, err := b.link.Ask(within(t, patience), q); err != nil || f.Outcome != fleet.OutcomeAccepted {
		t.Errorf("%+v, %v", f, err)
	}
	b.append(t)
	if s := b.link.Stats(); s.Connects != 1 || !s.Connected {
		t.Errorf("%d connections, the last error %q", s.Connects, s.LastError)
	}
}
