package cache_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoDatabaseDriver lists everything that is linked into the binary. The standard library's database/sql is there,
// since Prometheus's collectors know its statistics; it is no driver.
func TestNoDatabaseDriver(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/cache").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("only %d dependencies were listed", len(deps))
	}
	for _, d := range deps {
		for _, driver := range []string{"jackc/", "lib/pq", "go-pg", "goose", "oddscache/services/scraper", "feedtest", "pgregory.net/rapid", "pkg/postgres"} {
			if strings.Contains(d, driver) {
				t.Errorf("the cache depends on %s", d)
			}
		}
	}
}
