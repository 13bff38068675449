package pair

import (
	"testing"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// History is a client of the scraper's history, on a connection of its own.
func (p *Pair) History(t *testing.T) oddscachev1.HistoryServiceClient {
	t.Helper()
	return oddscachev1.NewHistoryServiceClient(dial(t, p.scraperConfig.Listen))
}
