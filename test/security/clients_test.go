package security

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// as is a client's side of TLS with a certificate of the names; none with no names.
func (s *testbed) as(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	if len(names) == 0 {
		return s.with(t, nil)
	}
	keyPair := s.authority.Issue(t, names...)
	return s.with(t, &keyPair)
}

// with is a client's side of TLS with a given certificate.
func (s *testbed) with(t *testing.T, keyPair *certtest.Pair) *tls.Config {
	t.Helper()
	config := &tls.Config{RootCAs: s.authority.Pool(), MinVersion: tls.VersionTLS10, ServerName: "localhost"}
	if keyPair != nil {
		own := keyPair.TLS(t)
		// Shown whatever authorities the server asks for.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	return config
}

// dial makes a connection of an attacker's: nothing is tried again. It sends a token when one is given.
func (s *testbed) dial(t *testing.T, addr string, config *tls.Config, token string) *grpc.ClientConn {
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
func (s *testbed) lookups(t *testing.T, token string) oddscachev1.OddsCacheServiceClient {
	t.Helper()
	return oddscachev1.NewOddsCacheServiceClient(s.dial(t, s.cache, s.as(t), s.tokens[token]))
}

// secure makes a TLS connection without gRPC.
func (s *testbed) secure(t *testing.T, addr string, config *tls.Config, protocols ...string) (*tls.Conn, error) {
	t.Helper()
	conn := s.tcp(t, addr)
	config = config.Clone()
	config.NextProtos = protocols
	secured := tls.Client(conn, config)
	return secured, secured.HandshakeContext(t.Context())
}

// tcp connects to a port, for at most the time within.
func (s *testbed) tcp(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(within))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
