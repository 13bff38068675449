package feedlog

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	responseBatch protowire.Number = 2 // in StreamSnapshotsResponse

	batchFrom protowire.Number = 1
	batchTo   protowire.Number = 2
)

// MaxBatchBytes bounds the frames of one batch; a larger entry travels alone.
const MaxBatchBytes = 1 << 20

// Batch is a decoded Batch message.
type Batch struct {
	From, To int64
	Entries  []*Entry
}

// EncodeBatch returns a StreamSnapshotsResponse that carries the batch as slices to be sent one after another: a
// small header and the frames as they are.
func EncodeBatch(from, to int64, entries []*Entry) [][]byte {
	var revisions []byte
	if from != 0 {
		revisions = protowire.AppendTag(revisions, batchFrom, protowire.VarintType)
		revisions = protowire.AppendVarint(revisions, uint64(from))
	}
	revisions = protowire.AppendTag(revisions, batchTo, protowire.VarintType)
	revisions = protowire.AppendVarint(revisions, uint64(to))
	size := len(revisions)
	for _, e := range entries {
		size += len(e.Frame)
	}
	header := protowire.AppendTag(nil, responseBatch, protowire.BytesType)
	header = protowire.AppendVarint(header, uint64(size))
	header = append(header, revisions...)
	parts := make([][]byte, 0, 1+len(entries))
	parts = append(parts, header)
	for _, e := range entries {
		parts = append(parts, e.Frame)
	}
	return parts
}

// BatchIn returns the encoded Batch inside an encoded StreamSnapshotsResponse, false if it carries another message.
func BatchIn(response []byte) ([]byte, bool) {
	num, typ, n := protowire.ConsumeTag(response)
	if n < 0 || num != responseBatch || typ != protowire.BytesType {
		return nil, false
	}
	body, m := protowire.ConsumeBytes(response[n:])
	return body, m >= 0 && n+m == len(response)
}

// DecodeBatch reads an encoded Batch. Every entry is copied into bytes of its own, so that one entry that stays in
// the log does not hold the whole message in memory. It returns ErrWire.
func DecodeBatch(b []byte) (Batch, error) {
	var batch Batch
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return Batch{}, fmt.Errorf("batch: %w", ErrWire)
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return Batch{}, fmt.Errorf("batch field %d: %w", num, ErrWire)
		}
		switch {
		case num == batchFrom && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(b[n:])
			batch.From = int64(v)
		case num == batchTo && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(b[n:])
			batch.To = int64(v)
		case num == batchEntries && typ == protowire.BytesType:
			e, err := Parse(append(make([]byte, 0, n+m), b[:n+m]...))
			if err != nil {
				return Batch{}, fmt.Errorf("batch (%d, %d]: %w", batch.From, batch.To, err)
			}
			batch.Entries = append(batch.Entries, e)
		}
		b = b[n+m:]
	}
	return batch, nil
}
