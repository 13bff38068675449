package encode

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Offered decodes those of committed markets that the bookmaker offers and whose id is wanted, in order.
// Only identity, handicap type and outcomes are filled in.
func Offered(framed []byte, wanted func(marketID string) bool) ([]odds.Market, error) {
	var markets []odds.Market
	for frame := range snapshot.Frames(framed) {
		if !wanted(string(snapshot.MarketID(frame))) {
			continue
		}
		k, unavailable, err := readMarket(frame)
		if err != nil {
			return nil, err
		}
		if unavailable {
			continue
		}
		var m oddscachev1.CachedMarket
		if err := proto.Unmarshal(snapshot.MarketBody(frame), &m); err != nil {
			return nil, fmt.Errorf("decoding committed market %s: %w", k.ID, err)
		}
		markets = append(markets, odds.Market{MarketKey: k, Handicap: odds.HandicapType(m.GetHandicapType()), Outcomes: outcomesOf(&m)})
	}
	return markets, nil
}
