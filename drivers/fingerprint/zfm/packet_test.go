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

// TestLengths holds the length of a packet from both sides.
func TestLengths(t *testing.T) {
	for length, want := range map[int]error{0: zfm.ErrLength, 1: zfm.ErrLength, 2: zfm.ErrMore, 258: zfm.ErrMore, 259: zfm.ErrLength} {
		_, _, err := zfm.Parse([]byte{0xEF, 1, 0, 0, 0, 0, 7, byte(length >> 8), byte(length)})
		if !errors.Is(err, want) {
			t.Errorf("length %d: %v, wanted %v", length, err, want)
		}
	}
	for last, used := range map[byte]int{0xEF: 2, 0xEE: 3} { // the first byte of a header is kept
		if _, n, err := zfm.Parse([]byte{1, 2, last}); n != used || !errors.Is(err, zfm.ErrMore) {
			t.Errorf("noise that ends in %02x: %d bytes used, %v", last, n, err)
		}
	}
}

// TestParameters reads the parameters that the manual explains (p. 13), and lengths and sizes that are none.
func TestParameters(t *testing.T) {
	b := []byte{0, 1, 0, 9, 0, 200, 0, 3, 1, 2, 3, 4, 0, 2, 0, 6}
	want := zfm.Parameters{Status: 1, Model: 9, Capacity: 200, Level: 3, Address: 0x01020304, PacketSize: 128, Baud: 57600}
	if p, err := zfm.ParseParameters(b); err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
	for code, size := range []int{32, 64, 128, 256, 0, 0} {
		b[13] = byte(code)
		if p, err := zfm.ParseParameters(b); (err == nil) != (size > 0) || err == nil && p.PacketSize != size {
			t.Errorf("packet size code %d: %+v, %v", code, p, err)
		}
	}
	for _, n := range []int{0, 15, 17} {
		if _, err := zfm.ParseParameters(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are accepted", n)
		}
	}
}

// TestProduct reads product information of 46 and of 50 bytes; what is not printable is left out.
func TestProduct(t *testing.T) {
	b := make([]byte, 50)
	copy(b, "R503\x1b[2J\x00\xff")
	copy(b[20:], "12345678")
	copy(b[30:], "GR192RGB")
	copy(b[38:], []byte{0, 192, 1, 32, 6, 0, 0, 200})
	want := zfm.Product{Model: "R503[2J", Serial: "12345678", Sensor: "GR192RGB", Width: 192, Height: 288, Capacity: 200}
	for _, n := range []int{46, 50} {
		if p, err := zfm.ParseProduct(b[:n]); err != nil || p != want {
			t.Errorf("%d bytes: %+v, %v", n, p, err)
		}
	}
	if _, err := zfm.ParseProduct(b[:45]); err == nil {
		t.Error("45 bytes are accepted")
	}
}

// TestFits tells answers by their length.
func TestFits(t *testing.T) {
	for in, lengths := range map[zfm.Instruction][]int{
		zfm.GenImg: {0}, zfm.ReadSysPara: {16}, zfm.TempleteNum: {2}, zfm.Search: {4}, zfm.ReadIndex: {32}, zfm.ReadProdInfo: {46, 47, 50},
	} {
		for n := range 51 {
			want := false
			for _, l := range lengths {
				want = want || l == n || in == zfm.ReadProdInfo && n >= 46
			}
			if got := in.Fits(make([]byte, n)); got != want {
				t.Errorf("instruction %02x with %d bytes: %v", uint8(in), n, got)
			}
		}
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
