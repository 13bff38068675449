package security

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
)

// connecting is attempts that end before an rpc.
func connecting() []attempt {
	return []attempt{
		{"scraper: gRPC without TLS", "the connection is closed", func(t *testing.T, s *testbed) string {
			return met(health(t, s.plain(t, s.scraper)))
		}},
		{"cache: gRPC without TLS", "the connection is closed", func(t *testing.T, s *testbed) string {
			return met(health(t, s.plain(t, s.cache)))
		}},
		{"cache: HTTP/1 without TLS on the gRPC port", "the connection is closed", func(t *testing.T, s *testbed) string {
			conn := s.tcp(t, s.cache)
			return met(exchange(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		}},
		{"cache: HTTP/1 over TLS on the gRPC port", "the connection is closed", func(t *testing.T, s *testbed) string {
			conn, err := s.secure(t, s.cache, s.as(t), "http/1.1")
			if err == nil {
				err = exchange(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			}
			return met(err)
		}},
		{"cache: TLS that names no protocol", "the connection is closed", func(t *testing.T, s *testbed) string {
			conn, err := s.secure(t, s.cache, s.as(t))
			if err == nil {
				err = exchange(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
			}
			return met(err)
		}},
		{"cache: TLS 1.1", "remote error: tls: protocol version not supported", func(t *testing.T, s *testbed) string { return met(s.version(t, s.cache, tls.VersionTLS11)) }},
		{"cache: TLS 1.2", "remote error: tls: protocol version not supported", func(t *testing.T, s *testbed) string { return met(s.version(t, s.cache, tls.VersionTLS12)) }},
		{"scraper: TLS 1.2", "remote error: tls: protocol version not supported", func(t *testing.T, s *testbed) string { return met(s.version(t, s.scraper, tls.VersionTLS12)) }},
		{"scraper: certificate of a stranger's authority with the cache's name", "remote error: tls: unknown certificate authority", func(t *testing.T, s *testbed) string {
			keyPair := s.stranger.Issue(t, aCache)
			return met(s.shown(t, s.scraper, s.with(t, &keyPair)))
		}},
		{"cache: certificate of a stranger's authority", "remote error: tls: unknown certificate authority", func(t *testing.T, s *testbed) string {
			keyPair := s.stranger.Issue(t, aClient)
			return met(s.shown(t, s.cache, s.with(t, &keyPair)))
		}},
		{"scraper: the cache's certificate, ended an hour ago", "remote error: tls: expired certificate", func(t *testing.T, s *testbed) string {
			keyPair := s.authority.IssueFor(t, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour), aCache)
			return met(s.shown(t, s.scraper, s.with(t, &keyPair)))
		}},
		{"scraper: the cache's certificate, valid from tomorrow", "remote error: tls: expired certificate", func(t *testing.T, s *testbed) string {
			keyPair := s.authority.IssueFor(t, time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour), aCache)
			return met(s.shown(t, s.scraper, s.with(t, &keyPair)))
		}},
		{"scraper: the cache's certificate without its key", "remote error: tls: error decrypting message", func(t *testing.T, s *testbed) string {
			owner, other := s.authority.Issue(t, aCache), s.authority.Issue(t, aClient)
			stolen, own := owner.TLS(t), other.TLS(t)
			config := s.as(t)
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &tls.Certificate{Certificate: stolen.Certificate, PrivateKey: own.PrivateKey}, nil
			}
			return met(s.shown(t, s.scraper, config))
		}},
		{"a client is led to a server of another name", "tls: failed to verify certificate: x509: certificate is valid for localhost, cache, not cache.example", func(t *testing.T, s *testbed) string {
			config := s.as(t)
			config.ServerName = "cache.example"
			return met(health(t, s.dial(t, s.cache, config, "")))
		}},
		{"a client is led to a server of a stranger's authority", "tls: failed to verify certificate: x509: certificate signed by unknown authority", func(t *testing.T, s *testbed) string {
			config := s.as(t)
			config.RootCAs = s.stranger.Pool()
			return met(health(t, s.dial(t, s.cache, config, "")))
		}},
		{"a client is told to send its token without TLS", "grpc: the credentials require transport level security (use grpc.WithTransportCredentials() to set)", func(_ *testing.T, s *testbed) string {
			conn, err := grpc.NewClient("passthrough:///"+s.cache, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithPerRPCCredentials(tokens.Bearer(func(context.Context) (string, error) { return "secret", nil })))
			if err == nil {
				_ = conn.Close()
			}
			return met(err)
		}},
	}
}

// starting is services that would be open to everybody; they do not start.
func starting() []attempt {
	return []attempt{
		{"cache: started for everybody without TLS", `reading the configuration: listen is "0.0.0.0:0" without TLS (must be a loopback address such as 127.0.0.1:0; set tls-cert and tls-key, or insecure where the network itself is trusted)`, func(t *testing.T, _ *testbed) string {
			cfg := cache.DefaultConfig()
			cfg.Listen, cfg.AdminListen = "0.0.0.0:0", "127.0.0.1:0"
			_, err := cache.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
			return met(err)
		}},
		{"cache: started with its admin port for everybody, without TLS", `reading the configuration: admin-listen is ":7410" without TLS (must be a loopback address such as 127.0.0.1:0; set tls-cert and tls-key, or insecure where the network itself is trusted)`, func(t *testing.T, _ *testbed) string {
			cfg := cache.DefaultConfig()
			cfg.Listen, cfg.AdminListen = "127.0.0.1:0", ":7410"
			_, err := cache.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
			return met(err)
		}},
		{"scraper: started for everybody without TLS", `reading the configuration: listen is "[::]:0" without TLS (must be a loopback address such as 127.0.0.1:0; set tls-cert and tls-key, or insecure where the network itself is trusted)`, func(t *testing.T, _ *testbed) string {
			cfg := scraper.DefaultConfig()
			cfg.DatabaseURL, cfg.Listen, cfg.AdminListen = "postgres://none", "[::]:0", "127.0.0.1:0"
			_, err := scraper.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
			return met(err)
		}},
		{"scraper: started with TLS that asks nobody for a certificate", "reading the configuration: tls-client-ca is empty (must name the PEM file of the authority of caches' and operators' certificates)", func(t *testing.T, s *testbed) string {
			cfg := scraper.DefaultConfig()
			cfg.DatabaseURL, cfg.Listen, cfg.AdminListen = "postgres://none", "0.0.0.0:0", "127.0.0.1:0"
			cfg.TLS = certs.ServerFiles{Cert: s.path("scraper.crt"), Key: s.path("scraper.key")}
			_, err := scraper.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
			return met(err)
		}},
	}
}

// identities is attempts with a connection that is good and a name that is not.
func identities() []attempt {
	run := func(t *testing.T, s *testbed, config *tls.Config) error {
		t.Helper()
		_, err := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, config, "")).
			RunCycle(t.Context(), &oddscachev1.RunCycleRequest{})
		return err
	}
	return []attempt{
		{"scraper: the feed without a certificate", "UNAUTHENTICATED CERTIFICATE_MISSING: a client certificate is needed", func(t *testing.T, s *testbed) string { return met(s.follow(t, s.as(t))) }},
		{"scraper: the feed by a lookup client", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of spiffe://oddscache/pricing, does not have the right "feed" that /oddscache.v1.SnapshotFeedService/StreamSnapshots takes`, func(t *testing.T, s *testbed) string { return met(s.follow(t, s.as(t, aClient))) }},
		{"scraper: the feed by the operator", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of spiffe://oddscache/operator, does not have the right "feed" that /oddscache.v1.SnapshotFeedService/StreamSnapshots takes`, func(t *testing.T, s *testbed) string { return met(s.follow(t, s.as(t, aOperator))) }},
		{"scraper: the feed by a name that begins like the cache's", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of spiffe://oddscache/cache2, cache, *, does not have the right "feed" that /oddscache.v1.SnapshotFeedService/StreamSnapshots takes`, func(t *testing.T, s *testbed) string {
			return met(s.follow(t, s.as(t, aCache+"2", "cache", "*")))
		}},
		{"scraper: the feed by a certificate without names", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of no name, does not have the right "feed" that /oddscache.v1.SnapshotFeedService/StreamSnapshots takes`, func(t *testing.T, s *testbed) string {
			keyPair := s.authority.Issue(t)
			return met(s.follow(t, s.with(t, &keyPair)))
		}},
		{"scraper: RunCycle by the cache", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of spiffe://oddscache/cache, does not have the right "operate" that /oddscache.v1.ScraperService/RunCycle takes`, func(t *testing.T, s *testbed) string { return met(run(t, s, s.as(t, aCache))) }},
		{"scraper: RunCycle without a certificate", "UNAUTHENTICATED CERTIFICATE_MISSING: a client certificate is needed", func(t *testing.T, s *testbed) string { return met(run(t, s, s.as(t))) }},
		{"scraper: RefreshEvent by the cache", `PERMISSION_DENIED RIGHT_MISSING: the certificate, of spiffe://oddscache/cache, does not have the right "operate" that /oddscache.v1.ScraperService/RefreshEvent takes`, func(t *testing.T, s *testbed) string {
			_, err := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t, aCache), "")).
				RefreshEvent(t.Context(), &oddscachev1.RefreshEventRequest{SrId: s.event})
			return met(err)
		}},
		{"scraper: ListOddsHistory by nobody", "UNAUTHENTICATED CERTIFICATE_MISSING: a client certificate is needed", func(t *testing.T, s *testbed) string {
			_, err := oddscachev1.NewHistoryServiceClient(s.dial(t, s.scraper, s.as(t), "")).
				ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: s.event, MarketId: "3743"})
			return met(err)
		}},
		{"scraper: ListCycles by nobody, with a token of the cache's", "UNAUTHENTICATED CERTIFICATE_MISSING: a client certificate is needed", func(t *testing.T, s *testbed) string {
			_, err := oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t), s.tokens["neighbour"])).
				ListCycles(t.Context(), &oddscachev1.ListCyclesRequest{})
			return met(err)
		}},
		{"scraper: reflection by nobody", "UNAUTHENTICATED CERTIFICATE_MISSING: a client certificate is needed", func(t *testing.T, s *testbed) string {
			return met(reflect(t, s.dial(t, s.scraper, s.as(t), "")))
		}},
		{"scraper: health by nobody, which is allowed", "OK", func(t *testing.T, s *testbed) string {
			return met(health(t, s.dial(t, s.scraper, s.as(t), "")))
		}},
	}
}

