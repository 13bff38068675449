package api

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// RefreshEvent fetches and stores one event now.
func (s *Server) RefreshEvent(
	ctx context.Context, req *oddscachev1.RefreshEventRequest,
) (*oddscachev1.RefreshEventResponse, error) {
	if id, ok := bookmaker.ParseSrID(req.GetSrId()); !ok || id != req.GetSrId() {
		return nil, rpcerr.Invalid("sr_id", "must be a SportRadar id, digits only and the first of them not 0")
	}
	refreshed, err := s.engine.Refresh(ctx, req.GetSrId())
	if err != nil {
		return nil, err
	}
	resp := &oddscachev1.RefreshEventResponse{Event: eventMessage(refreshed.Event), Revision: refreshed.Revision}
	for _, r := range refreshed.Results {
		resp.Bookmakers = append(resp.Bookmakers, refreshMessage(r))
	}
	return resp, nil
}

func eventMessage(e odds.Event) *oddscachev1.Event {
	m := &oddscachev1.Event{
		SrId: e.SrID, BetpawaEventId: e.BetPawaEventID, Name: e.Name, HomeTeam: e.HomeTeam, AwayTeam: e.AwayTeam,
		Kickoff: timestamppb.New(e.Kickoff), Sport: e.Sport, Country: e.Country, Tournament: e.Tournament,
	}
	for _, c := range e.Competitors {
		m.CompetitorEvents = append(m.CompetitorEvents, &oddscachev1.CompetitorEvent{
			Bookmaker: string(c.Bookmaker), CompetitorEventId: c.EventID,
		})
	}
	return m
}

func refreshMessage(r cycle.RefreshResult) *oddscachev1.RefreshResult {
	m := &oddscachev1.RefreshResult{Bookmaker: string(r.Bookmaker), LatencyMs: milliseconds(r.Took)}
	if r.Snapshot != nil {
		m.Markets = int64(len(r.Snapshot.Markets))
	}
	var rejected *odds.Rejected
	switch {
	case errors.Is(r.Err, bookmaker.ErrThrottled):
		m.Status, m.Reason = oddscachev1.RefreshStatus_REFRESH_STATUS_BLOCKED, "PUSHED_BACK"
	case errors.As(r.Err, &rejected):
		m.Status, m.Reason = oddscachev1.RefreshStatus_REFRESH_STATUS_REFUSED, string(rejected.Reason)
	case r.Err != nil:
		m.Status, m.Reason = oddscachev1.RefreshStatus_REFRESH_STATUS_FAILED, "NO_ANSWER"
	case r.Changed:
		m.Status = oddscachev1.RefreshStatus_REFRESH_STATUS_CHANGED
	case r.Confirmed:
		m.Status = oddscachev1.RefreshStatus_REFRESH_STATUS_CONFIRMED
	default:
		m.Status, m.Reason = oddscachev1.RefreshStatus_REFRESH_STATUS_REFUSED, string(mostFrequent(r.Rejected))
	}
	return m
}

// mostFrequent is the reason given most often.
func mostFrequent(rejected odds.Rejections) odds.Reason {
	reasons := make([]odds.Reason, 0, len(rejected))
	for r := range rejected {
		reasons = append(reasons, r)
	}
	if len(reasons) == 0 {
		return ""
	}
	return slices.MaxFunc(reasons, func(a, b odds.Reason) int {
		return cmp.Or(cmp.Compare(rejected[a], rejected[b]), cmp.Compare(b, a))
	})
}
