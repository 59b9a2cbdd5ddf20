package credential

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// inflate decompresses zlib (RFC 1950) up to limit bytes. Bytes after the checksum are refused: nobody signed them.
func inflate(data []byte, limit int) ([]byte, error) {
	from := bytes.NewReader(data)
	z, err := zlib.NewReader(from)
	if err != nil {
		if errors.Is(err, zlib.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("zlib: the data start with % x, no zlib header (compressed with Brotli, or not at all?)",
				data[:min(2, len(data))])
		}
		return nil, fmt.Errorf("zlib: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("zlib: %w", err)
	}
	if len(out) > limit {
		return nil, fmt.Errorf("zlib: more than %d bytes (limit) come out of %d (made to fill memory?)", limit,
			len(data))
	}
	if from.Len() > 0 {
		return nil, fmt.Errorf("zlib: %d bytes follow the end of the data", from.Len())
	}
	return out, nil
}

// deflate compresses data with zlib.
func deflate(data []byte) []byte {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err == nil {
		_, err = z.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("credential: compressing into memory failed: " + err.Error()) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}
