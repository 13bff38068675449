package scraper

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// parse reads flags and the environment as the command does.
func parse(t *testing.T, args ...string) Config {
	t.Helper()
	var cfg struct {
		Config `embed:""`
	}
	cfg.Bookmakers = bookmakerSettings()
	parser, err := kong.New(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return cfg.Config
}

func TestDefaultsAreThoseOfTheTags(t *testing.T) {
	t.Parallel()
	want := DefaultConfig()
	want.DatabaseURL = "postgres://x"
	if diff := cmp.Diff(want, parse(t, "--database-url=postgres://x")); diff != "" {
		t.Error(diff)
	}
	if err := want.Validate(); err != nil {
		t.Error(err)
	}
}

// The names that users and checks rely on.
func TestFixedNames(t *testing.T) { //nolint:paralleltest // it sets the environment
	for name, value := range map[string]string{
		"SCRAPER_DATABASE_URL": "postgres://db", "SCRAPER_LISTEN": "127.0.0.1:1", "SCRAPER_ADMIN_LISTEN": "127.0.0.1:2",
		"SCRAPER_INTERVAL": "0", "SCRAPER_GRACE": "3h", "SCRAPER_BETPAWA_URL": "http://127.0.0.1:3",
		"SCRAPER_SPORTYBET_URL": "http://127.0.0.1:4", "SCRAPER_BET9JA_URL": "http://127.0.0.1:5",
	} {
		t.Setenv(name, value)
	}
	want := DefaultConfig()
	want.DatabaseURL, want.Listen, want.AdminListen = "postgres://db", "127.0.0.1:1", "127.0.0.1:2"
	want.Interval, want.Grace = 0, 3*time.Hour
	want.Bookmaker("betpawa").URL = "http://127.0.0.1:3"
	want.Bookmaker("sportybet").URL = "http://127.0.0.1:4"
	want.Bookmaker("bet9ja").URL = "http://127.0.0.1:5"
	if diff := cmp.Diff(want, parse(t)); diff != "" {
		t.Error(diff)
	}
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Interval, cfg.Grace, cfg.BatchEvents = -time.Second, 0, 0
	*cfg.Bookmaker("bet9ja") = Bookmaker{URL: "ftp://x", Slots: -1, Spacing: -1}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("it is valid")
	}
	for _, field := range []string{
		"database-url", "interval is -1s", "grace is 0s", "batch-events is 0", "bet9ja-url", "bet9ja-slots", "bet9ja-spacing",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in:\n%v", field, err)
		}
	}
}
