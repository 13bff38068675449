package standalone

import (
	"errors"
	"fmt"
	"time"
)

// Bookmakers says which bookmakers the scraper asks.
type Bookmakers string

// The two kinds.
const (
	// Simulated bookmakers run inside this process and need no network.
	Simulated Bookmakers = "simulated"
	// Live bookmakers are the real sites.
	Live Bookmakers = "live"
)

// Times between the starts of cycles where the configuration leaves it open. A simulated cycle takes seconds; the real
// sites are asked no more often than the scraper does by itself.
const (
	simulatedInterval = 30 * time.Second
	liveInterval      = 5 * time.Minute
)

// Limits of what can be set.
const (
	maxEvents   = 5000
	maxInterval = 24 * time.Hour
)

// Config is everything that can be set. Flags and environment variables come from its tags. What is not here has the
// services' own defaults.
type Config struct {
	Bookmakers Bookmakers    `default:"simulated" enum:"simulated,live" env:"STANDALONE_BOOKMAKERS,BOOKMAKERS" help:"Whom to ask: simulated bookmakers, or the live sites."`
	Events     int           `default:"360" env:"STANDALONE_EVENTS" help:"Upcoming events of the simulated bookmakers."`
	Seed       uint64        `default:"1" env:"STANDALONE_SEED" help:"What the simulated bookmakers invent; the same seed invents the same."`
	Interval   time.Duration `env:"STANDALONE_INTERVAL" help:"Time between the starts of cycles; by default 30s with simulated bookmakers and 5m with live ones."`

	DatabaseURL string `env:"STANDALONE_DATABASE_URL" help:"Postgres to use; by default a private one that ends with this process." json:"-" name:"database-url"`
	DataDir     string `env:"STANDALONE_DATA_DIR" help:"Folder for the private Postgres' data; by default a temporary one." name:"data-dir"`

	CacheListen        string `default:"127.0.0.1:7400" env:"STANDALONE_CACHE_LISTEN" help:"Address of the cache's gRPC services." name:"cache-listen"`
	CacheAdminListen   string `default:"127.0.0.1:7410" env:"STANDALONE_CACHE_ADMIN_LISTEN" help:"Address of the cache's metrics, health and pprof over HTTP." name:"cache-admin-listen"`
	ScraperListen      string `default:"127.0.0.1:7401" env:"STANDALONE_SCRAPER_LISTEN" help:"Address of the scraper's gRPC services." name:"scraper-listen"`
	ScraperAdminListen string `default:"127.0.0.1:7411" env:"STANDALONE_SCRAPER_ADMIN_LISTEN" help:"Address of the scraper's metrics, health and pprof over HTTP." name:"scraper-admin-listen"`

	LogLevel string `default:"error" env:"STANDALONE_LOG_LEVEL" help:"Least level of the services' log lines: debug, info, warn or error." name:"log-level"`
}

// DefaultConfig is what the tags say, for programs that do not parse flags.
func DefaultConfig() Config {
	return Config{
		Bookmakers: Simulated, Events: 360, Seed: 1,
		CacheListen: "127.0.0.1:7400", CacheAdminListen: "127.0.0.1:7410",
		ScraperListen: "127.0.0.1:7401", ScraperAdminListen: "127.0.0.1:7411",
		LogLevel: "error",
	}
}

// Validate reports everything that is wrong at once, each with its field, value and limit.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Bookmakers != Simulated && c.Bookmakers != Live {
		bad("bookmakers is %q (must be %s or %s)", c.Bookmakers, Simulated, Live)
	}
	if c.Events < 1 || c.Events > maxEvents {
		bad("events is %d (must be 1 to %d)", c.Events, maxEvents)
	}
	if c.Interval < 0 || c.Interval > maxInterval {
		bad("interval is %v (must be 0, for the default, to %v)", c.Interval, maxInterval)
	}
	if c.DatabaseURL != "" && c.DataDir != "" {
		bad("data-dir is %q beside database-url (must be empty: it is for the private Postgres)", c.DataDir)
	}
	for field, address := range map[string]string{
		"cache-listen": c.CacheListen, "cache-admin-listen": c.CacheAdminListen,
		"scraper-listen": c.ScraperListen, "scraper-admin-listen": c.ScraperAdminListen,
	} {
		if address == "" {
			bad("%s is empty (must be an address such as 127.0.0.1:7400)", field)
		}
	}
	return errors.Join(errs...)
}

// interval is the time between the starts of cycles.
func (c Config) interval() time.Duration {
	switch {
	case c.Interval > 0:
		return c.Interval
	case c.Bookmakers == Live:
		return liveInterval
	default:
		return simulatedInterval
	}
}
