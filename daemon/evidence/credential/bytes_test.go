package credential

import (
	"runtime"
	"testing"

	"umbral/pipeline/credential/symbol"
)

// liveHeap returns the bytes that are in use after a collection.
func liveHeap() int64 {
	var m runtime.MemStats
	for range 2 { // what the first one finds may hold what the second one frees
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The reader of codes holds no more than Bytes says.
func TestReaderBytes(t *testing.T) {
	for _, size := range [][2]int{{640, 480}, {1280, 960}} {
		o := symbol.DefaultReaderOpts()
		o.MaxWidth, o.MaxHeight, o.Barcodes = 2*size[0], 2*size[1], true
		before := liveHeap()
		reader, err := symbol.NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		held, stated := liveHeap()-before, int64(pixelBytes*size[0]*size[1])
		runtime.KeepAlive(reader)
		if held > stated || held < stated*8/10 {
			t.Errorf("%d × %d: %d bytes are held, Bytes says %d", size[0], size[1], held, stated)
		}
	}
}
