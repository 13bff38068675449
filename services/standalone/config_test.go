package standalone

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// parse reads flags as the command does. Tests that set the environment cannot be parallel.
func parse(t *testing.T, args ...string) (Config, error) {
	t.Helper()
	var cfg Config
	parser, err := kong.New(&cfg)
	if err != nil {
		t.Fatalf("making the parser: %v", err)
	}
	_, err = parser.Parse(args)
	return cfg, err
}

func TestDefaultConfigIsThatOfTheTags(t *testing.T) {
	t.Parallel()
	cfg, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(DefaultConfig(), cfg); diff != "" {
		t.Errorf("DefaultConfig differs from the tags' defaults (-code +tags):\n%s", diff)
	}
	if err := cfg.Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"STANDALONE_EVENTS": "5", "STANDALONE_SEED": "9", "STANDALONE_INTERVAL": "7s",
		"STANDALONE_DATA_DIR": "/d", "STANDALONE_LOG_LEVEL": "debug",
		"STANDALONE_CACHE_LISTEN": ":1", "STANDALONE_CACHE_ADMIN_LISTEN": ":2",
		"STANDALONE_SCRAPER_LISTEN": ":3", "STANDALONE_SCRAPER_ADMIN_LISTEN": ":4", "BOOKMAKERS": "live",
	} {
		t.Setenv(name, value)
	}
	got, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Bookmakers: Live, Events: 5, Seed: 9, Interval: 7 * time.Second, DataDir: "/d",
		CacheListen: ":1", CacheAdminListen: ":2", ScraperListen: ":3", ScraperAdminListen: ":4", LogLevel: "debug",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration from the environment differs (-want +got):\n%s", diff)
	}
	t.Setenv("STANDALONE_DATA_DIR", "")
	t.Setenv("STANDALONE_DATABASE_URL", "postgres://x/y")
	if got, err = parse(t); err != nil || got.DatabaseURL != "postgres://x/y" {
		t.Errorf("STANDALONE_DATABASE_URL: got %q, %v", got.DatabaseURL, err)
	}
	t.Setenv("STANDALONE_BOOKMAKERS", "simulated")
	if got, err = parse(t); err != nil || got.Bookmakers != Simulated {
		t.Errorf("STANDALONE_BOOKMAKERS beside BOOKMAKERS: got %q, %v; want the longer name to win", got.Bookmakers, err)
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	t.Parallel()
	err := Config{
		Bookmakers: "some", Events: 5001, Interval: -time.Second, DatabaseURL: "u", DataDir: "d",
	}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{
		"bookmakers", "events is 5001", "interval is -1s", "data-dir",
		"cache-listen", "cache-admin-listen", "scraper-listen", "scraper-admin-listen",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error does not name %q: %v", field, err)
		}
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		want time.Duration
	}{
		{Config{Bookmakers: Simulated}, 30 * time.Second},
		{Config{Bookmakers: Live}, 5 * time.Minute},
		{Config{Bookmakers: Live, Interval: time.Minute}, time.Minute},
	} {
		if got := c.cfg.interval(); got != c.want {
			t.Errorf("interval of %s with %v is %v, want %v", c.cfg.Bookmakers, c.cfg.Interval, got, c.want)
		}
	}
}

func TestWorldOfAnySizeIsValid(t *testing.T) {
	t.Parallel()
	for _, events := range []int{1, 2, 3, 7, 100, 320, 360, 999, 5000} {
		cfg := DefaultConfig()
		cfg.Events = events
		if err := worldConfig(cfg).Validate(); err != nil {
			t.Errorf("%d events: %v", events, err)
		}
	}
}
