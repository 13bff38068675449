package discovery

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestDistinct(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listings []odds.Listing
		want     []string
		rejected int
	}{
		"ordered by kickoff, then id": {
			listings: []odds.Listing{listing("10", "1", 2), listing("9", "2", 2), listing("11", "3", 1)},
			want:     []string{"11", "9", "10"},
		},
		"one event in two tournaments": {
			listings: []odds.Listing{listing("1", "7", 1), listing("1", "7", 1)},
			want:     []string{"1"},
		},
		"created again: the later kickoff stays": {
			listings: []odds.Listing{listing("1", "7", 5), listing("2", "7", 1)},
			want:     []string{"1"}, rejected: 1,
		},
		"created again: the higher id stays": {
			listings: []odds.Listing{listing("9", "7", 1), listing("10", "7", 1), listing("8", "7", 1)},
			want:     []string{"10"}, rejected: 2,
		},
		"without a SportRadar id all stay": {
			listings: []odds.Listing{listing("1", "", 1), listing("2", "", 1), listing("2", "", 1)},
			want:     []string{"1", "2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rejections := make(odds.Rejections)
			var got []string
			for _, l := range distinct(tc.listings, rejections) {
				got = append(got, l.EventID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if rejections[odds.DuplicateListing] != tc.rejected {
				t.Errorf("refusals %v, want %d", rejections, tc.rejected)
			}
		})
	}
}
