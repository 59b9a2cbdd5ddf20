package feed

// pool is a fixed set of frames of one size. Frames that are held when the pool is replaced keep it alive.
type pool struct {
	frames []Frame
	bytes  int
	freed  chan struct{}
}

func newPool(frames, bytes int, freed chan struct{}) *pool {
	p := &pool{frames: make([]Frame, frames), bytes: bytes, freed: freed}
	for i := range p.frames {
		p.frames[i].pool = p
		p.frames[i].buffer = make([]byte, bytes)
	}
	return p
}

func (p *pool) size() int64 { return int64(len(p.frames)) * int64(p.bytes) }

// take returns a free frame to fill, or nil. The caller holds the feed's lock, so nobody else takes; a consumer may
// release at the same time.
func (p *pool) take() *Frame {
	for i := range p.frames {
		if p.frames[i].state.CompareAndSwap(free, filling) {
			return &p.frames[i]
		}
	}
	return nil
}

func (p *pool) available() bool {
	for i := range p.frames {
		if p.frames[i].state.Load() == free {
			return true
		}
	}
	return false
}

func (p *pool) wake() { signal(p.freed) }
