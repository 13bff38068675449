package api

import (
	"context"
	"fmt"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// ResolveCompetitorEvents maps bookmakers' own ids to events. An id that belongs to none has a result that says so.
func (s *Server) ResolveCompetitorEvents(
	ctx context.Context, r *oddscachev1.ResolveCompetitorEventsRequest,
) (*oddscachev1.ResolveCompetitorEventsResponse, error) {
	requested := r.GetCompetitorEvents()
	if err := validCount("competitor_events", len(requested), 1, maxKeys); err != nil {
		return nil, err
	}
	keys := make([]key, len(requested))
	for i, c := range requested {
		of, err := competitorKey("", c)
		if err != nil {
			_, err = competitorKey(fmt.Sprintf("competitor_events[%d].", i), c)
			return nil, err
		}
		keys[i] = key{of: of}
	}
	v, err := s.view(ctx, 0)
	if err != nil {
		return nil, err
	}
	response := &oddscachev1.ResolveCompetitorEventsResponse{Freshness: freshnessOf(v)}
	for i, k := range keys {
		result := &oddscachev1.ResolveCompetitorEventsResult{CompetitorEvent: requested[i]}
		if e := s.find(MethodResolveCompetitorEvents, v, k); e != nil {
			result.Found, result.SrId, result.BetpawaEventId = true, e.SrID, e.BetpawaID
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}
