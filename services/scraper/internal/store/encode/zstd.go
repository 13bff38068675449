package encode

import (
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// Codec compresses content for the table. It may be used concurrently.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec makes a Codec without goroutines of its own.
func NewCodec() (*Codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("making the zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(4*MaxContent))
	if err != nil {
		return nil, fmt.Errorf("making the zstd decoder: %w", err)
	}
	return &Codec{enc: enc, dec: dec}, nil
}

// Compress compresses.
func (c *Codec) Compress(b []byte) []byte { return c.enc.EncodeAll(b, nil) }

// Decompress reverses Compress.
func (c *Codec) Decompress(b []byte) ([]byte, error) {
	framed, err := c.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("uncompressing %d bytes: %w", len(b), err)
	}
	return framed, nil
}
