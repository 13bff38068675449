package feedlog

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers of StreamSnapshotsResponse and Batch.
const (
	responseBatch = oddscachev1.StreamSnapshotsResponse_Batch_FieldNumber

	batchFrom    = oddscachev1.Batch_FromRevision_FieldNumber
	batchTo      = oddscachev1.Batch_ToRevision_FieldNumber
	batchEntries = oddscachev1.Batch_Entries_FieldNumber
	batchMore    = oddscachev1.Batch_More_FieldNumber
)

// MaxBatchBytes bounds the frames of one batch; a larger entry travels alone.
const MaxBatchBytes = 1 << 20

// Batch is a decoded Batch message: entries that lead from one revision to another. It has all entries of the source's log
// with From < revision <= To, as the log was when the batch was made; holes are what compaction dropped. The next batch of
// the stream begins at To.
//
// More says that To is not a state the source was ever in, since further batches belong to it. A replica may resume there,
// but must not show it.
type Batch struct {
	From, To int64
	Entries  []*Entry
	More     bool
}

// EncodeBatch returns a StreamSnapshotsResponse that carries the batch as slices to be sent one after another: a
// small header and the frames as they are. The frames are not copied: a batch for a hundred replicas takes a hundred
// headers of memory.
func EncodeBatch(b Batch) [][]byte {
	var fields []byte
	if b.From != 0 {
		fields = protowire.AppendTag(fields, batchFrom, protowire.VarintType)
		fields = protowire.AppendVarint(fields, uint64(b.From))
	}
	fields = protowire.AppendTag(fields, batchTo, protowire.VarintType)
	fields = protowire.AppendVarint(fields, uint64(b.To))
	if b.More {
		fields = protowire.AppendTag(fields, batchMore, protowire.VarintType)
		fields = protowire.AppendVarint(fields, protowire.EncodeBool(true))
	}
	size := len(fields)
	for _, e := range b.Entries {
		size += len(e.Frame)
	}
	header := protowire.AppendTag(nil, responseBatch, protowire.BytesType)
	header = protowire.AppendVarint(header, uint64(size))
	header = append(header, fields...)
	parts := make([][]byte, 0, 1+len(b.Entries))
	parts = append(parts, header)
	for _, e := range b.Entries {
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

// yieldBytes is how much is decoded between two calls of yield: some microseconds' worth.
const yieldBytes = 4096

// DecodeBatch reads an encoded Batch. Every entry is copied into bytes of its own, so that one entry that stays in
// the log does not hold the whole message in memory. It returns ErrWire; unknown fields are skipped, since a newer scraper
// may send some.
//
// yield is called every few microseconds, for a caller that pauses so that others get the processor; nil for none.
func DecodeBatch(b []byte, yield func()) (Batch, error) {
	var batch Batch
	left := len(b) // at the last call of yield
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
		case num == batchMore && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(b[n:])
			batch.More = protowire.DecodeBool(v)
		case num == batchEntries && typ == protowire.BytesType:
			own := make([]byte, n+m) // not cleared, since it is copied to at once
			copy(own, b)
			e, err := parse(own, yield)
			if err != nil {
				return Batch{}, fmt.Errorf("batch (%d, %d]: %w", batch.From, batch.To, err)
			}
			batch.Entries = append(batch.Entries, e)
			if yield != nil && left-len(b) >= yieldBytes {
				left = len(b)
				yield()
			}
		}
		b = b[n+m:]
	}
	return batch, nil
}
