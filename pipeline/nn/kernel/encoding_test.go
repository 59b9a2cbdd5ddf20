package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// vectorEncodings are the instructions that our assembly writes as words, on 4 floats each where no shapes are given, from the Arm Architecture
// Reference Manual (DDI 0487), section C7.2. Bits outside mask name registers.
var vectorEncodings = []struct {
	mnemonic   string
	bits, mask uint32
	operands   int // registers, the destination first
	byLane     bool
	shapes     [3]string // of the registers, 4S without
}{
	{mnemonic: "FMLA", bits: 0x4f801000, mask: 0xffc0f400, operands: 3, byLane: true},
	{mnemonic: "FADD", bits: 0x4e20d400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FMUL", bits: 0x6e20dc00, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FMAX", bits: 0x4e20f400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FMIN", bits: 0x4ea0f400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FCMGT", bits: 0x6ea0e400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FCMGE", bits: 0x6e20e400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FCMEQ", bits: 0x4e20e400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "FADDP", bits: 0x6e20d400, mask: 0xffe0fc00, operands: 3},
	{mnemonic: "SMULL", bits: 0x0e20c000, mask: 0xffe0fc00, operands: 3, shapes: [3]string{"8H", "8B", "8B"}},
	{mnemonic: "SMLAL2", bits: 0x4e208000, mask: 0xffe0fc00, operands: 3, shapes: [3]string{"8H", "16B", "16B"}},
	{mnemonic: "SADALP", bits: 0x4e606800, mask: 0xfffffc00, operands: 2, shapes: [3]string{"4S", "8H"}},
	{mnemonic: "FRINTN", bits: 0x4e218800, mask: 0xfffffc00, operands: 2},
	{mnemonic: "FCVTNS", bits: 0x4e21a800, mask: 0xfffffc00, operands: 2},
}

// disassemble gives the instruction as the manual writes it, or nothing for one that is not in the table.
func disassemble(word uint32) string {
	d, n, m := word&31, word>>5&31, word>>16&31
	for _, e := range vectorEncodings {
		shapes := e.shapes
		if shapes[0] == "" {
			shapes = [3]string{"4S", "4S", "4S"}
		}
		switch {
		case word&e.mask != e.bits:
		case e.byLane: // the lane's number is in H and L, bits 11 and 21
			return fmt.Sprintf("%s V%d.4S, V%d.4S, V%d.S[%d]", e.mnemonic, d, n, m, word>>11&1<<1|word>>21&1)
		case e.operands == 2:
			return fmt.Sprintf("%s V%d.%s, V%d.%s", e.mnemonic, d, shapes[0], n, shapes[1])
		default:
			return fmt.Sprintf("%s V%d.%s, V%d.%s, V%d.%s", e.mnemonic, d, shapes[0], n, shapes[1], m, shapes[2])
		}
	}
	return ""
}

// Every instruction written as a word is the one that its comment names.
func TestWordsAreWhatTheirCommentsSay(t *testing.T) {
	files, err := filepath.Glob("*_arm64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("no assembly for arm64 here: %v", err)
	}
	any := regexp.MustCompile(`\b(WORD|LONG|BYTE)\b`)
	line := regexp.MustCompile(`(?m)^.*\b(?:WORD|LONG|BYTE)\b *\$.*$`)
	full := regexp.MustCompile(`^\tWORD \$0x([0-9a-f]{8}) // (.+)$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range line.FindAllString(string(text), -1) {
			part := full.FindStringSubmatch(l)
			if part == nil || len(any.FindAllString(l, -1)) != 1 {
				t.Errorf("%s: %q is not one word with its instruction behind it", file, l)
				continue
			}
			word, err := strconv.ParseUint(part[1], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			if got := disassemble(uint32(word)); got != part[2] {
				t.Errorf("%s: %#08x is %q, its comment says %q", file, word, got, part[2])
			}
		}
	}
}

// The decoder itself against words from the manual's encodings worked out by hand.
func TestDisassemble(t *testing.T) {
	for word, want := range map[uint32]string{
		0x4f801000: "FMLA V0.4S, V0.4S, V0.S[0]",
		0x4fa518df: "FMLA V31.4S, V6.4S, V5.S[3]",
		0x4f9f1820: "FMLA V0.4S, V1.4S, V31.S[2]",
		0x6e20dc00: "FMUL V0.4S, V0.4S, V0.4S",
		0x0e20d400: "", // two floats
		0x4f809000: "", // FMUL by lane, which we don't use
	} {
		if got := disassemble(word); got != want {
			t.Errorf("%#08x: %q, want %q", word, got, want)
		}
	}
}
