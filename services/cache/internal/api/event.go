package api

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Field numbers of the responses.
const (
	getEventFreshness = oddscachev1.GetEventResponse_Freshness_FieldNumber

	batchResults   = oddscachev1.BatchGetEventsResponse_Results_FieldNumber
	batchFreshness = oddscachev1.BatchGetEventsResponse_Freshness_FieldNumber
	resultKey      = oddscachev1.BatchGetEventsResult_Key_FieldNumber
	resultFound    = oddscachev1.BatchGetEventsResult_Found_FieldNumber
)

// partsOfEvent is how many parts the response about an event with three snapshots has.
const partsOfEvent = 16

// GetEvent returns one event.
func (s *Server) GetEvent(ctx context.Context, r *oddscachev1.GetEventRequest) (*rawpb.Message, error) {
	key, err := eventKey("", r)
	if err != nil {
		return nil, err
	}
	return s.getEvent(ctx, &lookup{
		key: key, bookmakers: r.GetBookmakers(), marketIDs: r.GetMarketIds(), minRevision: r.GetMinRevision(),
	})
}

// getEvent answers a lookup whose key is valid.
func (s *Server) getEvent(ctx context.Context, q *lookup) (*rawpb.Message, error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, q.minRevision)
	if err != nil {
		return nil, err
	}
	e := q.key.in(v)
	s.gets.add(e != nil)
	if e == nil {
		return nil, errNotFound
	}
	return found(e, q.filter(), freshnessSize(v), func(p []byte) []byte { return appendFreshness(p, getEventFreshness, v) }), nil
}

// found is the response with an event and what tail appends, room bytes at most. A small one is copied into one piece, a
// larger one refers to the bytes that the feed brought.
func found(e *store.Event, f frame.Filter, room int, tail func([]byte) []byte) *rawpb.Message {
	if m := frame.Pack(&e.Frame, e.Snapshots, f, room, tail); m != nil {
		return m
	}
	b := frame.NewBuilder(partsOfEvent)
	defer b.Release()
	b.Event(&e.Frame)
	b.Snapshots(e.Snapshots, f)
	b.Append(room, tail)
	return b.Message()
}

// BatchGetEvents returns events in the order of the request's keys, all of one view.
func (s *Server) BatchGetEvents(ctx context.Context, r *oddscachev1.BatchGetEventsRequest) (*rawpb.Message, error) {
	keys, err := eventKeys(r.GetKeys())
	if err != nil {
		return nil, err
	}
	if err := validFilter(r.GetBookmakers(), r.GetMarketIds(), r.GetMinRevision()); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, r.GetMinRevision())
	if err != nil {
		return nil, err
	}
	filter := frame.NewFilter(r.GetBookmakers(), r.GetMarketIds())
	b := frame.NewBuilder(partsOfEvent * len(keys))
	defer b.Release()
	for i, key := range keys {
		if err := addResult(b, r.GetKeys()[i], s.find(MethodBatchGetEvents, v, key), filter); err != nil {
			return nil, err
		}
	}
	addFreshness(b, batchFreshness, v)
	return b.Message(), nil
}

// addResult adds the result for one key.
func addResult(b *frame.Builder, key *oddscachev1.EventKey, e *store.Event, filter frame.Filter) error {
	requested, err := proto.Marshal(key)
	if err != nil {
		return fmt.Errorf("encoding key: %w", err)
	}
	result := b.Open()
	if e != nil {
		b.Event(&e.Frame)
		b.Snapshots(e.Snapshots, filter)
	}
	b.Append(len(requested)+16, func(p []byte) []byte {
		p = protowire.AppendTag(p, resultKey, protowire.BytesType)
		p = protowire.AppendBytes(p, requested)
		if e != nil {
			p = protowire.AppendTag(p, resultFound, protowire.VarintType)
			p = protowire.AppendVarint(p, protowire.EncodeBool(true))
		}
		return p
	})
	b.Close(result, batchResults)
	return nil
}
