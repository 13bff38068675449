package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Table is a heading with rows below it; a cell is plain text.
type Table struct {
	Title string
	Note  string
	Head  []string
	Rows  [][]string
}

// Report puts into tables what the mapping makes of recorded events.
func Report(table *mapping.Table, events []Event) []Table {
	var report []Table
	for _, e := range events {
		report = append(report, answers(e))
		reference, ok := e.Answer(odds.BetPawa)
		if !ok {
			continue
		}
		for _, b := range registry.All() {
			competitor, ok := e.Answer(b.Name)
			if b.Name.Reference() || !ok {
				continue
			}
			c := Compare(table, reference.Detail.Snapshot, competitor.Detail.Snapshot)
			title := e.Folder + ", " + string(b.Name) + ": "
			report = append(
				report,
				families(title, c, competitor.Detail.Unmapped),
				pairs(title, c),
				alone(title, reference.Detail.Snapshot, competitor.Detail.Snapshot),
				unmapped(title, b.Column(table), competitor.Detail.Unmapped),
			)
		}
	}
	return slices.DeleteFunc(report, func(t Table) bool { return len(t.Rows) == 0 })
}

// answers lists what became of each answer of an event.
func answers(e Event) Table {
	t := Table{
		Title: e.Folder,
		Head:  []string{"answer", "markets", "outcomes", "open", "complete", "refused", "without partner", "as a whole"},
	}
	for _, a := range e.Answers {
		outcomes, open := 0, 0
		for _, m := range a.Detail.Snapshot.Markets {
			outcomes += len(m.Outcomes)
			for _, o := range m.Outcomes {
				if o.Active {
					open++
				}
			}
		}
		verdict := "used"
		if a.Err != nil {
			verdict = a.Err.Error()
		}
		t.Rows = append(t.Rows, []string{
			a.File, strconv.Itoa(len(a.Detail.Snapshot.Markets)), strconv.Itoa(outcomes), strconv.Itoa(open),
			strconv.FormatBool(a.Detail.Snapshot.Complete), strconv.Itoa(a.Detail.Rejections.Total()),
			strconv.Itoa(len(a.Detail.Unmapped)), verdict,
		})
	}
	return t
}

// families sums a comparison up.
func families(title string, c Comparison, without []bookmaker.Unmapped) Table {
	t := Table{
		Title: title + "by family",
		Note: fmt.Sprintf("%d outcomes shared with BetPawa: %d agree within a factor of %g, %d are long shots further apart, "+
			"%d are closed at one of the two, %d are explained exceptions, %d stray. %d outcomes stand in a market of BetPawa's "+
			"under a name that BetPawa does not offer there. %d markets have no partner.",
			c.Shared(), c.Count(Agreeing), Factor, c.Count(Far), c.Count(Closed), c.Count(Explained), c.Count(Stray),
			len(c.Foreign), len(without)),
		Head: []string{"family", "markets", "outcomes", "shared", "agree", "long shots apart", "closed", "explained", "stray"},
	}
	var sum Stats
	line := func(x Stats) []string {
		cells := []string{x.Family, strconv.Itoa(x.Markets), strconv.Itoa(x.Outcomes), strconv.Itoa(x.Shared)}
		for _, n := range x.Verdicts {
			cells = append(cells, strconv.Itoa(n))
		}
		return cells
	}
	for _, x := range c.Tallies {
		t.Rows = append(t.Rows, line(x))
		sum.Markets += x.Markets
		sum.Outcomes += x.Outcomes
		sum.Shared += x.Shared
		for v, n := range x.Verdicts {
			sum.Verdicts[v] += n
		}
	}
	sum.Family = "all"
	t.Rows = append(t.Rows, line(sum))
	return t
}

// pairs lists the pairs that do not simply agree.
func pairs(title string, c Comparison) Table {
	t := Table{
		Title: title + "prices apart",
		Head:  []string{"market", "line", "outcome", "BetPawa", "competitor", "factor", "verdict"},
	}
	for _, p := range c.Pairs {
		verdict := ""
		switch p.Verdict {
		case Far:
			verdict = "both are long shots"
		case Explained:
			verdict = p.Reason
		case Stray:
			verdict = "STRAY"
		case Agreeing, Closed:
			continue
		}
		t.Rows = append(t.Rows, []string{
			p.Market.ID + " " + p.Name, p.Market.Line.String(), p.Outcome,
			fmt.Sprintf("%.2f", p.Reference), fmt.Sprintf("%.2f", p.Price), fmt.Sprintf("%.2f", p.Ratio()), verdict,
		})
	}
	for _, p := range c.Foreign {
		t.Rows = append(t.Rows, []string{
			p.Market.ID + " " + p.Name, p.Market.Line.String(), p.Outcome, "-", fmt.Sprintf("%.2f", p.Price), "-",
			"BetPawa does not offer this name",
		})
	}
	return t
}

// alone lists BetPawa's markets that the competitor's answer has nothing for.
func alone(title string, reference, competitor odds.Snapshot) Table {
	t := Table{
		Title: title + "markets that only BetPawa offers",
		Head:  []string{"market", "line", "outcomes"},
	}
	offered := make(map[odds.MarketKey]bool)
	for _, m := range competitor.Markets {
		offered[m.MarketKey] = true
	}
	for _, m := range reference.Markets {
		if !offered[m.MarketKey] {
			t.Rows = append(t.Rows, []string{m.ID + " " + m.Name, m.Line.String(), strconv.Itoa(len(m.Outcomes))})
		}
	}
	return t
}

// unmapped lists the competitor's markets without a partner, those left out on purpose first.
func unmapped(title string, column mapping.Column, without []bookmaker.Unmapped) Table {
	t := Table{
		Title: title + "markets without a partner",
		Head:  []string{"market", "name", "why", "example"},
	}
	for _, purpose := range []bool{true, false} {
		for _, u := range without {
			if (u.Reason == bookmaker.LeftOut) != purpose {
				continue
			}
			why := strings.ToLower(strings.ReplaceAll(string(u.Reason), "_", " "))
			if l, ok := column.LeftOut(u.MarketID); ok && purpose {
				why = "left out: " + l.Reason
			}
			t.Rows = append(t.Rows, []string{u.MarketID, u.Name, why, u.Example})
		}
	}
	return t
}
