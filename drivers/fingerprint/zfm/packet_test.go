package zfm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"umbral/drivers/fingerprint/zfm"
)

// Packets as the manual prints them: TempleteNum (p. 14), GenImg, and the password that is set at the factory.
func TestPacketsOfTheManual(t *testing.T) {
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{[]byte{byte(zfm.TempleteNum)}, "ef01ffffffff0100031d0021"},
		{[]byte{byte(zfm.GenImg)}, "ef01ffffffff010003010005"},
		{[]byte{byte(zfm.VfyPwd), 0, 0, 0, 0}, "ef01ffffffff01000713000000" + "00001b"},
	} {
		got := zfm.Packet{Address: 0xFFFFFFFF, Kind: zfm.Command, Content: c.content}.Append(nil)
		if hex.EncodeToString(got) != c.want {
			t.Errorf("% x: got %x, the manual says %s", c.content, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	good := zfm.Packet{Address: 7, Kind: zfm.Data, Content: []byte{1, 2, 3}}.Append(nil)
	bad := bytes.Clone(good)
	bad[len(bad)-1]++
	noise := []byte{0, 0xEF, 0x55}
	stream := append(append(append([]byte{}, noise...), bad...), good...)
	_, used, err := zfm.Parse(stream)
	if !errors.Is(err, zfm.ErrChecksum) || used != len(noise)+2 {
		t.Fatalf("used %d, %v", used, err)
	}
	p, more, err := zfm.Parse(stream[used:])
	if err != nil || used+more != len(stream) || p.Address != 7 || !bytes.Equal(p.Content, []byte{1, 2, 3}) {
		t.Fatalf("%+v, used %d, %v", p, more, err)
	}
	for n := range good {
		if _, used, err := zfm.Parse(good[:n]); !errors.Is(err, zfm.ErrMore) || used != 0 {
			t.Fatalf("%d bytes: used %d, %v", n, used, err)
		}
	}
	if _, _, err := zfm.Parse([]byte{0xEF, 1, 0, 0, 0, 0, 7, 0xFF, 0xFF}); !errors.Is(err, zfm.ErrLength) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(zfm.Packet{Address: 1, Kind: zfm.Answer, Content: []byte{0}}.Append([]byte{0xEF}))
	f.Add([]byte{0xEF, 0x01, 0, 0, 0, 0, 7, 1, 2})
	f.Add([]byte{0xEF})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, used, err := zfm.Parse(b)
		switch {
		case used < 0 || used > len(b):
			t.Fatalf("used %d of %d bytes", used, len(b))
		case err == nil:
			if again := p.Append(nil); !bytes.HasSuffix(b[:used], again) {
				t.Fatalf("%x was read from %x", again, b[:used])
			}
		case !errors.Is(err, zfm.ErrMore) && used == 0:
			t.Fatal("an error that leaves the reader where it was never ends")
		}
	})
}
