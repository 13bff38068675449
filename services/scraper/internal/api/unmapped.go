package api

import (
	"context"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ListUnmappedMarkets returns a page of markets without a partner.
func (s *Server) ListUnmappedMarkets(
	_ context.Context, req *oddscachev1.ListUnmappedMarketsRequest,
) (*oddscachev1.ListUnmappedMarketsResponse, error) {
	size, err := pageSize(req.GetPageSize(), defaultMarkets, maxMarkets)
	if err != nil {
		return nil, err
	}
	if err := validBookmaker(req.GetBookmaker()); err != nil {
		return nil, err
	}
	cycleID, markets := s.engine.Unmapped.Markets(odds.Bookmaker(req.GetBookmaker()))
	from, err := readOffsetToken(req.GetPageToken(), req.GetBookmaker(), cycleID)
	if err != nil {
		return nil, err
	}
	resp := &oddscachev1.ListUnmappedMarketsResponse{CycleId: cycleID}
	from = min(from, len(markets))
	to := min(from+size, len(markets))
	for _, m := range markets[from:to] {
		resp.UnmappedMarkets = append(resp.UnmappedMarkets, &oddscachev1.UnmappedMarket{
			Bookmaker: string(m.Bookmaker), MarketId: m.MarketID, Name: m.Name, Reason: string(m.Reason),
			Events: int64(m.Events), Example: m.Example,
		})
	}
	if to < len(markets) {
		resp.NextPageToken = offsetToken(to, req.GetBookmaker(), cycleID)
	}
	return resp, nil
}
