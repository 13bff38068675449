package evidence_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// TestRecorded_SameFeed maps another bookmaker that takes its markets from SportRadar with SportyBet's columns. Its
// texts differ and its prices are its own, so agreement with BetPawa shows that the ids of markets and outcomes are
// SportRadar's and stable, and not an accident of SportyBet's answer.
func TestRecorded_SameFeed(t *testing.T) {
	t.Parallel()
	var sent struct {
		Data struct {
			Markets []struct {
				ID         int    `json:"id"`
				Specifiers string `json:"specifiers"`
				Outcomes   []struct {
					ID   string `json:"id"`
					Odds string `json:"odds"`
				} `json:"outcomes"`
			} `json:"markets"`
		} `json:"data"`
	}
	if err := json.Unmarshal(recordedtest.Body(t, recordedtest.Prematch, "msport.json"), &sent); err != nil {
		t.Fatal(err)
	}
	table := load(t)
	m := table.Column(odds.SportyBet, mapping.SportRadar).NewMapper()
	for _, market := range sent.Data.Markets {
		o := mapping.Offer{Key: strconv.Itoa(market.ID)}
		for part := range strings.SplitSeq(market.Specifiers, "|") {
			if name, value, ok := strings.Cut(part, "="); ok {
				o.Params = append(o.Params, mapping.Param{Name: name, Value: value})
			}
		}
		for _, outcome := range market.Outcomes {
			q := mapping.Quote{Code: []byte(outcome.ID)}
			if price, err := strconv.ParseFloat(outcome.Odds, 64); err == nil {
				q.Price = answer.Priced(price)
			}
			o.Quotes = append(o.Quotes, q)
		}
		m.Add(&o)
	}
	mapped := m.Finish()
	c := evidence.Compare(table, decode(t, table, odds.BetPawa, "betpawa-v3.json"),
		odds.Snapshot{Bookmaker: odds.SportyBet, Markets: mapped.Markets})
	t.Logf("%d shared, %d agree, %d long shots apart, %d refused",
		c.Shared(), c.Count(evidence.Agreeing), c.Count(evidence.Far), mapped.Rejections.Total())
	for _, p := range c.Pairs {
		if p.Verdict == evidence.Stray {
			t.Errorf("astray: %s %s line %s, %s: BetPawa %.2f, here %.2f", p.Market.ID, p.Name, p.Market.Line, p.Outcome, p.Reference, p.Price)
		}
	}
	if len(c.Foreign) > 0 || c.Shared() < 350 {
		t.Errorf("%d shared, want at least 350; not BetPawa's: %v", c.Shared(), c.Foreign)
	}
}
