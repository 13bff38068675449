package security

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/pair"
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

// stand is both services behind their locks, and a neighbour who asks them all the while.
type stand struct {
	authority, stranger *certtest.Authority
	dir                 string

	scraper, scraperAdmin, cache, cacheAdmin string // addresses
	tokensFile                               string
	tokens                                   map[string]string // by name

	neighbour *oddsclient.Client
	event     string // sr_id of an event that the cache has
	calm      int    // goroutines when nobody attacks
}

// newStand starts both services and fills them by one cycle.
func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{
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
	s.startScraper(t)
	s.startCache(t)
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

func (s *stand) path(name string) string { return filepath.Join(s.dir, name) }

// allow makes a token with limits and adds it to the file, which the cache reads when it likes.
func (s *stand) allow(t *testing.T, name, limits string) {
	t.Helper()
	token, line, err := tokens.New(name)
	if err != nil {
		t.Fatal(err)
	}
	s.tokens[name] = token
	line = strings.Join(strings.Fields(line)[:2], " ") + " " + limits + "\n"
	f, err := os.OpenFile(s.tokensFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		t.Fatal(err)
	}
}

// revoke takes a token out of the file.
func (s *stand) revoke(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(s.tokensFile)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, name+" ") {
			kept.WriteString(line)
		}
	}
	if err := os.WriteFile(s.tokensFile, []byte(kept.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hash is what the file holds of a token.
func (s *stand) hash(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(s.tokensFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), name+" sha256=")
	hash, _, _ := strings.Cut(rest, " ")
	return hash
}

func (s *stand) startScraper(t *testing.T) {
	t.Helper()
	world := sim.DefaultConfig()
	world.Life, world.Density = sim.Life{}, sim.Small
	world.Events, world.Offered = 12, [3]int{10, 11, 10}
	w, err := sim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	w.Freeze()
	site := httptest.NewServer(w.Combined())
	t.Cleanup(site.Close)
	cfg := scraper.DefaultConfig()
	cfg.DatabaseURL, cfg.Listen, cfg.AdminListen = pgtest.URL(t, pair.Migrate), "127.0.0.1:0", "127.0.0.1:0"
	cfg.Interval, cfg.BatchAge, cfg.WaitTimeout, cfg.Holder = 0, 20*time.Millisecond, within, t.Name()
	for _, b := range cfg.EachBookmaker() {
		b.URL = site.URL
	}
	cfg.MaxStreams, cfg.MaxConnections, cfg.MaxConnectionsPerHost = maxStreams, maxConnections, maxOfOneHost
	cfg.TLS = certs.ServerFiles{Cert: s.path("scraper.crt"), Key: s.path("scraper.key"), ClientCA: s.path("ca.crt")}
	app, err := scraper.New(t.Context(), cfg, logger(t, "scraper"))
	if err != nil {
		t.Fatal(err)
	}
	s.scraper, s.scraperAdmin = app.Addr().String(), app.AdminAddr().String()
	background(t, app.Run)
}

func (s *stand) startCache(t *testing.T) {
	t.Helper()
	cfg := cache.DefaultConfig()
	cfg.Feed, cfg.Listen, cfg.AdminListen = s.scraper, "127.0.0.1:0", "127.0.0.1:0"
	cfg.MaxWatches, cfg.MaxStreams, cfg.MaxConnections, cfg.MaxConnectionsPerHost = maxWatches, maxStreams, maxConnections, maxOfOneHost
	cfg.MaxUnread, cfg.MaxUnreadPerConnection, cfg.SendTimeout = maxUnread, maxUnreadPerConnection, sendTimeout
	cfg.TLS = certs.ServerFiles{Cert: s.path("cache.crt"), Key: s.path("cache.key"), ClientCA: s.path("ca.crt")}
	cfg.FeedTLS = certs.ClientFiles{Cert: s.path("cache.crt"), Key: s.path("cache.key"), CA: s.path("ca.crt")}
	cfg.Tokens = s.tokensFile
	app, err := cache.New(t.Context(), cfg, logger(t, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	s.cache, s.cacheAdmin = app.Addr().String(), app.AdminAddr().String()
	background(t, app.Run)
}

// background runs an app until the test ends.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }() // ends by stop
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("an app ended with %v", err)
		}
	})
}

func logger(t *testing.T, service string) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil)).With("service", service)
}

// fill runs a cycle, as the operator.
func (s *stand) fill(t *testing.T) {
	t.Helper()
	client := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t, aOperator), ""))
	ctx, cancel := context.WithTimeout(t.Context(), 2*within)
	defer cancel()
	pair.Poll(t, within, func() bool {
		_, err := client.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		if err != nil && rpcerr.Reason(err) != "NOT_WRITER" {
			t.Fatal(err)
		}
		return err == nil
	})
}

// findEvent waits until the cache has an event.
func (s *stand) findEvent(t *testing.T) {
	t.Helper()
	pair.Poll(t, within, func() bool {
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
func (s *stand) lookup(t *testing.T) {
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
func (s *stand) calmAgain(t *testing.T) {
	t.Helper()
	const few = 4
	if !pair.Poll(t, within, func() bool { return runtime.NumGoroutine() <= s.calm+few }) {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), s.calm, stacks[:runtime.Stack(stacks, true)])
	}
}

// as is a client's side of TLS with a certificate of the names; none with no names.
func (s *stand) as(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	if len(names) == 0 {
		return s.with(t, nil)
	}
	pair := s.authority.Issue(t, names...)
	return s.with(t, &pair)
}

// with is a client's side of TLS with a given certificate.
func (s *stand) with(t *testing.T, pair *certtest.Pair) *tls.Config {
	t.Helper()
	config := &tls.Config{RootCAs: s.authority.Pool(), MinVersion: tls.VersionTLS10, ServerName: "localhost"}
	if pair != nil {
		own := pair.TLS(t)
		// Shown whatever authorities the server asks for.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	return config
}

// dial makes a connection of an attacker's: nothing is tried again. It sends a token when one is given.
func (s *stand) dial(t *testing.T, addr string, config *tls.Config, token string) *grpc.ClientConn {
	t.Helper()
	options := []grpc.DialOption{
		grpc.WithDisableRetry(), grpc.WithTransportCredentials(credentials.NewTLS(config)),
	}
	if token != "" {
		options = append(options, grpc.WithPerRPCCredentials(tokens.Bearer(func(context.Context) (string, error) { return token, nil })))
	}
	if config.ServerName != "" {
		options = append(options, grpc.WithAuthority(config.ServerName))
	}
	conn, err := grpc.NewClient("passthrough:///"+addr, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// lookups is a client of the cache with a token.
func (s *stand) lookups(t *testing.T, token string) oddscachev1.OddsCacheServiceClient {
	t.Helper()
	return oddscachev1.NewOddsCacheServiceClient(s.dial(t, s.cache, s.as(t), s.tokens[token]))
}

// secure makes a TLS connection without gRPC.
func (s *stand) secure(t *testing.T, addr string, config *tls.Config, protocols ...string) (*tls.Conn, error) {
	t.Helper()
	conn := s.tcp(t, addr)
	config = config.Clone()
	config.NextProtos = protocols
	secured := tls.Client(conn, config)
	return secured, secured.HandshakeContext(t.Context())
}

// tcp connects to a port, for at most the time within.
func (s *stand) tcp(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(within))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
