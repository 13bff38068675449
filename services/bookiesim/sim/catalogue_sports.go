package sim

// otherSports is what a basketball or tennis event offers: who wins, enough to see that it is no football.
func otherSports(s sport) []*market {
	e := entry{
		id: "4791", name: "Moneyline - FT incl OT", display: "Moneyline | Full Time (incl. OT)", priority: 1, tabs: "popular", core: true,
		rules: withoutResult("X"), outcomes: "1=4792|2=4793",
		sporty: sportyEntry{
			sportyWords: sportyWords{
				id: "219", desc: "Winner (incl. overtime)", name: "Winner (incl. overtime)", title: "Home,Away",
				group: groupMain,
			},
			outcomes: "4=Home|5=Away",
		},
		nine: nineEntry{nineWords: nine("B_12", "2 Way", "POPULAR", "318", 1, 0, "GR"), outcomes: "1|2"},
	}
	if s == tennis {
		e.id, e.name, e.display, e.outcomes = "2043818", "Moneyline - FT", "Match Winner", "1=2043821|2=2043823"
		e.sporty.id, e.sporty.desc, e.sporty.name, e.sporty.title = "186", "Winner", "Winner", "1,2"
		e.nine.key, e.nine.label, e.nine.number = "T_12", "Match Winner", "360"
	}
	return []*market{e.compile()}
}
