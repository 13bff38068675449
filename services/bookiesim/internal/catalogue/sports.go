package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// OtherSports is what a basketball or tennis event offers: who wins, enough to see that it is no football.
func OtherSports(s Sport) []*Market {
	e := entry{
		id: "4791", name: "Moneyline - FT incl OT", display: "Moneyline | Full Time (incl. OT)", priority: 1,
		tabs: "popular", core: true,
		rules: score.WithoutResult("X"), outcomes: "1=4792|2=4793",
		sporty: sportyEntry{
			sportyWords: sportyWords{
				ID: "219", desc: "Winner (incl. overtime)", Name: "Winner (incl. overtime)", Title: "Home,Away",
				Group: groupMain,
			},
			outcomes: "4=Home|5=Away",
		},
		nine: nineEntry{nineWords: nine("B_12", "2 Way", "POPULAR", "318", 1, 0, "GR"), outcomes: "1|2"},
	}
	if s == Tennis {
		e.id, e.name, e.display, e.outcomes = "2043818", "Moneyline - FT", "Match Winner", "1=2043821|2=2043823"
		e.sporty.ID, e.sporty.desc, e.sporty.Name, e.sporty.Title = "186", "Winner", "Winner", "1,2"
		e.nine.Key, e.nine.Label, e.nine.Number = "T_12", "Match Winner", "360"
	}
	return []*Market{e.compile()}
}
