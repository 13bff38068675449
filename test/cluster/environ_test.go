package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/services/scraper"
)

// TestEnvironIsReadBackAsTheSameSettings makes both services' settings an environment and lets the command line's parser
// read it.
func TestEnvironIsReadBackAsTheSameSettings(t *testing.T) { //nolint:paralleltest // it sets the environment
	s, c := scraper.DefaultConfig(), cache.DefaultConfig()
	s.DatabaseURL, s.Interval = "postgres://x/y?z=1", 0
	s.Bookmaker("betpawa").URL, s.Bookmaker("bet9ja").Spacing = "http://127.0.0.1:1", 3*time.Millisecond
	s.Operators, s.MaxUnread, s.Insecure = []string{"one", "two"}, 1<<40, true
	s.TLS.Cert, s.TLS.Key, s.TLS.ClientCA = "cert.pem", "key.pem", "ca.pem"
	c.Feed, c.StopGrace, c.FeedTLS.CA, c.Tracing = "a:1,b:2", time.Minute, "ca.pem", true
	roundTrip(t, cache.DefaultConfig(), cache.DefaultConfig, 0)
	roundTrip(t, s, scraper.DefaultConfig, 10)
	roundTrip(t, c, cache.DefaultConfig, 4)
}

func roundTrip[T any](t *testing.T, want T, defaults func() T, variables int) {
	t.Helper()
	usual, got := defaults(), defaults()
	env, err := environ(&want, &usual)
	if err != nil {
		t.Fatal(err)
	}
	if len(env) != variables {
		t.Errorf("%d variables, want %d: %q", len(env), variables, env)
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	parser, err := kong.New(&got)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.FilterValues(func(_, _ func() time.Time) bool { return true }, cmp.Ignore())); diff != "" {
		t.Errorf("settings (-set +read):\n%s", diff)
	}
}
