package sim_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// number is a count; one that is missing is 0.
func number(t testing.TB, n json.Number) int {
	t.Helper()
	if n == "" {
		return 0
	}
	i, err := n.Int64()
	must(t, err)
	return int(i)
}

// countsOf is how many football events a bookmaker says each tournament has. The counts of countries and of the sport
// are the sums of them.
func countsOf(t testing.TB, w *sim.World, bookmaker string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	switch bookmaker {
	case sim.BetPawa:
		pawaCounts(t, w, counts)
	case sim.SportyBet:
		sportyCounts(t, w, counts)
	default:
		nineCounts(t, w, counts)
	}
	return counts
}

func pawaCounts(t testing.TB, w *sim.World, counts map[string]int) {
	t.Helper()
	type eventCounts struct{ Upcoming json.Number }
	meta := read[struct {
		OnlyMeta []struct {
			Category    pawaNamed
			EventCounts eventCounts
		}
	}](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v4/categories/list/all", ""))
	tree := read[struct {
		WithRegions []struct {
			Regions []struct {
				Competitions []struct {
					Competition pawaNamed
					EventCounts eventCounts
				}
			}
		}
	}](t, send(t, w, sim.BetPawa, http.MethodGet, "/api/sportsbook/v4/categories/list/2", ""))
	total := 0
	for _, region := range tree.WithRegions[0].Regions {
		for _, c := range region.Competitions {
			counts[c.Competition.ID] = number(t, c.EventCounts.Upcoming)
			total += counts[c.Competition.ID]
		}
	}
	if football := meta.OnlyMeta[0]; football.Category.ID != "2" || number(t, football.EventCounts.Upcoming) != total {
		t.Errorf("%+v, and %d events in its competitions", football, total)
	}
}

func sportyCounts(t testing.TB, w *sim.World, counts map[string]int) {
	t.Helper()
	tree := read[sportyAnswer[struct {
		SportList []struct {
			EventSize  json.Number
			Categories []struct {
				EventSize   json.Number
				Tournaments []struct {
					ID        string
					EventSize json.Number
				}
			}
		}
	}]](t, send(t, w, sim.SportyBet, http.MethodGet, "/api/ng/factsCenter/popularAndSportList?productId=3", ""))
	football, total := tree.Data.SportList[0], 0
	for _, category := range football.Categories {
		sum := 0
		for _, tournament := range category.Tournaments {
			counts[tournament.ID] = number(t, tournament.EventSize)
			sum += counts[tournament.ID]
		}
		if total += sum; sum != number(t, category.EventSize) {
			t.Errorf("a country says %s and its tournaments %d", category.EventSize, sum)
		}
	}
	if total != number(t, football.EventSize) || total != number(t, upcoming(t, w, 1, 100).TotalNum) {
		t.Errorf("football says %s, the paged list %s and the tournaments %d", football.EventSize, upcoming(t, w, 1, 100).TotalNum, total)
	}
}

func nineCounts(t testing.TB, w *sim.World, counts map[string]int) {
	t.Helper()
	type group struct {
		Num json.Number `json:"NUM"`
	}
	type country struct {
		Num json.Number      `json:"NUM"`
		G   map[string]group `json:"G"`
	}
	tree := read[nineAnswer[struct {
		PAL map[string]struct {
			Num json.Number        `json:"NUM"`
			SG  map[string]country `json:"SG"`
		}
	}]](t, send(t, w, sim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/GetSports?DISP=0", ""))
	soccer, total := tree.D.PAL["1"], 0
	for _, c := range soccer.SG {
		sum := 0
		for id, g := range c.G {
			counts[id] = number(t, g.Num)
			sum += counts[id]
		}
		if total += sum; sum != number(t, c.Num) {
			t.Errorf("a country says %s and its groups %d", c.Num, sum)
		}
	}
	if total != number(t, soccer.Num) {
		t.Errorf("soccer says %s and its groups %d", soccer.Num, total)
	}
}

func TestListsHaveTheirCounts(t *testing.T) {
	t.Parallel()
	cfg := sim.DefaultConfig()
	cfg.Density = sim.Small
	w, _ := newWorld(t, cfg)
	for bookmaker, want := range map[string]int{sim.BetPawa: 278, sim.SportyBet: 316, sim.Bet9ja: 304} {
		l, total := listed(t, w, bookmaker), 0
		for id, n := range l.counts {
			if total += n; len(l.events[id]) != n {
				t.Errorf("%s lists %d events of %s and says %d", bookmaker, len(l.events[id]), id, n)
			}
		}
		if total != want {
			t.Errorf("%s counts %d events, want %d", bookmaker, total, want)
		}
	}
	if last := upcoming(t, w, 4, 100); len(last.Tournaments) == 0 || last.TotalNum != "316" {
		t.Errorf("the last page %+v", last)
	}
}
