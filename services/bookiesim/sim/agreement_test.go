package sim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// family names the families that every bookmaker has to have, by BetPawa's ids, full time and halves.
func families() map[string][]string {
	return map[string][]string{
		"match result": {"3743", "3668", "3685"}, "double chance": {"4693", "4673", "4681"}, "over/under": {"5000", "4958", "4976"},
		"both teams to score": {"3795", "3789", "3792"}, "european handicap": {"4724", "4716", "4720"}, "asian handicap": {"3774"},
		"draw no bet": {"4703", "4697", "4700"}, "half-time/full-time": {"4706"}, "correct score": {"4429", "28000869", "3819", "4063"},
	}
}

func TestPricesAgreeAcrossBookmakers(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t, small())
	c.advance(90 * 60e9)
	type bet struct {
		market, outcome string
		line            float64
	}
	compared, families := 0, families()
	found := map[string]bool{}
	for _, e := range w.Events() {
		if len(e.Listings) != 3 || e.Sport != "football" {
			continue
		}
		reference := map[bet]float64{}
		for _, bookmaker := range sim.Bookmakers() {
			markets, err := w.Markets(bookmaker, e.SrID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range markets {
				found[bookmaker+"/"+m.ID] = true
				checkOverround(t, bookmaker, m)
				for _, o := range m.Outcomes {
					if !o.Active || o.Name == "Other" { // Other is a different bet at each of them
						continue
					}
					key := bet{market: m.ID, outcome: o.Name}
					if m.Line != nil {
						key.line = *m.Line
					}
					if bookmaker == sim.BetPawa {
						reference[key] = o.Odds
						continue
					}
					if other, ok := reference[key]; ok && m.ID != "" && other < 10 {
						compared++
						if ratio := math.Max(other/o.Odds, o.Odds/other); ratio > 1.17 || other < 4 && ratio > 1.1 {
							t.Errorf("%+v: %s %.2f, BetPawa %.2f", key, bookmaker, o.Odds, other)
						}
					}
				}
			}
		}
	}
	if compared < 5_000 {
		t.Errorf("compared %d prices, want more", compared)
	}
	for name, ids := range families {
		for _, id := range ids {
			for _, bookmaker := range sim.Bookmakers() {
				if !found[bookmaker+"/"+id] {
					t.Errorf("%s (%s) is not offered by %s", name, id, bookmaker)
				}
			}
		}
	}
}

// checkOverround checks that a complete two- or three-way market carries a margin, and no more than real ones do.
func checkOverround(t *testing.T, bookmaker string, m sim.Market) {
	t.Helper()
	sum, want := 0.0, 1.0
	if m.ID == "4693" || m.ID == "4673" || m.ID == "4681" {
		want = 2
	}
	if m.ID == "80000" || m.ID == "28000810" || m.ID == "28000850" || strings.HasPrefix(m.Name, "Multigoals") || m.ID == "" || len(m.Outcomes) > 3 {
		return // more than one outcome can win
	}
	for _, o := range m.Outcomes {
		if !o.Active {
			return
		}
		sum += 1 / o.Odds
	}
	if len(m.Outcomes) >= 2 && m.Name != "Total Goals Exact - FT" && (sum < 1.005*want || sum > 1.16*want) {
		t.Errorf("%s: overround %.3f of %+v", bookmaker, sum/want, m)
	}
}

func TestCorrectScoresHaveTwoPartners(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	both := map[string]int{}
	for _, e := range w.Events() {
		if len(e.Listings) != 3 || e.Sport != "football" {
			continue
		}
		for _, bookmaker := range sim.Bookmakers() {
			markets, err := w.Markets(bookmaker, e.SrID)
			must(t, err)
			outcomes := map[string]map[string]float64{"4429": {}, "28000869": {}}
			for _, m := range markets {
				for _, o := range m.Outcomes {
					if outcomes[m.ID] != nil {
						outcomes[m.ID][o.Name] = o.Odds
					}
				}
			}
			long, short := outcomes["4429"], outcomes["28000869"]
			if bookmaker == sim.BetPawa {
				both[itoa(int64(len(long)))+"+"+itoa(int64(len(short)))]++
				continue
			}
			// The competitors' 26 are all of the short list; of the long one they have 22, and another "Other".
			if _, other := long["Other"]; len(long) != 22 || len(short) != 26 || other || long["2-1"] != short["2-1"] {
				t.Errorf("%s: %d and %d outcomes", bookmaker, len(long), len(short))
			}
		}
	}
	if both["29+0"] == 0 || both["0+26"] == 0 || len(both) != 2 {
		t.Errorf("BetPawa has %v, want one or the other", both)
	}
}

func TestOdds(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	e := footballOn(t, w, sim.BetPawa)
	line := 2.5
	over, err := w.Odds(sim.BetPawa, e.SrID, "5000", &line, "Over")
	if err != nil || over.Odds <= 1 {
		t.Errorf("over 2.5: %+v, %v", over, err)
	}
	if _, err := w.Odds(sim.BetPawa, e.SrID, "5000", nil, "Over"); err == nil {
		t.Error("over without a line has a price")
	}
}
