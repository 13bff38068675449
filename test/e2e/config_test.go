package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/test/cluster"
)

// TestEverythingWrongIsReportedAtOnce starts both services with settings that are wrong in every way: not of their type, not
// among the words allowed, out of range. One start names them all, with their values and what they must be.
func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts processes")
	}
	for _, tt := range []struct {
		service   string
		env, want []string
	}{
		{
			"scraper",
			[]string{
				"SCRAPER_DATABASE_URL=postgres://scraper:hunter2@db/oddscache", "SCRAPER_LOG_LEVEL=loud", "SCRAPER_BATCH_AGE=old", "SCRAPER_INTERVAL=-1s",
				"SCRAPER_BATCH_EVENTS=0", "SCRAPER_LISTEN=0.0.0.0:7401", "SCRAPER_BET9JA_URL=ftp://bet9ja", "SCRAPER_HISTORY_RETENTION=1h",
			},
			[]string{
				`SCRAPER_LOG_LEVEL is "loud"`, "debug, info, warn, error", `SCRAPER_BATCH_AGE is "old"`, "duration", "interval is -1s (must be 0 to 24h)",
				"batch-events is 0 (must be 1 to 1000)", `listen is "0.0.0.0:7401" without TLS`, `bet9ja-url is "ftp://bet9ja"`,
				"history-retention is 1h0m0s (must be 24h0m0s to 8784h0m0s)",
			},
		},
		{
			"cache",
			[]string{
				"CACHE_LOG_FORMAT=xml", "CACHE_MAX_WATCHES=many", "CACHE_LISTEN=nowhere", "CACHE_STOP_GRACE=99h", "CACHE_MAX_CONNECTION_AGE=-1s",
				"CACHE_ADMIN_LISTEN=0.0.0.0:7410",
			},
			[]string{
				`CACHE_LOG_FORMAT is "xml"`, "text, json", `CACHE_MAX_WATCHES is "many"`, "int", `listen is "nowhere" (must be host:port)`,
				"stop-grace is 99h0m0s (must be 0 to 10m)", "max-connection-age is -1s", `admin-listen is "0.0.0.0:7410" without TLS`,
			},
		},
	} {
		t.Run(tt.service, func(t *testing.T) {
			t.Parallel()
			bin, err := cluster.Built(t).Path(tt.service)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), bin, "serve")
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, tt.env...)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("it starts")
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q is not said", want)
				}
			}
			if strings.Contains(string(out), "hunter2") {
				t.Error("the password is said")
			}
			if t.Failed() {
				t.Logf("all that is said:\n%s", out)
			}
		})
	}
}
