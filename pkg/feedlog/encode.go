package feedlog

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// NewEvent makes an entry of an event.
func NewEvent(revision int64, e *oddscachev1.Event) (*Entry, error) {
	return newEntry(revision, entryEvent, e)
}

// NewConfirmation makes an entry of a confirmation.
func NewConfirmation(revision int64, c *oddscachev1.Confirmation) (*Entry, error) {
	return newEntry(revision, entryConfirmation, c)
}

// NewCycleEnd makes an entry of a cycle end.
func NewCycleEnd(revision int64, c *oddscachev1.CycleEnd) (*Entry, error) {
	return newEntry(revision, entryCycleEnd, c)
}

// NewSnapshot makes an entry of content laid out by the package snapshot, whose snapshot_id must be revision.
func NewSnapshot(revision int64, content []byte) (*Entry, error) {
	return Parse(frame(revision, entrySnapshot, content))
}

// newEntry encodes a message and makes an entry of it. The encoding is deterministic, so that a scraper that restarts makes
// the same bytes of the same rows, and the digest stays what it was.
func newEntry(revision int64, field protowire.Number, m proto.Message) (*Entry, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding %T at revision %d: %w", m, revision, err)
	}
	return Parse(frame(revision, field, body))
}

// frame writes an entry as an element of Batch.entries:
//
//	entries: length { revision: number, kind's field: length body }
//
// It is written by hand to have it in one allocation, and with revision first, which Parse does not require.
func frame(revision int64, field protowire.Number, body []byte) []byte {
	inner := protowire.SizeTag(entryRevision) + protowire.SizeVarint(uint64(revision)) +
		protowire.SizeTag(field) + protowire.SizeBytes(len(body))
	b := make([]byte, 0, protowire.SizeTag(batchEntries)+protowire.SizeBytes(inner))
	b = protowire.AppendTag(b, batchEntries, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(inner))
	b = protowire.AppendTag(b, entryRevision, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(revision))
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendBytes(b, body)
}
