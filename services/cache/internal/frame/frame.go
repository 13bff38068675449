// Package frame cuts stored snapshots and events into protobuf frames and puts responses together from them, so that a
// lookup sends bytes that exist already and marshals nothing.
//
//	event     prefix | body ............................................
//	snapshot  prefix | header | markets ............... | confirmed
//	                            └── one market is a span of the body
//
// All messages with an event and its snapshots number these fields alike (1 and 2), so one set of frames serves all of
// them. A frame is a prefix (tag and length) and the bytes that the feed brought, shared with the log; only the prefix and
// the newest last_confirmed_at are memory of its own. Everything here is immutable once made: the transport reads it after
// the call has returned.
//
// A [Builder] makes responses that refer to the frames; [Pack] copies a small one into one piece, which the transport sends
// faster. How a snapshot is laid out is fixed by pkg/snapshot; which events a response has is decided by store and api.
package frame

import (
	"encoding/binary"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers that all messages with an event and its snapshots share.
const (
	fieldEvent     = oddscachev1.GetEventResponse_Event_FieldNumber
	fieldSnapshots = oddscachev1.GetEventResponse_Snapshots_FieldNumber
)

// They must be the same in all of them; an index that is not 0 does not compile.
var _ = [1]struct{}{}[oddscachev1.LookupEventsResponse_Event_FieldNumber-fieldEvent|
	oddscachev1.LookupEventsResponse_Snapshots_FieldNumber-fieldSnapshots|
	oddscachev1.BatchGetEventsResult_Event_FieldNumber-fieldEvent|
	oddscachev1.BatchGetEventsResult_Snapshots_FieldNumber-fieldSnapshots|
	oddscachev1.EventSnapshots_Event_FieldNumber-fieldEvent|
	oddscachev1.EventSnapshots_Snapshots_FieldNumber-fieldSnapshots|
	oddscachev1.EventUpdated_Event_FieldNumber-fieldEvent|
	oddscachev1.EventUpdated_Snapshots_FieldNumber-fieldSnapshots]

// Event is the frame of an encoded Event message.
type Event struct {
	prefix, body mem.SliceBuffer
}

// NewEvent frames an encoded Event. body is kept and must not be changed.
func NewEvent(body []byte) Event {
	return Event{prefix: prefix(fieldEvent, len(body)), body: body}
}

// prefix is the tag and length that stand before n bytes of a length-delimited field.
func prefix(field protowire.Number, n int) []byte {
	p := make([]byte, 0, protowire.SizeTag(field)+protowire.SizeVarint(uint64(n)))
	return appendPrefix(p, field, n)
}

// appendPrefix appends the tag of a field up to 15 and a length, without a call for either.
func appendPrefix(dst []byte, field protowire.Number, n int) []byte {
	return binary.AppendUvarint(append(dst, byte(field)<<3|byte(protowire.BytesType)), uint64(n))
}
