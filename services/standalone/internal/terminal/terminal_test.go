package terminal

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vbauerster/mpb/v8"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// syncBuffer is a buffer that the bar's goroutine and the test share.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func step(cycle string, p *oddscachev1.WatchProgressResponse) *oddscachev1.WatchProgressResponse {
	p.CycleId = cycle
	return p
}

func discovered(cycle string, events int64) *oddscachev1.WatchProgressResponse {
	return step(cycle, &oddscachev1.WatchProgressResponse{Step: &oddscachev1.WatchProgressResponse_DiscoveryCompleted{
		DiscoveryCompleted: &oddscachev1.DiscoveryCompleted{
			Events: events, Details: 3 * events,
			Bookmakers: []*oddscachev1.BookmakerResult{
				{Bookmaker: "betpawa", Listed: events},
				{Bookmaker: "sportybet", DiscoveryError: "status 500"},
			},
		},
	}})
}

func fetched(cycle string, done, events int64) *oddscachev1.WatchProgressResponse {
	return step(cycle, &oddscachev1.WatchProgressResponse{Step: &oddscachev1.WatchProgressResponse_EventsFetched{
		EventsFetched: &oddscachev1.EventsFetched{EventsDone: done, Events: events},
	}})
}

func stored(cycle string, changed int64) *oddscachev1.WatchProgressResponse {
	return step(cycle, &oddscachev1.WatchProgressResponse{Step: &oddscachev1.WatchProgressResponse_BatchStored{
		BatchStored: &oddscachev1.BatchStored{Changed: changed},
	}})
}

func endedCycle(id string) *oddscachev1.Cycle {
	begin := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return &oddscachev1.Cycle{
		CycleId: id, Status: oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL, Reason: "sportybet: status 500",
		StartedAt: timestamppb.New(begin), FinishedAt: timestamppb.New(begin.Add(3200 * time.Millisecond)),
		Events: 1291, MarketsChanged: 88120, EvictedEvents: 4,
		Bookmakers: []*oddscachev1.BookmakerResult{
			{Bookmaker: "betpawa", Changed: 1000, Confirmed: 20, Refused: 1},
			{Bookmaker: "bet9ja", Changed: 500, Confirmed: 30, Refused: 2},
		},
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := New(&out)
	d.Line("starting")
	d.Show(discovered("a", 1291))
	for _, done := range []int64{10, 322, 323, 400, 646, 1291} {
		d.Show(fetched("a", done, 1291))
		d.Show(stored("a", 7))
	}
	d.Ended(endedCycle("a"), &oddscachev1.GetStatsResponse{
		TotalEvents: 1291, TotalMarkets: 1234567, EstimatedMemoryMb: 61.25,
		Freshness: &oddscachev1.Freshness{State: oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE},
	})
	d.Show(discovered("b", 0))
	d.Ended(endedCycle("b"), nil)
	d.Close()

	want := strings.Join([]string{
		"starting",
		"cycle 1: found 1,291 events (betpawa 1,291, sportybet did not answer), 3,873 answers to fetch",
		"cycle 1: fetched 323 of 1291 events",
		"cycle 1: fetched 646 of 1291 events",
		"cycle 1: fetched 1291 of 1291 events",
		"cycle 1: PARTIAL in 3.2 s (sportybet: status 500), 1,291 events, 1,500 snapshots changed and 50 confirmed, " +
			"88,120 markets changed, 3 refused, 4 events evicted; cache LIVE with 1,291 events, 1,234,567 markets, 61.2 MB",
		"cycle 2: found 0 events (betpawa 0, sportybet did not answer), 0 answers to fetch",
		"cycle 2: PARTIAL in 3.2 s (sportybet: status 500), 1,291 events, 1,500 snapshots changed and 50 confirmed, " +
			"88,120 markets changed, 3 refused, 4 events evicted; the cache did not answer",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed lines differ (-want +got):\n%s", diff)
	}
}

// A cycle that ends early, one that is cut off by the next, and lines in between: everything is printed and nothing
// waits for a bar that never fills.
func TestBar(t *testing.T) {
	t.Parallel()
	out := &syncBuffer{}
	bar := newBarMeter(out, mpb.WithAutoRefresh(), mpb.WithRefreshRate(time.Millisecond))
	d := &Display{out: bar.bars, meter: bar}
	d.Show(discovered("a", 100))
	d.Show(fetched("a", 40, 100))
	d.Show(stored("a", 120))
	d.Show(discovered("b", 100))
	d.Show(fetched("b", 100, 100))
	d.Ended(endedCycle("b"), nil)
	d.Line("last words")
	d.Close()

	text := out.String()
	for _, want := range []string{"cycle 1: found 100 events", "cycle 2: PARTIAL in 3.2 s", "last words\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("output lacks %q:\n%s", want, text)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 88120: "88,120", 1234567: "1,234,567", -1000: "-1,000", -100: "-100",
	} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}
