package zfm

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Instruction is the first byte of a command.
type Instruction uint8

// The instructions in use. The manual's chapter V lists them from page 11 on.
const (
	GenImg        Instruction = 0x01 // take a picture
	Img2Tz        Instruction = 0x02 // extract it into a buffer
	Search        Instruction = 0x04 // compare a buffer with the library
	RegModel      Instruction = 0x05 // merge the buffers
	Store         Instruction = 0x06 // p. 19
	UpImage       Instruction = 0x0A // send the picture
	DeletChar     Instruction = 0x0C // p. 21
	ReadSysPara   Instruction = 0x0F // p. 13
	VfyPwd        Instruction = 0x13 // p. 11
	TempleteNum   Instruction = 0x1D // p. 13
	ReadIndex     Instruction = 0x1F // p. 14
	AuraLedConfig Instruction = 0x35 // p. 27
	ReadProdInfo  Instruction = 0x3C // p. 16; the R503's, unknown to older modules
	HandShake     Instruction = 0x40
)

// answerLengths are the lengths of what follows the code of an answer that succeeded.
var answerLengths = map[Instruction]int{
	ReadSysPara: ParametersLength, Search: 4, TempleteNum: 2, ReadIndex: 32, ReadProdInfo: ProductLength,
}

// Fits reports whether content, which follows the code of an answer that succeeded, can belong to in. Answers carry nothing
// else that tells to which command they belong.
func (in Instruction) Fits(content []byte) bool {
	if in == ReadProdInfo {
		return len(content) >= ProductLength
	}
	return len(content) == answerLengths[in]
}

// Code is the first byte of an answer, the confirmation code.
type Code uint8

// The codes in use.
const (
	OK            Code = 0x00
	BadPacket     Code = 0x01 // the module could not read the command
	NoFinger      Code = 0x02
	NotCaptured   Code = 0x03
	Disorderly    Code = 0x06 // the picture gives no features
	FewFeatures   Code = 0x07
	NotFound      Code = 0x09 // nothing in the library matches
	NotMerged     Code = 0x0A // the buffers are not of one finger
	OutOfLibrary  Code = 0x0B // no such place
	NotSent       Code = 0x0F
	NotDeleted    Code = 0x10
	WrongPassword Code = 0x13 // p. 11
	NoPicture     Code = 0x15
	FlashError    Code = 0x18 // p. 11
	WrongAddress  Code = 0x20 // p. 10
	NeedsPassword Code = 0x21 // p. 11
	SensorFault   Code = 0x29 // p. 10
	Unsupported   Code = 0xFC // p. 10
)

var codeNames = map[Code]string{
	OK: "done", BadPacket: "packet not understood", NoFinger: "no finger", NotCaptured: "picture not taken",
	Disorderly: "picture too disorderly", FewFeatures: "too few features", NotFound: "nothing matches",
	NotMerged: "presses are not of one finger", OutOfLibrary: "no such place", NotSent: "picture not sent",
	NotDeleted: "not deleted", WrongPassword: "wrong password", NoPicture: "no picture taken",
	FlashError: "flash error", WrongAddress: "wrong address", NeedsPassword: "password not verified",
	SensorFault: "sensor hardware error", Unsupported: "unsupported command",
}

// String is the code in words and as a number.
func (c Code) String() string {
	if name, known := codeNames[c]; known {
		return fmt.Sprintf("%s (0x%02X)", name, uint8(c))
	}
	return fmt.Sprintf("code 0x%02X", uint8(c))
}

// Parameters are what ReadSysPara returns, p. 13.
type Parameters struct {
	Status, Model uint16
	Capacity      int // places of the library
	Level         int // of security, 1 to 5
	Address       uint32
	PacketSize    int // content of data packets in bytes: 32, 64, 128 or 256
	Baud          int
}

// ParametersLength is their length in bytes.
const ParametersLength = 16

// ParseParameters reads the content of an answer behind its code.
func ParseParameters(b []byte) (p Parameters, err error) {
	if len(b) != ParametersLength {
		return p, fmt.Errorf("zfm: system parameters of %d bytes, wanted %d", len(b), ParametersLength)
	}
	word := func(i int) int { return int(b[2*i])<<8 | int(b[2*i+1]) }
	p = Parameters{
		Status: uint16(word(0)), Model: uint16(word(1)), Capacity: word(2), Level: word(3),
		Address: uint32(word(4))<<16 | uint32(word(5)), PacketSize: 32 << min(word(6), 4), Baud: 9600 * word(7),
	}
	if p.PacketSize > MaxContent {
		return p, fmt.Errorf("zfm: packet size code %d, allowed are 0 to 3", word(6))
	}
	return p, nil
}

// ProductLength is the length in bytes of what ReadProdInfo returns. The manual's table adds four reserved bytes, its
// example leaves them out.
const ProductLength = 46

// Product is what ReadProdInfo returns, p. 16.
type Product struct {
	Model, Serial, Sensor string
	Width, Height         int // of the picture
	Capacity              int // places of the library
}

// ParseProduct reads the content of an answer behind its code.
func ParseProduct(b []byte) (p Product, err error) {
	if len(b) < ProductLength {
		return p, fmt.Errorf("zfm: product information of %d bytes, wanted at least %d", len(b), ProductLength)
	}
	word := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	return Product{
		Model: printable(b[:16]), Serial: printable(b[20:28]), Sensor: printable(b[30:38]),
		Width: word(38), Height: word(40), Capacity: word(44),
	}, nil
}

// printable returns the text of a field that is filled with zeros, without what is not printable ASCII.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, string(b))
}