// version makes a handshake of at most a version.
func (s *testbed) version(t *testing.T, addr string, most uint16) error {
	t.Helper()
	config := s.as(t, aCache)
	config.MaxVersion = most
	_, err := s.secure(t, addr, config, "h2")
	return err
}

// shown shows a certificate, and returns what the server says of it: in TLS 1.3 that comes when the client is done.
func (s *testbed) shown(t *testing.T, addr string, config *tls.Config) error {
	t.Helper()
	conn, err := s.secure(t, addr, config, "h2")
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	return err
}

// plain makes a connection without TLS.
func (s *testbed) plain(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func health(t *testing.T, conn grpc.ClientConnInterface) error {
	t.Helper()
	_, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	return err
}

func reflect(t *testing.T, conn grpc.ClientConnInterface) error {
	t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		return err
	}
	_, err = stream.Recv()
	return err
}

// follow follows the feed from its beginning, with the given messages after the first.
func (s *testbed) follow(t *testing.T, config *tls.Config, messages ...*oddscachev1.StreamSnapshotsRequest) error {
	t.Helper()
	if messages == nil {
		messages = []*oddscachev1.StreamSnapshotsRequest{subscribe("attacker", 0)}
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	stream, err := oddscachev1.NewSnapshotFeedServiceClient(s.dial(t, s.scraper, config, "")).StreamSnapshots(ctx)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := stream.Send(m); err != nil {
			break // Recv says why
		}
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if m.GetBatch() != nil && len(messages) == 1 {
			return nil // it is let in
		}
	}
}

func subscribe(id string, revision int64) *oddscachev1.StreamSnapshotsRequest {
	return &oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{
		Subscribe: &oddscachev1.Subscribe{ReplicaId: id, Revision: revision},
	}}
}

// page asks for a page and returns its status and, of a refusal, its text.
func page(t *testing.T, url string, config *tls.Config) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return met(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	if err != nil {
		return met(err)
	}
	text := fmt.Sprintf("HTTP %d", response.StatusCode)
	if response.StatusCode != http.StatusOK {
		text += ": " + firstLine(string(body))
	}
	return text
}
