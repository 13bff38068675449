package guard_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// table has a row for each right.
var table = map[string]guard.Right{
	"/x/Open": guard.Open, "/x/Token": guard.Token, "/x/Known": guard.Known, "/x/Feed": guard.Feed,
	"/": guard.Known, "/healthz": guard.Open, "/debug/pprof/": guard.Operate,
}

// testbed is a guard with a token and two named certificates.
type testbed struct {
	*guard.Guard
	tokens *tokens.Tokens
	file   string
	token  string
	line   string
}

func setup(t testing.TB, limits string) *testbed {
	t.Helper()
	s := &testbed{file: filepath.Join(t.TempDir(), "tokens")}
	var err error
	if s.token, s.line, err = tokens.New("pricing"); err != nil {
		t.Fatal(err)
	}
	s.line += " " + limits
	s.write(t, s.line)
	if s.tokens, err = tokens.Open(s.file, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s.Guard = guard.New(guard.Config{
		Port: "grpc", Table: table, Tokens: s.tokens, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Names: map[guard.Right][]string{guard.Feed: {"spiffe://x/cache"}, guard.Operate: {"operator"}},
		Cost: func(request any) int {
			n, _ := request.(int)
			return n
		},
	})
	return s
}

func (s *testbed) write(t testing.TB, line string) {
	t.Helper()
	if err := os.WriteFile(s.file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
}

// state is a connection with a verified certificate of a name; none with "".
func state(name string) tls.ConnectionState {
	if name == "" {
		return tls.ConnectionState{}
	}
	leaf := &x509.Certificate{DNSNames: []string{name}}
	if name == "nameless" {
		leaf = &x509.Certificate{}
	}
	if uri, err := url.Parse(name); err == nil && uri.Scheme != "" {
		leaf = &x509.Certificate{URIs: []*url.URL{uri}}
	}
	return tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
}

// caller is the context of a call.
func caller(name string, authorization ...string) context.Context {
	ctx := peer.NewContext(context.Background(), &peer.Peer{
		Addr: &net4{}, AuthInfo: credentials.TLSInfo{State: state(name)},
	})
	if authorization == nil {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, metadata.MD{"authorization": authorization})
}

type net4 struct{}

func (*net4) Network() string { return "tcp" }
func (*net4) String() string  { return "192.0.2.1:1" }

// call makes a unary call and returns what its caller sees.
func (s *testbed) call(t testing.TB, ctx context.Context, method string, cost int) *status.Status { //nolint:revive // t is first
	t.Helper()
	_, err := s.Unary(ctx, cost, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) { return "", nil })
	return seen(t, err)
}

func seen(t testing.TB, err error) *status.Status {
	t.Helper()
	if err == nil {
		return status.New(codes.OK, "")
	}
	rules, tableErr := rpcerr.NewTable(guard.Rules()...)
	if tableErr != nil {
		t.Fatal(tableErr)
	}
	got, expected := rules.Status(context.Background(), err)
	if !expected {
		t.Errorf("%v has no rule", err)
	}
	return got
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	s := setup(t, "")
	bearer := "Bearer " + s.token
	for _, test := range []struct {
		method        string
		name          string
		authorization []string
		code          codes.Code
		reason        string
	}{
		{"/x/Open", "", nil, codes.OK, ""},
		{"/x/Token", "", []string{bearer}, codes.OK, ""},
		{"/x/Token", "", []string{"bearer " + s.token}, codes.OK, ""},
		{"/x/Token", "", nil, codes.Unauthenticated, guard.ReasonTokenMissing},
		{"/x/Token", "spiffe://x/cache", nil, codes.Unauthenticated, guard.ReasonTokenMissing},
		{"/x/Token", "", []string{s.token}, codes.Unauthenticated, guard.ReasonTokenMalformed},
		{"/x/Token", "", []string{"Basic " + s.token}, codes.Unauthenticated, guard.ReasonTokenMalformed},
		{"/x/Token", "", []string{"Bearer "}, codes.Unauthenticated, guard.ReasonTokenMalformed},
		{"/x/Token", "", []string{bearer, bearer}, codes.Unauthenticated, guard.ReasonTokenMalformed},
		{"/x/Token", "", []string{bearer + " "}, codes.Unauthenticated, guard.ReasonTokenUnknown},
		{"/x/Token", "", []string{"Bearer pricing"}, codes.Unauthenticated, guard.ReasonTokenUnknown},
		{"/x/Known", "anybody", nil, codes.OK, ""},
		{"/x/Known", "nameless", nil, codes.OK, ""},
		{"/x/Feed", "nameless", nil, codes.PermissionDenied, guard.ReasonRightMissing},
		{"/x/Known", "", []string{bearer}, codes.Unauthenticated, guard.ReasonCertificateMissing},
		{"/x/Feed", "spiffe://x/cache", nil, codes.OK, ""},
		{"/x/Feed", "", nil, codes.Unauthenticated, guard.ReasonCertificateMissing},
		{"/x/Feed", "operator", nil, codes.PermissionDenied, guard.ReasonRightMissing},
		{"/x/Feed", "spiffe://x/cache2", nil, codes.PermissionDenied, guard.ReasonRightMissing},
		{"/x/None", "operator", []string{bearer}, codes.PermissionDenied, guard.ReasonRightMissing},
	} {
		got := s.call(t, caller(test.name, test.authorization...), test.method, 1)
		if got.Code() != test.code || rpcerr.Reason(got.Err()) != test.reason {
			t.Errorf("%s by %q, %v: got %v %s, want %v %s", test.method, test.name, test.authorization,
				got.Code(), rpcerr.Reason(got.Err()), test.code, test.reason)
		}
		if strings.Contains(got.String(), s.token) {
			t.Errorf("the error holds the token: %v", got)
		}
	}
	if n, err := testutil.GatherAndCount(gather(s)); err != nil || n != len(guard.Reasons()) {
		t.Errorf("%d reasons are counted, %v; want %d", n, err, len(guard.Reasons()))
	}
}

func TestCallsTakeWhatTheyCost(t *testing.T) {
	t.Parallel()
	s := setup(t, "rate=0.001 burst=10")
	ctx := caller("", "Bearer "+s.token)
	if got := s.call(t, ctx, "/x/Token", 8); got.Code() != codes.OK {
		t.Errorf("8 of 10: %v", got)
	}
	got := s.call(t, ctx, "/x/Token", 3)
	if got.Code() != codes.ResourceExhausted || rpcerr.Reason(got.Err()) != guard.ReasonRateExceeded {
		t.Errorf("3 of 2: %v", got)
	}
	if wait, ok := rpcerr.RetryDelay(got.Err()); !ok || wait < 900*time.Second || wait > 1100*time.Second {
		t.Errorf("retry after %v, %t; want a thousand seconds", wait, ok)
	}
	if got := s.call(t, ctx, "/x/Token", 2); got.Code() != codes.OK {
		t.Errorf("2 of 2: %v", got)
	}
}

// stream is a stream of which nothing but the context is used.
type stream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // a stream has one
}

