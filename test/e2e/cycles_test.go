package e2e

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/recordedsite"
)

func TestCyclesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	var ran []*oddscachev1.Cycle
	for range 5 {
		ran = append([]*oddscachev1.Cycle{p.RunCycle(t, succeeded).GetCycle()}, ran...)
	}
	var listed []*oddscachev1.Cycle
	req := &oddscachev1.ListCyclesRequest{PageSize: 2}
	for pages := 1; ; pages++ {
		resp, err := p.Scraper.ListCycles(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, resp.GetCycles()...)
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(ran, listed, protocmp.Transform()); diff != "" {
		t.Errorf("listed cycles differ from those that ran: %s", diff)
	}
	one, err := p.Scraper.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{CycleId: ran[2].GetCycleId()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ran[2], one.GetCycle(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[string]codes.Code{
		"": codes.InvalidArgument, "nonsense": codes.InvalidArgument, "01a203bf-7839-7e5e-afa3-000000000000": codes.NotFound,
	} {
		if _, err := p.Scraper.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{CycleId: id}); status.Code(err) != want {
			t.Errorf("GetCycle %q: %v, want %v", id, err, want)
		}
	}
	for _, req := range []*oddscachev1.ListCyclesRequest{{PageSize: -1}, {PageToken: "nonsense"}} {
		if _, err := p.Scraper.ListCycles(t.Context(), req); status.Code(err) != codes.InvalidArgument {
			t.Errorf("ListCycles %v: %v", req, err)
		}
	}
}

func TestProgressReportsACycleStepByStep(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL, Scraper: func(c *scraper.Config) { c.BatchEvents = 10 }})
	p.RunCycle(t, succeeded)
	p.Live(t)
	accepted, err := p.Scraper.RunCycle(t.Context(), &oddscachev1.RunCycleRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// The watch may come after the cycle's end, so it watches all cycles and runs another one.
	stream, err := p.Scraper.WatchProgress(ctx, &oddscachev1.WatchProgressRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := make(chan *oddscachev1.RunCycleResponse, 1)
	go func() {
		resp, err := p.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		if err != nil {
			t.Errorf("running the watched cycle: %v", err)
		}
		next <- resp
	}()
	steps := make(map[string][]*oddscachev1.WatchProgressResponse)
	var ended *oddscachev1.Cycle
	for ended == nil {
		step, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		steps[step.GetCycleId()] = append(steps[step.GetCycleId()], step)
		if end := step.GetCycleEnded(); end != nil && step.GetCycleId() != accepted.GetCycle().GetCycleId() {
			ended = end.GetCycle()
		}
	}
	resp := <-next
	if diff := cmp.Diff(resp.GetCycle(), ended, protocmp.Transform()); diff != "" {
		t.Errorf("the last step is not the cycle: %s", diff)
	}
	var stored, updated, confirmed int64
	own := steps[ended.GetCycleId()]
	for _, s := range own {
		if b := s.GetBatchStored(); b != nil {
			stored++
			confirmed += b.GetConfirmed()
			if b.CacheUpdateMs != nil && b.GetCacheUpdateMs() > 0 {
				updated++
			}
			if b.GetStorageCommitMs() <= 0 || b.GetRevision() == 0 {
				t.Errorf("batch without timings: %v", b)
			}
		}
	}
	if own[0].GetCycleStarted() == nil || own[1].GetDiscoveryCompleted().GetEvents() != 40 {
		t.Errorf("a cycle begins with %v, %v", own[0], own[1])
	}
	if stored < 4 || updated != stored || confirmed != ended.GetSnapshots() {
		t.Errorf("%d batches, %d of them seen at the cache, %d snapshots confirmed of %d", stored, updated, confirmed, ended.GetSnapshots())
	}
}

func TestOneCycleIsWatchedToItsEnd(t *testing.T) {
	t.Parallel()
	w := world(t, func(c *sim.Config) { c.Latency = sim.RealLatency(); c.LatencyScale = 0.2 })
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	p.Live(t)
	accepted, err := p.Scraper.RunCycle(t.Context(), &oddscachev1.RunCycleRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := p.Scraper.WatchProgress(ctx, &oddscachev1.WatchProgressRequest{CycleId: accepted.GetCycle().GetCycleId()})
	if err != nil {
		t.Fatal(err)
	}
	var last *oddscachev1.WatchProgressResponse
	for {
		step, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = step
	}
	if last.GetCycleEnded().GetCycle().GetStatus() != succeeded {
		t.Errorf("the stream ended after %v", last)
	}
}

func TestRequestsDuringACycleShareTheNextOne(t *testing.T) {
	t.Parallel()
	w := world(t, func(c *sim.Config) { c.Latency = sim.RealLatency(); c.LatencyScale = 0.2 })
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	p.Live(t)
	run := func(wait bool) string {
		resp, err := p.Scraper.RunCycle(t.Context(), &oddscachev1.RunCycleRequest{Wait: wait})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetCycle().GetCycleId()
	}
	first := run(false)
	cluster.Poll(t, time.Minute, func() bool { // until it runs, requests join it
		c, err := p.Scraper.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{CycleId: first})
		return err == nil && c.GetCycle().GetStatus() == oddscachev1.CycleStatus_CYCLE_STATUS_RUNNING
	})
	second, third := run(false), run(true)
	if second == first || third != second {
		t.Errorf("cycles %s, %s, %s: requests during the first must share one next cycle", first, second, third)
	}
}

func TestUnmappedMarketsAreListedByFrequency(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	site.Wuhan(t, time.Now().Add(48*time.Hour))
	p := cluster.Start(t, cluster.Config{Site: site.URL})
	end := p.RunCycle(t, succeeded)
	counts := make(map[string]int)
	req := &oddscachev1.ListUnmappedMarketsRequest{PageSize: 30}
	last := int64(1 << 40)
	for {
		resp, err := p.Scraper.ListUnmappedMarkets(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.GetCycleId() != end.GetCycle().GetCycleId() {
			t.Fatalf("counted by cycle %s", resp.GetCycleId())
		}
		for _, m := range resp.GetUnmappedMarkets() {
			counts[m.GetBookmaker()]++
			if m.GetName() == "" || m.GetReason() == "" || m.GetExample() == "" || m.GetEvents() > last {
				t.Errorf("unmapped market %v", m)
			}
			last = m.GetEvents()
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	t.Logf("unmapped markets by bookmaker: %v", counts)
	if counts["betpawa"] != 0 || counts["sportybet"] < 50 || counts["bet9ja"] < 20 {
		t.Errorf("unmapped markets by bookmaker: %v", counts)
	}
	for _, req := range []*oddscachev1.ListUnmappedMarketsRequest{{Bookmaker: "nobody"}, {PageSize: -1}, {PageToken: "x"}} {
		if _, err := p.Scraper.ListUnmappedMarkets(t.Context(), req); status.Code(err) != codes.InvalidArgument || rpcerr.Reason(err) == "" {
			t.Errorf("%v: %v", req, err)
		}
	}
}
