package usbip

import "encoding/binary"

// format is what the camera offers; its place in formats, from 1, is its number on the wire.
type format struct {
	code   string // MJPG or YUY2
	frames []frameSize
}

type frameSize struct{ width, height int }

var formats = []format{
	{"MJPG", []frameSize{{640, 480}, {1280, 720}}},
	{"YUY2", []frameSize{{640, 480}, {320, 240}}},
}

// Numbers of the interfaces, units and the endpoint.
const (
	controlInterface   = 0
	streamingInterface = 1
	cameraTerminal     = 1
	processingUnit     = 2
	outputTerminal     = 3
	endpoint           = 1 // IN
	packet             = 512
	// payload is the most of one transfer: what uvcvideo gives a bulk transfer room for (32 packets).
	payload  = 32 * packet
	interval = 333333 // of 100 ns: 30 frames a second
)

func u16(v int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

// join puts bytes and slices of bytes together.
func join(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			out = append(out, byte(v))
		case []byte:
			out = append(out, v...)
		case string:
			out = append(out, v...)
		}
	}
	return out
}

// descriptor puts the length in front.
func descriptor(parts ...any) []byte {
	body := join(parts...)
	return append([]byte{byte(len(body) + 1)}, body...)
}

// deviceDescriptor is that of USB 2.0, 9.6.1, for a device with an interface association.
func deviceDescriptor() []byte {
	return descriptor(1, u16(0x0200), 0xef, 2, 1, 64, u16(0x1d6b), u16(0x0102), u16(0x0100), 1, 2, 3, 1)
}

// texts are the string descriptors from 1.
var texts = []string{"Umbral", "Emulated Camera", "0001"}

// stringDescriptor is that of a text, in UTF-16; 0 lists the languages.
func stringDescriptor(i int) []byte {
	if i == 0 {
		return descriptor(3, u16(0x0409))
	}
	if i > len(texts) {
		return nil
	}
	var body []byte
	for _, r := range texts[i-1] {
		body = append(body, u16(int(r))...)
	}
	return descriptor(3, body)
}

// guidYUY2 is the format's GUID (Video Class, Uncompressed payload, 2.2).
var guidYUY2 = []byte("YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")

// configuration is the configuration descriptor with all that follows it.
func configuration() []byte {
	units := join(
		// Camera terminal: exposure mode, exposure time, focus, automatic focus (bits 1, 3, 5, 17).
		descriptor(0x24, 2, cameraTerminal, u16(0x0201), 0, 0, u16(0), u16(0), u16(0), 3, 0x2a, 0x00, 0x02),
		// Processing unit: brightness, contrast, sharpness, white balance, backlight, gain, power line, automatic white balance.
		descriptor(0x24, 5, processingUnit, cameraTerminal, u16(0), 2, 0x53, 0x17, 0, 0),
		descriptor(0x24, 3, outputTerminal, u16(0x0101), 0, processingUnit, 0),
	)
	header := func(length int) []byte {
		return descriptor(0x24, 1, u16(0x0110), u16(length), u32(6000000), 1, streamingInterface)
	}
	control := join(header(len(header(0))+len(units)), units)
	var offers []byte
	for i, f := range formats {
		if f.code == "MJPG" {
			offers = append(offers, descriptor(0x24, 6, i+1, len(f.frames), 1, 1, 0, 0, 0, 0)...)
		} else {
			offers = append(offers, descriptor(0x24, 4, i+1, len(f.frames), guidYUY2, 16, 1, 0, 0, 0, 0)...)
		}
		kind := 7 // VS_FRAME_MJPEG
		if f.code != "MJPG" {
			kind = 5 // VS_FRAME_UNCOMPRESSED
		}
		for j, s := range f.frames {
			size := 2 * s.width * s.height
			offers = append(offers, descriptor(0x24, kind, j+1, 0, u16(s.width), u16(s.height), u32(8*size), u32(8*30*size),
				u32(size), u32(interval), 2, u32(interval), u32(2*interval))...)
		}
		offers = append(offers, descriptor(0x24, 13, 1, 1, 4)...) // colours: BT.709, BT.709, SMPTE 170M
	}
	input := func(length int) []byte {
		var perFormat []byte
		for range formats {
			perFormat = append(perFormat, 0)
		}
		return descriptor(0x24, 1, len(formats), u16(length), 0x80|endpoint, 0, outputTerminal, 0, 0, 0, 1, perFormat)
	}
	streaming := join(input(len(input(0))+len(offers)), offers)
	body := join(
		descriptor(11, controlInterface, 2, 0x0e, 3, 0, 2), // interface association
		descriptor(4, controlInterface, 0, 0, 0x0e, 1, 0, 2), control,
		descriptor(4, streamingInterface, 0, 1, 0x0e, 2, 0, 2), streaming,
		descriptor(5, 0x80|endpoint, 2, u16(packet), 0), // bulk
	)
	return join(descriptor(2, u16(9+len(body)), 2, 1, 0, 0x80, 250), body)
}
