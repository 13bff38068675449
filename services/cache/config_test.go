package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	cache "github.com/oddscache/oddscache/services/cache"
)

// parse reads the configuration as the command does.
func parse(t *testing.T, args ...string) cache.Config {
	t.Helper()
	var c cache.Config
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaultConfigMatchesTheTags(t *testing.T) {
	t.Parallel()
	c := parse(t)
	if diff := cmp.Diff(cache.DefaultConfig(), c); diff != "" {
		t.Errorf("-DefaultConfig +tags:\n%s", diff)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults are rejected: %v", err)
	}
}

// TestFixedNames sets every variable that operators rely on.
func TestFixedNames(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	for name, value := range map[string]string{
		"CACHE_FEED": "a:1,b:2", "CACHE_LISTEN": "0.0.0.0:1", "CACHE_ADMIN_LISTEN": "0.0.0.0:2", "CACHE_REPLICA_ID": "r1",
		"CACHE_STOP_GRACE": "3s", "CACHE_MAX_CONNECTION_AGE": "1h", "CACHE_TRACING": "true", "CACHE_MAX_WATCHES": "7",
		"CACHE_MAX_STREAMS": "8", "CACHE_MAX_UNREAD": "2000000", "CACHE_MAX_UNREAD_PER_CONNECTION": "1500000", "CACHE_SEND_TIMEOUT": "4s",
		"CACHE_MAX_CONNECTIONS": "9", "CACHE_MAX_CONNECTIONS_PER_HOST": "10", "CACHE_INSECURE": "true",
		"CACHE_TLS_CERT": "a.crt", "CACHE_TLS_KEY": "a.key", "CACHE_TLS_CLIENT_CA": "a.ca", "CACHE_TLS_OPERATORS": "x,y",
		"CACHE_FEED_TLS_CA": "b.ca", "CACHE_FEED_TLS_CERT": "b.crt", "CACHE_FEED_TLS_KEY": "b.key", "CACHE_TOKENS": "tokens",
	} {
		t.Setenv(name, value)
	}
	want := cache.Config{
		Feed: "a:1,b:2", Listen: "0.0.0.0:1", AdminListen: "0.0.0.0:2", ReplicaID: "r1",
		StopGrace: 3 * time.Second, MaxConnectionAge: time.Hour, MaxWatches: 7, Tracing: true,
		MaxStreams: 8, MaxUnread: 2_000_000, MaxUnreadPerConnection: 1_500_000, SendTimeout: 4 * time.Second, MaxConnections: 9, MaxConnectionsPerHost: 10, Insecure: true,
		TLS: certs.ServerFiles{Cert: "a.crt", Key: "a.key", ClientCA: "a.ca"}, Operators: []string{"x", "y"},
		FeedTLS: certs.ClientFiles{CA: "b.ca", Cert: "b.crt", Key: "b.key"}, Tokens: "tokens",
	}
	if diff := cmp.Diff(want, parse(t)); diff != "" {
		t.Errorf("from the environment (-want +got):\n%s", diff)
	}
}

func TestValidateNamesEverything(t *testing.T) {
	t.Parallel()
	err := cache.Config{Listen: "x", ReplicaID: strings.Repeat("r", 201), StopGrace: -1, MaxConnectionAge: -1, MaxWatches: -1}.Validate()
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, field := range []string{"feed", "listen", "admin-listen", "replica-id", "stop-grace", "max-connection-age", "max-watches"} {
		if !strings.Contains(err.Error(), field+" ") {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
}

// TestListensBeyondLoopbackWithTLSOnly asks for each address that others can reach.
func TestListensBeyondLoopbackWithTLSOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:7400", ":7400", "[::]:7400", "192.0.2.1:7400", "cache:7400"} {
		c := cache.DefaultConfig()
		c.Listen = address
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), `listen is "`+address+`" without TLS`) {
			t.Errorf("%s: got %v", address, err)
		}
		c.Insecure = true
		if err := c.Validate(); err != nil {
			t.Errorf("%s, insecure: %v", address, err)
		}
		c.Insecure, c.TLS = false, certs.ServerFiles{Cert: "a", Key: "b"}
		if err := c.Validate(); err != nil {
			t.Errorf("%s with TLS: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:7400", "127.8.8.8:0", "[::1]:7400", "localhost:7400", "[::ffff:127.0.0.1]:1"} {
		c := cache.DefaultConfig()
		c.Listen, c.AdminListen = address, address
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
