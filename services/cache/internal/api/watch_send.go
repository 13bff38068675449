package api

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// Field numbers of WatchEventsResponse and EventRemoved. EventUpdated has those that all messages with events share.
const (
	watchUpdated   = oddscachev1.WatchEventsResponse_Updated_FieldNumber
	watchRemoved   = oddscachev1.WatchEventsResponse_Removed_FieldNumber
	watchSynced    = oddscachev1.WatchEventsResponse_Synced_FieldNumber
	watchFreshness = oddscachev1.WatchEventsResponse_Freshness_FieldNumber

	removedSrID      = oddscachev1.EventRemoved_SrId_FieldNumber
	removedBookmaker = oddscachev1.EventRemoved_Bookmaker_FieldNumber
	removedReason    = oddscachev1.EventRemoved_Reason_FieldNumber
)

// watchStream sends the messages of a watch. Sending waits while the caller does not read; what it then holds is the message
// and what the transport took before, 64 KiB and a message more, or less when the connection leaves much else unread.
type watchStream struct {
	stream grpc.ServerStream
	part   frame.Filter
}

// Updated implements watch.Consumer.
func (s *watchStream) Updated(m watch.Mark, e *store.Event) error {
	return s.send(updatedMessage(m, e, s.part))
}

// updatedMessage is a message with an event, as far as the request wants it.
func updatedMessage(m watch.Mark, e *store.Event, part frame.Filter) *rawpb.Message {
	b := frame.NewBuilder(partsOfEvent)
	defer b.Release()
	updated := b.Open()
	b.Event(&e.Frame)
	b.Snapshots(e.Snapshots, part)
	b.Close(updated, watchUpdated)
	b.Append(freshnessSize(m.View), func(p []byte) []byte { return appendMark(p, m) })
	return b.Message()
}

// Removed implements watch.Consumer.
func (s *watchStream) Removed(m watch.Mark, r watch.Removal) error {
	body := protowire.AppendTag(make([]byte, 0, len(r.SrID)+len(r.Bookmaker)+16), removedSrID, protowire.BytesType)
	body = protowire.AppendString(body, r.SrID)
	if r.Bookmaker != "" {
		body = protowire.AppendTag(body, removedBookmaker, protowire.BytesType)
		body = protowire.AppendString(body, r.Bookmaker)
	}
	body = protowire.AppendTag(body, removedReason, protowire.VarintType)
	body = protowire.AppendVarint(body, uint64(reasonOf(r.Reason)))
	return s.send(markedMessage(m, watchRemoved, body))
}

// Synced implements watch.Consumer.
func (s *watchStream) Synced(m watch.Mark) error { return s.send(markedMessage(m, watchSynced, nil)) }

// markedMessage is a message with an encoded body in one of its fields, and the mark.
func markedMessage(m watch.Mark, field protowire.Number, body []byte) *rawpb.Message {
	p := make([]byte, 0, len(body)+freshnessSize(m.View)+16)
	p = protowire.AppendTag(p, field, protowire.BytesType)
	p = protowire.AppendBytes(p, body)
	return rawpb.New(appendMark(p, m))
}

// appendMark appends the freshness of now with the mark's revision.
func appendMark(p []byte, m watch.Mark) []byte {
	return appendFreshnessAt(p, watchFreshness, m.View, m.Revision)
}

// reasonOf is a removal's reason as the protocol has it.
func reasonOf(r watch.Reason) oddscachev1.RemovalReason {
	switch r {
	case watch.Evicted:
		return oddscachev1.RemovalReason_REMOVAL_REASON_EVICTED
	case watch.Filtered:
		return oddscachev1.RemovalReason_REMOVAL_REASON_FILTERED
	case watch.Unlisted:
		return oddscachev1.RemovalReason_REMOVAL_REASON_UNLISTED
	default:
		return oddscachev1.RemovalReason_REMOVAL_REASON_UNSPECIFIED
	}
}

// send sends a message; its error ends the watch.
func (s *watchStream) send(m *rawpb.Message) error {
	if err := s.stream.SendMsg(m); err != nil {
		return fmt.Errorf("sending to the caller: %w", err)
	}
	return nil
}
