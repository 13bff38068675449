package sim_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// shown is the prices of an answer: by the bookmaker's own market and line, in ascending order.
type shown map[string][]float64

// answered reads the prices of a bookmaker's answer, without any knowledge of what they are.
func answered(t *testing.T, w *sim.World, bookmaker, id string) (open, all shown) {
	t.Helper()
	open, all = shown{}, shown{}
	put := func(key, odds string, active bool) {
		price, err := strconv.ParseFloat(odds, 64) // 0 when it is no number
		if err != nil && odds != "" && odds != "n/a" && odds != "-" {
			t.Fatalf("price %q of %s: %v", odds, key, err)
		}
		all[key] = append(all[key], price)
		if active && price > 1 {
			open[key] = append(open[key], price)
		}
	}
	rec := detail(t, w, bookmaker, id)
	switch bookmaker {
	case sim.BetPawa:
		for _, m := range read[pawaEvent](t, rec).Markets {
			for _, row := range m.Row {
				key := m.MarketType.ID
				if row.Handicap != nil {
					quarters, _ := row.Handicap.Int64()
					key += "@" + lineOf(float64(quarters)/4)
				}
				for _, p := range row.Prices {
					put(key, p.price(), p.Suspended == nil || !*p.Suspended)
				}
			}
		}
	case sim.SportyBet:
		for _, m := range read[sportyAnswer[sportyEvent]](t, rec).Data.Markets {
			for _, o := range m.Outcomes {
				put(m.ID+"@"+m.Specifier, o.Odds, o.IsActive == "1" && m.Status.String() == "0" && !m.Banned)
			}
		}
	default:
		for key, odds := range read[nineAnswer[nineEvent]](t, rec).D.O {
			market, param, _ := nineKey(key)
			put(market+"@"+param, odds, true)
		}
	}
	for _, prices := range []shown{open, all} {
		for key := range prices {
			slices.Sort(prices[key])
		}
	}
	return open, all
}

func lineOf(line float64) string { return strconv.FormatFloat(line, 'f', -1, 64) }

// sportySpecifier is the specifier of a market of which Markets tells the line.
func sportySpecifier(m sim.Market) string {
	fixed := map[string]string{
		"8": "goalnr=1", "62": "goalnr=1", "21": "variant=sr:exact_goals:6+", "23": "variant=sr:exact_goals:3+", "24": "variant=sr:exact_goals:3+",
		"15": "variant=sr:winning_margin:3+", "169": "variant=sr:point_range:12+",
	}
	if s, ok := fixed[m.Own]; ok || m.Line == nil {
		return s
	}
	switch m.Own {
	case "16", "66", "88":
		return "hcp=" + lineOf(*m.Line)
	case "14", "65", "87":
		if *m.Line < 0 {
			return "hcp=0:" + lineOf(-*m.Line)
		}
		return "hcp=" + lineOf(*m.Line) + ":0"
	default:
		return "total=" + lineOf(*m.Line)
	}
}

// reported is the prices that Markets tells of, in the form of answered.
func reported(t *testing.T, w *sim.World, bookmaker, srID string) (open, all shown) {
	t.Helper()
	open, all = shown{}, shown{}
	markets, err := w.Markets(bookmaker, srID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range markets {
		key := m.Own
		switch {
		case bookmaker != sim.BetPawa && (m.ID == "4429" || m.ID == "28000869"):
			continue // two markets for one: see TestCorrectScoresHaveTwoPartners
		case bookmaker == sim.SportyBet:
			key += "@" + sportySpecifier(m)
		case bookmaker == sim.Bet9ja && m.Own == "S_1STGOAL":
			key += "@" // one line only, and the key does not say it
		case m.Line != nil:
			key += "@" + lineOf(*m.Line)
		case bookmaker == sim.Bet9ja:
			key += "@"
		}
		for _, o := range m.Outcomes {
			if o.Active != (o.Offer == sim.Open) || o.Active && (m.Offer != sim.Open || o.Odds <= 1) {
				t.Errorf("%s %s: %+v of %+v", bookmaker, srID, o, m)
			}
			if o.Offer == sim.NotOffered {
				continue
			}
			all[key] = append(all[key], o.Odds)
			if o.Active {
				open[key] = append(open[key], o.Odds)
			}
		}
	}
	for _, prices := range []shown{open, all} {
		for key := range prices {
			slices.Sort(prices[key])
		}
	}
	return open, all
}

func TestMarketsReportsExactlyWhatIsServed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sim.Config){
		"version 4": func(*sim.Config) {},
		"closings":  func(c *sim.Config) { c.Closings = sim.Closings{Markets: 0.2, Outcomes: 0.1} },
		"closings in version 3": func(c *sim.Config) {
			c.Shape, c.Closings = sim.V3, sim.Closings{Markets: 0.2, Outcomes: 0.1}
		},
		"prices at the other side": func(c *sim.Config) {
			c.Density, c.Faults = sim.Small, []sim.Fault{{Kind: sim.PricesSwapped}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := small()
			change(&cfg)
			w, c := newWorld(t, cfg)
			for range 3 {
				for _, e := range w.Events() {
					if e.Sport == "football" {
						compareAnswers(t, w, e)
					}
				}
				c.advance(7 * cfg.Tick)
			}
		})
	}
}

// compareAnswers compares what Markets tells of an event with what the bookmakers answer.
func compareAnswers(t *testing.T, w *sim.World, e sim.Event) {
	t.Helper()
	for bookmaker, own := range e.Listings {
		openAnswered, allAnswered := answered(t, w, bookmaker, own.EventID)
		openReported, allReported := reported(t, w, bookmaker, e.SrID)
		if bookmaker != sim.BetPawa {
			for _, prices := range []shown{openAnswered, allAnswered} {
				delete(prices, "45@")
				delete(prices, "S_CSFT@")
			}
		}
		if diff := cmp.Diff(allReported, allAnswered); diff != "" {
			t.Fatalf("%s %s (-told +answered):\n%s", bookmaker, e.SrID, diff)
		}
		if diff := cmp.Diff(openReported, openAnswered); diff != "" {
			t.Fatalf("%s %s, open ones (-told +answered):\n%s", bookmaker, e.SrID, diff)
		}
	}
}
