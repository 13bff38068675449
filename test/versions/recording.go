package versions

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Recording is what went over the feed between a scraper and a cache of one version.
type Recording struct {
	Version string // what it was recorded from
	Streams []Stream
	// Events are what the cache answered in the end: every oddscache.v1.EventSnapshots, encoded, in the order of
	// ListEvents.
	Events [][]byte
}

// Stream is one stream of the feed, as it was opened, lived and was cut off.
type Stream struct{ Messages []Message }

// Message is one message as it stood on the wire.
type Message struct {
	FromReplica bool // a StreamSnapshotsRequest, otherwise a StreamSnapshotsResponse
	Body        []byte
}

// From is the bodies of one side, in order.
func (s Stream) From(replica bool) (bodies [][]byte) {
	for _, m := range s.Messages {
		if m.FromReplica == replica {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}

// Write writes the recording to a file.
func (r *Recording) Write(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	packed, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(8<<20))
	if err != nil {
		return fmt.Errorf("packing a recording: %w", err)
	}
	if err := gob.NewEncoder(packed).Encode(r); err != nil {
		return fmt.Errorf("encoding a recording: %w", err)
	}
	return packed.Close()
}

// Read reads a recording from a file.
func Read(path string) (*Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	defer file.Close()
	packed, err := zstd.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", path, err)
	}
	defer packed.Close()
	var r Recording
	if err := gob.NewDecoder(packed).Decode(&r); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", path, err)
	}
	return &r, nil
}
