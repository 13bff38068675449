package certs_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var discard = slog.New(slog.DiscardHandler)

// side is the files of one side of a connection.
type side struct {
	authority *certtest.Authority
	dir       string
	server    certs.ServerFiles
	client    certs.ClientFiles
}

// newSide issues a certificate for the names.
func newSide(t *testing.T, a *certtest.Authority, names ...string) *side {
	t.Helper()
	s := &side{authority: a, dir: t.TempDir()}
	cert, key := a.Issue(t, names...).Write(t, s.dir, "own")
	ca := filepath.Join(s.dir, "ca.crt")
	a.Write(t, ca)
	s.server = certs.ServerFiles{Cert: cert, Key: key, ClientCA: ca}
	s.client = certs.ClientFiles{Cert: cert, Key: key, CA: ca}
	return s
}

// shake connects the two sides and returns what each knows of the other. The client's error comes with the first byte:
// in TLS 1.3 it has finished before the server looks at its certificate.
func shake(t *testing.T, server, client *certs.Keeper, authority string) (seen, met []string, err error) {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() { // ends when either side closes
		defer a.Close()
		conn, info, err := credentials.NewTLS(server.ServerConfig()).ServerHandshake(a)
		if err == nil {
			seen = names(info)
			_, err = conn.Write([]byte("x"))
		}
		done <- err
	}()
	conn, info, err := client.ClientCredentials().ClientHandshake(t.Context(), authority, b)
	if err == nil {
		met = names(info)
		_, err = conn.Read(make([]byte, 1))
	}
	_ = b.Close()
	if serverErr := <-done; err == nil {
		err = serverErr
	}
	return seen, met, err
}

func names(info credentials.AuthInfo) []string { return certs.Names(info.(credentials.TLSInfo).State) }

// open opens the keepers of a server and a client.
func open(t *testing.T, server, client *side) (*certs.Keeper, *certs.Keeper) {
	t.Helper()
	s, err := certs.OpenServer("tls", server.server, discard)
	if err != nil {
		t.Fatal(err)
	}
	c, err := certs.OpenClient("feed_tls", client.client, discard)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestBothSidesKnowEachOther(t *testing.T) {
	t.Parallel()
	a := certtest.NewAuthority(t)
	server, client := open(t, newSide(t, a, "scraper", "spiffe://x/scraper"), newSide(t, a, "cache", "spiffe://x/cache"))
	seen, met, err := shake(t, server, client, "scraper:7401")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"spiffe://x/cache", "cache"}, seen); diff != "" {
		t.Errorf("the server saw (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"spiffe://x/scraper", "scraper"}, met); diff != "" {
		t.Errorf("the client met (-want +got):\n%s", diff)
	}
	if _, _, err := shake(t, server, client, "other:7401"); err == nil || !strings.Contains(err.Error(), "not other") {
		t.Errorf("a server of another name: %v", err)
	}
	strange, _ := open(t, newSide(t, certtest.NewAuthority(t), "scraper"), newSide(t, a, "cache"))
	if _, _, err := shake(t, strange, client, "scraper:7401"); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a server of another authority: %v", err)
	}
}

// TestHandshakesTakeTheNewestFiles moves both sides to another authority, first the one and then the other.
func TestHandshakesTakeTheNewestFiles(t *testing.T) {
	t.Parallel()
	a := certtest.NewAuthority(t)
	serverSide, clientSide := newSide(t, a, "scraper"), newSide(t, a, "cache")
	server, client := open(t, serverSide, clientSide)
	other := certtest.NewAuthority(t)
	other.Issue(t, "scraper").Write(t, serverSide.dir, "own")
	other.Write(t, serverSide.server.ClientCA)
	server.Refresh(t.Context())
	if _, _, err := shake(t, server, client, "scraper:1"); err == nil {
		t.Error("the client trusts a new authority that it was not told of")
	}
	other.Issue(t, "cache-2").Write(t, clientSide.dir, "own")
	other.Write(t, clientSide.client.CA)
	client.Refresh(t.Context())
	seen, _, err := shake(t, server, client, "scraper:1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cache-2"}, seen); diff != "" {
		t.Errorf("the server saw (-want +got):\n%s", diff)
	}
	other.Issue(t, "half").Write(t, clientSide.dir, "half") // a certificate without its key is no pair
	copyFile(t, filepath.Join(clientSide.dir, "half.crt"), clientSide.client.Cert)
	client.Refresh(t.Context())
	if seen, _, err := shake(t, server, client, "scraper:1"); err != nil || len(seen) != 1 || seen[0] != "cache-2" {
		t.Errorf("after a broken file the server saw %v, %v", seen, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeUsedIsRejected(t *testing.T) {
	t.Parallel()
	a := certtest.NewAuthority(t)
	for what, change := range map[string]func(*side){
		"no such file or directory": func(s *side) { s.server.Key = filepath.Join(s.dir, "none") },
		"private key does not match": func(s *side) {
			_, s.server.Key = a.Issue(t, "x").Write(t, s.dir, "other")
		},
		"no certificate in PEM": func(s *side) { s.server.ClientCA = s.server.Key },
		"the certificate ended at": func(s *side) {
			s.server.Cert, s.server.Key = a.IssueFor(t, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour), "x").Write(t, s.dir, "old")
		},
	} {
		s := newSide(t, a, "scraper")
		change(s)
		if _, err := certs.OpenServer("tls", s.server, discard); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}

func TestProblemsNameTheirFields(t *testing.T) {
	t.Parallel()
	problems := slices.Concat(
		certs.ServerFiles{ClientCA: "ca"}.Problems("tls-"), certs.ClientFiles{Cert: "c"}.Problems("feed-tls-"),
		certs.ClientFiles{CA: "ca", Key: "k"}.Problems("other-"), certs.ClientFiles{}.Problems("none-"),
	)
	var fields []string
	for _, p := range problems {
		field, _, _ := strings.Cut(p.Error(), " ")
		fields = append(fields, field)
	}
	want := []string{"tls-cert", "tls-key", "feed-tls-ca", "feed-tls-key", "other-cert"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHealthCheckOfTheOwnService dials by an address that the certificate does not name.
func TestHealthCheckOfTheOwnService(t *testing.T) {
	t.Parallel()
	a := certtest.NewAuthority(t)
	own, other := newSide(t, a, "scraper"), newSide(t, a, "scraper")
	for _, test := range []struct {
		serves *side
		ok     bool
	}{{own, true}, {other, false}} {
		keeper, err := certs.OpenServer("tls", test.serves.server, discard)
		if err != nil {
			t.Fatal(err)
		}
		table, err := rpcerr.NewTable()
		if err != nil {
			t.Fatal(err)
		}
		server, err := rpcserver.New(rpcserver.Config{
			Listen: "127.0.0.1:0", Errors: table, Logger: discard, TLS: keeper.ServerConfig(),
		}, func(grpc.ServiceRegistrar) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- server.Run(ctx) }() // ends by stop
		options, err := certs.HealthOptions(own.server.Cert)
		if err != nil {
			t.Fatal(err)
		}
		checking, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := rpcclient.CheckHealth(checking, server.Addr().String(), "", options...); (err == nil) != test.ok {
			t.Errorf("asked with the own certificate %t, got %v", test.ok, err)
		}
		cancel()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
