package usbip

import (
	"encoding/binary"
)

// control answers a request to endpoint 0 (USB 2.0, 9.3 and 9.4); false stalls it.
func (p *plug) control(q request) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kind, req := q.setup[0], q.setup[1]
	value, index := binary.LittleEndian.Uint16(q.setup[2:]), binary.LittleEndian.Uint16(q.setup[4:])
	switch kind & setupTypeMask {
	case setupStandard:
		return standard(req, value)
	case setupClass:
		if kind&^(setupDeviceToPC|setupClass) != setupToInterface {
			return nil, false
		}
		selector, unit := byte(value>>8), byte(index>>8)
		if byte(index) == streamingInterface {
			return p.negotiate(req, selector, q.data)
		}
		for i := range p.controls {
			c := &p.controls[i]
			if c.unit != unit || c.selector != selector {
				continue
			}
			if req == setCur {
				return nil, c.set(q.data)
			}
			data := c.answer(req)
			return data, data != nil
		}
	}
	return nil, false
}

// standard answers a standard request.
func standard(req byte, value uint16) ([]byte, bool) {
	const getStatus, clearFeature, setFeature, getDescriptor, getConfiguration, setConfiguration, getInterface, setInterface = 0, 1, 3, 6, 8, 9, 10, 11
	switch req {
	case getStatus:
		return []byte{0, 0}, true
	case getConfiguration:
		return []byte{1}, true
	case getInterface:
		return []byte{0}, true
	case clearFeature, setFeature, setConfiguration, setInterface:
		return nil, true
	case getDescriptor:
		switch value >> 8 {
		case 1:
			return deviceDescriptor(), true
		case 2:
			return configuration(), true
		case 3:
			data := stringDescriptor(int(value & 0xff))
			return data, data != nil
		}
	}
	return nil, false
}

// negotiate answers for VS_PROBE_CONTROL (1) and VS_COMMIT_CONTROL (2).
func (p *plug) negotiate(req, selector byte, data []byte) ([]byte, bool) {
	if selector != 1 && selector != 2 {
		return nil, false
	}
	switch req {
	case setCur:
		if len(data) < 26 {
			return nil, false
		}
		copy(p.probe[:], data)
		p.probe.settle()
		if selector == 2 {
			p.starts++
		}
		return nil, true
	case getCur, getDef, getMin, getMax:
		out := p.probe
		return out[:], true
	case getLen:
		return u16(len(probe{})), true
	case getInfo:
		return []byte{3}, true
	}
	return nil, false
}
