package standalone

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestExamples(t *testing.T) {
	t.Parallel()
	got := examples("grpcurl", "localhost:7400", "localhost:7401", &oddscachev1.Event{
		SrId: "68995116", BetpawaEventId: "33", Name: "Wuhan Three Towns - Qingdao Hainiu",
		CompetitorEvents: []*oddscachev1.CompetitorEvent{{Bookmaker: "bet9ja", CompetitorEventId: "707"}},
	})
	want := []string{
		"",
		"The cache serves on localhost:7400. Try, in another terminal (make grpcurl installs it), Wuhan Three Towns - Qingdao Hainiu:",
		`  grpcurl -plaintext -d '{"sr_id": "68995116", "market_ids": ["3743"]}' localhost:7400 oddscache.v1.OddsCacheService/GetEvent`,
		`  grpcurl -plaintext -d '{"betpawa_event_id": "33", "bookmakers": ["betpawa"]}' localhost:7400 oddscache.v1.OddsCacheService/GetEvent`,
		`  grpcurl -plaintext -d '{"competitor_event": {"bookmaker": "bet9ja", "competitor_event_id": "707"}, "market_ids": ["3743"]}' localhost:7400 oddscache.v1.OddsCacheService/GetEvent`,
		`  grpcurl -plaintext -d '{"page_size": 3}' localhost:7400 oddscache.v1.OddsCacheService/ListEvents`,
		`  grpcurl -plaintext -d '{}' localhost:7400 oddscache.v1.OddsCacheService/GetStats`,
		`  grpcurl -plaintext -d '{"wait": true}' localhost:7401 oddscache.v1.ScraperService/RunCycle`,
		`  grpcurl -plaintext localhost:7400 describe oddscache.v1.OddsCacheService`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("examples differ (-want +got):\n%s", diff)
	}
}

func TestLocalhost(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:7400": "localhost:7400", "[::1]:7400": "localhost:7400", "0.0.0.0:7400": "localhost:7400",
		":7400": "localhost:7400", "192.0.2.1:7400": "192.0.2.1:7400", "cache.example:7400": "cache.example:7400",
	} {
		if got := localhost(address); got != want {
			t.Errorf("localhost(%q) = %q, want %q", address, got, want)
		}
	}
}