func (s *stream) Context() context.Context { return s.ctx }

// TestStreamsEndWithTheirToken revokes a token under a stream.
func TestStreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	s := setup(t, "streams=1")
	info := &grpc.StreamServerInfo{FullMethod: "/x/Token"}
	opened := make(chan struct{})
	ended := make(chan error, 1)
	go func() { // ends when the token is revoked
		ended <- s.Stream(nil, &stream{ctx: caller("", "Bearer "+s.token)}, info, func(_ any, st grpc.ServerStream) error {
			if guard.CallerOf(st.Context()).Name() != "pricing" {
				t.Error("the handler does not know its caller")
			}
			close(opened)
			<-st.Context().Done()
			return st.Context().Err()
		})
	}()
	<-opened
	err := s.Stream(nil, &stream{ctx: caller("", "Bearer "+s.token)}, info, func(any, grpc.ServerStream) error { return nil })
	if got := seen(t, err); rpcerr.Reason(got.Err()) != guard.ReasonTooManyStreams {
		t.Errorf("a second stream: %v", got)
	}
	s.write(t, "")
	s.tokens.Refresh(t.Context())
	if got := seen(t, <-ended); got.Code() != codes.Unauthenticated || rpcerr.Reason(got.Err()) != guard.ReasonTokenRevoked {
		t.Errorf("the stream ended with %v", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := setup(t, "")
	pages := s.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") }))
	for _, test := range []struct {
		path, name string
		code       int
	}{
		{"/healthz", "", http.StatusOK},
		{"/", "", http.StatusUnauthorized},
		{"/", "anybody", http.StatusOK},
		{"/debug/pprof/heap", "", http.StatusUnauthorized},
		{"/debug/pprof/heap", "anybody", http.StatusForbidden},
		{"/debug/pprof/heap", "operator", http.StatusOK},
		{"/debug/pprof/", "operator", http.StatusOK},
		{"//debug/pprof/heap", "operator", http.StatusForbidden},
		{"/metrics2", "operator", http.StatusForbidden},
		{"/healthz/more", "operator", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://x"+test.path, http.NoBody)
		connection := state(test.name)
		r.TLS = &connection
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		if w.Code != test.code {
			t.Errorf("%s by %q: got %d %s, want %d", test.path, test.name, w.Code, w.Body, test.code)
		}
	}
}

// BenchmarkUnary is what the guard adds to a call, with a token and by a certificate.
func BenchmarkUnary(b *testing.B) {
	s := setup(b, "rate=unlimited")
	for name, test := range map[string]struct {
		method string
		ctx    context.Context //nolint:containedctx // it is a case's input
	}{
		"token":       {"/x/Token", caller("", "Bearer "+s.token)},
		"certificate": {"/x/Feed", caller("spiffe://x/cache")},
	} {
		b.Run(name, func(b *testing.B) {
			info := &grpc.UnaryServerInfo{FullMethod: test.method}
			handler := func(context.Context, any) (any, error) { return nil, nil } //nolint:nilnil // an empty call
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Unary(test.ctx, 1, info, handler); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// gather is a registry with the guard's metrics.
func gather(s *testbed) prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.Guard)
	return registry
}
