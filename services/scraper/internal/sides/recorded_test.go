package sides_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/sides"
)

// offer is what a decoded answer says.
func offer(a evidence.Answer) sides.Offer {
	return sides.Offer{Home: a.Detail.Listing.HomeTeam, Away: a.Detail.Listing.AwayTeam, Markets: a.Detail.Snapshot.Markets}
}

// TestRecorded compares every recorded answer with every other one of the same event: none is swapped, all are once
// their sides are.
func TestRecorded(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	events, err := evidence.ReadRecorded(recordedtest.Root(t), table)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, event := range events {
		for _, reference := range event.Answers {
			for _, other := range event.Answers {
				if reference.Err != nil || other.Err != nil || reference.Bookmaker == other.Bookmaker {
					continue
				}
				compared++
				found := sides.Compare(offer(reference), offer(other))
				t.Logf("%s: %s against %s: %v", event.Folder, other.Bookmaker, reference.Bookmaker, found)
				if found.Swapped() {
					t.Errorf("%s: %s counts as swapped against %s: %v", event.Folder, other.Bookmaker, reference.Bookmaker, found)
				}
				mirrored := sides.Compare(offer(reference), offer(other).Mirror())
				if !mirrored.Swapped() {
					t.Errorf("%s: %s with its sides swapped does not count as such against %s: %v",
						event.Folder, other.Bookmaker, reference.Bookmaker, mirrored)
				}
			}
		}
	}
	if compared == 0 {
		t.Error("nothing to compare")
	}
}
