package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

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

func TestDefaultConfigIsWhatTheTagsSay(t *testing.T) {
	t.Parallel()
	c := parse(t)
	if diff := cmp.Diff(cache.DefaultConfig(), c); diff != "" {
		t.Errorf("-DefaultConfig +tags:\n%s", diff)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

// TestFixedNames sets every variable that operators rely on.
func TestFixedNames(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	for name, value := range map[string]string{
		"CACHE_FEED": "a:1,b:2", "CACHE_LISTEN": "0.0.0.0:1", "CACHE_ADMIN_LISTEN": "0.0.0.0:2", "CACHE_REPLICA_ID": "r1",
		"CACHE_STOP_GRACE": "3s", "CACHE_MAX_CONNECTION_AGE": "1h", "CACHE_TRACING": "true", "CACHE_MAX_WATCHES": "7",
	} {
		t.Setenv(name, value)
	}
	want := cache.Config{
		Feed: "a:1,b:2", Listen: "0.0.0.0:1", AdminListen: "0.0.0.0:2", ReplicaID: "r1",
		StopGrace: 3 * time.Second, MaxConnectionAge: time.Hour, MaxWatches: 7, Tracing: true,
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
