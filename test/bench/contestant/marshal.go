package contestant

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// marshalling keeps events as messages and marshals them for every answer, as a generated server does.
type marshalling struct {
	oddscachev1.UnimplementedOddsCacheServiceServer

	events    map[string]*oddscachev1.GetEventResponse // by sr_id
	freshness *oddscachev1.Freshness
}

// NewMarshalling starts a gRPC server with generated handlers and gRPC's own codec.
func NewMarshalling(responses Responses) (*Contestant, error) {
	c := &Contestant{Name: "gRPC, marshalling"}
	m := &marshalling{events: make(map[string]*oddscachev1.GetEventResponse)}
	for _, b := range responses[Full] {
		var e oddscachev1.GetEventResponse
		if err := proto.Unmarshal(b, &e); err != nil {
			return nil, fmt.Errorf("decoding an answer: %w", err)
		}
		m.events[e.GetEvent().GetSrId()] = &e
		m.freshness = e.GetFreshness()
	}
	server := grpc.NewServer(serverOptions()...)
	oddscachev1.RegisterOddsCacheServiceServer(server, m)
	addr, err := c.serve(server)
	if err == nil {
		err = c.dial(addr, len(responses[Full]))
	}
	c.Streams = nil
	return started(c, err)
}

// GetEvent implements the service.
func (m *marshalling) GetEvent(_ context.Context, r *oddscachev1.GetEventRequest) (*oddscachev1.GetEventResponse, error) {
	e := m.events[r.GetSrId()]
	if e == nil {
		return nil, status.Error(codes.NotFound, r.GetSrId())
	}
	return &oddscachev1.GetEventResponse{Event: e.GetEvent(), Snapshots: filter(e.GetSnapshots(), r.GetMarketIds()), Freshness: m.freshness}, nil
}

// BatchGetEvents implements the service.
func (m *marshalling) BatchGetEvents(_ context.Context, r *oddscachev1.BatchGetEventsRequest) (*oddscachev1.BatchGetEventsResponse, error) {
	response := &oddscachev1.BatchGetEventsResponse{Freshness: m.freshness}
	for _, k := range r.GetKeys() {
		e := m.events[k.GetSrId()]
		response.Results = append(response.Results, &oddscachev1.BatchGetEventsResult{
			Event: e.GetEvent(), Snapshots: e.GetSnapshots(), Key: k, Found: e != nil,
		})
	}
	return response, nil
}

// filter leaves the markets with the given ids; no ids mean all markets.
func filter(snapshots []*oddscachev1.CachedSnapshot, ids []string) []*oddscachev1.CachedSnapshot {
	if len(ids) == 0 {
		return snapshots
	}
	var some []*oddscachev1.CachedSnapshot
	for _, s := range snapshots {
		cut := &oddscachev1.CachedSnapshot{
			SnapshotId: s.GetSnapshotId(), Bookmaker: s.GetBookmaker(), BookmakerEventId: s.GetBookmakerEventId(),
			CapturedAt: s.GetCapturedAt(), LastConfirmedAt: s.GetLastConfirmedAt(),
		}
		for _, m := range s.GetMarkets() {
			if slices.Contains(ids, m.GetMarketId()) {
				cut.Markets = append(cut.Markets, m)
			}
		}
		some = append(some, cut)
	}
	return some
}
