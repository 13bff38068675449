package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
)

// The simulator shares nothing with the scraper, its table of bookmakers neither. Both name the same ones.
func TestSimulatorHasTheScrapersBookmakers(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(scraper.Bookmakers(), sim.Bookmakers()); diff != "" {
		t.Errorf("bookmakers (-scraper +simulator):\n%s", diff)
	}
}
