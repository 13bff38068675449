package security

import (
	"context"
	"crypto/tls"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// Limits of the cache under attack; small, so that they are reached.
const (
	maxWatches     = 20
	maxStreams     = 100
	maxConnections = 200
	maxOfOneHost   = 60

	maxUnread              = 8 << 20
	maxUnreadPerConnection = 256 << 10
	sendTimeout            = 5 * time.Second
)

// within bounds every wait for something that must happen.
const within = 30 * time.Second

// Names of certificates.
const (
	aCache    = "spiffe://oddscache/cache"
	aOperator = "spiffe://oddscache/operator"
	aClient   = "spiffe://oddscache/pricing" // known, without a right of its own
)

// testbed is both services with TLS and tokens, and a neighbour who looks things up all the while.
type testbed struct {
	authority, stranger *certtest.Authority
	dir                 string

	scraper, scraperAdmin, cache, cacheAdmin string // addresses
	tokensFile                               string
	tokens                                   map[string]string // by name

	neighbour *oddsclient.Client
	event     string // sr_id of an event that the cache has
	calm      int    // goroutines when nobody attacks
}

// newTestbed starts both services and fills them by one cycle.
func newTestbed(t *testing.T) *testbed {
	t.Helper()
	s := &testbed{
		authority: certtest.NewAuthority(t), stranger: certtest.NewAuthority(t), dir: t.TempDir(), tokens: make(map[string]string),
	}
	s.authority.Write(t, s.path("ca.crt"))
	s.authority.Issue(t, "localhost", "127.0.0.1", "scraper").Write(t, s.dir, "scraper")
	s.authority.Issue(t, "localhost", "127.0.0.1", "cache", aCache).Write(t, s.dir, "cache")
	s.tokensFile = s.path("tokens")
	for name, limits := range map[string]string{
		"neighbour": "rate=unlimited streams=50", "wire": "rate=unlimited streams=100000", "goes": "",
		"slow": "rate=0.01 burst=3", "slow-stream": "rate=0.01 burst=3", "slow-batch": "rate=0.01 burst=5", "crowd": "streams=3",
	} {
		s.allow(t, name, limits)
	}
	s.start(t)
	s.fill(t)
	client, err := oddsclient.New(s.cache, oddsclient.Options{
		Credentials: credentials.NewTLS(&tls.Config{RootCAs: s.authority.Pool(), MinVersion: tls.VersionTLS13}),
		Token:       tokens.Bearer(func(context.Context) (string, error) { return s.tokens["neighbour"], nil }),
		Streams:     1, StreamAge: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	s.neighbour = client
	s.findEvent(t)
	s.lookup(t)
	time.Sleep(300 * time.Millisecond) //nolint:forbidigo // what the start left behind ends by itself
	s.calm = runtime.NumGoroutine()
	return s
}

func (s *testbed) path(name string) string { return filepath.Join(s.dir, name) }

// start starts both services, with simulated bookmakers.
func (s *testbed) start(t *testing.T) {
	t.Helper()
	world := cluster.SmallWorld(12)
	world.Density = sim.Small
	w := cluster.StartWorld(t, world)
	w.Freeze()
	s.use(cluster.Start(t, cluster.Config{Site: w.URL, Scraper: s.scraperConfig, Cache: s.cacheConfig}))
}

// use takes a cluster's addresses.
func (s *testbed) use(c *cluster.Cluster) {
	s.scraper, s.scraperAdmin = c.Scrapers[0].Addr, c.Scrapers[0].Admin
	s.cache, s.cacheAdmin = c.Caches[0].Addr, c.Caches[0].Admin
}

// scraperConfig gives a scraper its certificate and small limits.
func (s *testbed) scraperConfig(c *scraper.Config) {
	c.MaxStreams, c.MaxConnections, c.MaxConnectionsPerHost = maxStreams, maxConnections, maxOfOneHost
	c.TLS = certs.ServerFiles{Cert: s.path("scraper.crt"), Key: s.path("scraper.key"), ClientCA: s.path("ca.crt")}
}

// cacheConfig gives a cache its certificates, the file of tokens and small limits.
func (s *testbed) cacheConfig(c *cache.Config) {
	c.MaxWatches, c.MaxStreams, c.MaxConnections, c.MaxConnectionsPerHost = maxWatches, maxStreams, maxConnections, maxOfOneHost
	c.MaxUnread, c.MaxUnreadPerConnection, c.SendTimeout = maxUnread, maxUnreadPerConnection, sendTimeout
	c.TLS = certs.ServerFiles{Cert: s.path("cache.crt"), Key: s.path("cache.key"), ClientCA: s.path("ca.crt")}
	c.FeedTLS = certs.ClientFiles{Cert: s.path("cache.crt"), Key: s.path("cache.key"), CA: s.path("ca.crt")}
	c.Tokens = s.tokensFile
}

// fill runs a cycle, as the operator.
func (s *testbed) fill(t *testing.T) {
	t.Helper()
	client := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t, aOperator), ""))
	ctx, cancel := context.WithTimeout(t.Context(), 2*within)
	defer cancel()
	cluster.Poll(t, within, func() bool {
		_, err := client.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		if err != nil && rpcerr.Reason(err) != "NOT_WRITER" {
			t.Fatal(err)
		}
		return err == nil
	})
}

// findEvent waits until the cache has an event.
func (s *testbed) findEvent(t *testing.T) {
	t.Helper()
	cluster.Poll(t, within, func() bool {
		page, err := s.neighbour.Service().ListEvents(t.Context(), &oddscachev1.ListEventsRequest{PageSize: 1})
		if err != nil || len(page.GetEvents()) == 0 {
			return false
		}
		s.event = page.GetEvents()[0].GetEvent().GetSrId()
		return true
	})
	if s.event == "" {
		t.Fatal("the cache has no event")
	}
}

// lookup is what the neighbour does all the while: a lookup on a stream, and one by a call.
func (s *testbed) lookup(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	request := &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: s.event}}
	if _, err := s.neighbour.GetEvent(ctx, request); err != nil {
		t.Errorf("the neighbour's stream: %v", err)
	}
	if _, err := s.neighbour.Service().GetEvent(ctx, request); err != nil {
		t.Errorf("the neighbour's call: %v", err)
	}
}

// calmAgain waits until as many goroutines run as before the attempts, but for a few that pools keep.
func (s *testbed) calmAgain(t *testing.T) {
	t.Helper()
	const few = 4
	if !cluster.Poll(t, within, func() bool { return runtime.NumGoroutine() <= s.calm+few }) {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), s.calm, stacks[:runtime.Stack(stacks, true)])
	}
}
