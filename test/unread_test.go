package test

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/pair"
	"github.com/oddscache/oddscache/test/process"
)

// unreadLoad is how many connections hold how many unread batches each: 5,000 in `make fault-unread`.
func unreadLoad() (connections, batches int) {
	if os.Getenv("FAULT_UNREAD") == "1" {
		return 50, 100
	}
	return 8, 25
}

// unreadLimit is how much memory the cache may have.
const unreadLimit = 1 << 30

// deaf is a connection that nothing is read from once it is full.
type deaf struct {
	net.Conn
	full <-chan struct{}
	gone <-chan struct{}
}

// Read waits for ever once the connection is full.
func (d *deaf) Read(b []byte) (int, error) {
	select {
	case <-d.full:
		<-d.gone
		return 0, net.ErrClosed
	default:
		return d.Conn.Read(b)
	}
}

// TestUnreadBatches lets callers ask for large batches and never read them: the cache keeps answering others about as
// fast as before, and its memory stays within its limit.
func TestUnreadBatches(t *testing.T) { //nolint:paralleltest // it measures
	connections, batches := unreadLoad()
	p := newProcesses(t, pgtest.URL(t, pair.Migrate))
	p.startScraper()
	p.startCache(fmt.Sprint("GOMEMLIMIT=", unreadLimit))
	revision := p.runCycle().GetRevision()
	p.await(oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE, revision)
	var keys []*oddscachev1.EventKey
	for id := range p.content() {
		keys = append(keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: id}})
	}
	for len(keys) < 500 { // the same again: answers are as large as they may be
		keys = append(keys, keys...)
	}
	batch := &oddscachev1.BatchGetEventsRequest{Keys: keys[:500]}
	one := keys[0].GetSrId()

	quiet := p.lookups(t, one)
	resident := p.resident(t)
	full, gone := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range connections {
		conn, err := grpc.NewClient("passthrough:///"+p.cacheAddr, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawpb.NewCodec())), grpc.WithContextDialer(
				func(ctx context.Context, addr string) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
					return &deaf{conn, full, gone}, err
				}))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var stats rawpb.Message
		if err := conn.Invoke(ctx, oddscachev1.OddsCacheService_GetStats_FullMethodName, rawpb.New(nil), &stats); err != nil {
			t.Fatal(err)
		}
		for range batches {
			callers.Go(func() {
				var out rawpb.Message
				_ = conn.Invoke(ctx, oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, batch, &out) // nobody reads it
			})
		}
	}
	close(full)
	busy := p.lookups(t, one)
	after := p.resident(t)
	unread, err := process.Metric(t.Context(), p.cacheAdmin, "oddscache_unread_response_bytes", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d unread batches on %d connections: lookups' p99 %v, quiet %v; resident %d MB, before %d MB; unread %.0f MB",
		connections*batches, connections, busy, quiet, after>>20, resident>>20, unread/1e6)
	if floor := 10 * time.Millisecond; busy > 5*max(quiet, floor) {
		t.Errorf("p99 of others' lookups %v, quiet %v", busy, quiet)
	}
	if after > unreadLimit {
		t.Errorf("%d MB resident", after>>20)
	}
	close(gone)
	cancel()
	callers.Wait()
	p.await(oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE, revision)
}

// lookups asks for one event again and again, and returns the 99th percentile.
func (p *processes) lookups(t *testing.T, srID string) time.Duration {
	t.Helper()
	client := oddscachev1.NewOddsCacheServiceClient(p.connection)
	took := make([]time.Duration, 0, 4000)
	for until := time.Now().Add(4 * time.Second); time.Now().Before(until); {
		began := time.Now()
		if _, err := client.GetEvent(t.Context(), bySrID(srID)); err != nil {
			t.Fatalf("a lookup beside: %v", err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// resident reads how much memory the cache's process has.
func (p *processes) resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cache.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
