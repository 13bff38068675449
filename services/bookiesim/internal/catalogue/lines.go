package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// totals are over and under of all goals. BetPawa has half lines only, SportyBet whole ones too.
func totals() []entry {
	lines := func(id, types string, prio int, p period, last int, sporty, sportyName string, key, number string, nprio int) entry {
		whole := halves(0, last)
		for n := 1; n < last; n++ {
			whole = append(whole, 4*n)
		}
		return entry{
			id: id, name: "Total Score Over/Under" + p.betpawa, display: "Over/Under" + p.display, priority: prio,
			tabs: join(p.tabs, TabGoals), kind: TotalLine, scope: p.scope, core: true, rules: score.OverUnder(score.TotalCount),
			outcomes: types, lines: halves(0, last),
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: sporty, desc: p.sporty + "Over/Under", Name: sportyName, Title: "Goals,Over,Under",
					Group: p.sportyGroup(),
				},
				outcomes: sportyOverUnder, lines: whole,
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"Over/Under", p.category, number, nprio, 3, "G"), outcomes: "O=Over |U=Under "},
		}
	}
	ft := lines("5000", "Over=5001|Under=5002", 40, full(), 5, "18", "Over/Under", "S_OU", "94", 3)
	ft.tabs, ft.nine.lines = "popular|goals", halves(0, 6)
	return []entry{
		ft,
		lines("4958", "Over=4959|Under=4960", 80, first(), 2, "68", "1st Half - Over/Under", "S_OU1T", "20", 103),
		lines("4976", "Over=4977|Under=4978", 81, second(), 2, "90", "2nd Half - Total", "S_OU2T", "21", 203),
		{
			// Bet9ja keeps its quarter lines in a market of their own.
			priority: 41, also: "5000", kind: TotalLine, rules: score.OverUnder(score.TotalCount), outcomes: "Over|Under", lines: []int{
				5, 7, 8, 9,
				11, 12, 13,
			},
			nine: nineEntry{nineWords: nine("S_OUA", "Over/Under Asian", "POPULAR", "14696", 999, 3, "G"), outcomes: "O=Over|U=Under"},
		},
	}
}

// teamTotals are over and under of one side's goals. Bet9ja has both sides under one key.
func teamTotals() []entry {
	side := func(id, types string, prio int, p period, home bool, last int, sporty, sportyName, key, suffixes, number string,
		nprio int,
	) entry {
		who, whom, count, team := " - Away Team", "{away}", score.AwayCount, "{away}"
		if home {
			who, whom, count, team = " - Home Team", "{home}", score.HomeCount, "{home}"
		}
		desc := team + " Over/Under"
		if p.scope == score.FirstHalf {
			desc = "1st half - " + desc // in small letters here alone
		} else {
			desc = p.sporty + desc
		}
		return entry{
			id: id, name: "Total Score Over/Under" + p.betpawa + who, display: "Over/Under | " + whom + p.display,
			priority: prio, tabs: join(p.tabs, TabGoals), kind: TotalLine, scope: p.scope, rules: score.OverUnder(count),
			outcomes: types, lines: halves(0, last), core: p.scope == score.FullTime,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: sportyName, Title: "Goals,Over,Under", Group: groupGoals},
				outcomes:    sportyOverUnder,
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"Home/Away Over/Under", nineCategory(p, "HOMEAWAY"), number, nprio, 2,
				"G"), outcomes: suffixes},
		}
	}
	return []entry{
		side("5006", "Over=5007|Under=5008", 50, full(), true, 2, "19", "Home O/U", "S_HAOU", "OH=Home Over |UH=Home Under ", "2231", 401),
		side("5003", "Over=5004|Under=5005", 60, full(), false, 2, "20", "Away O/U", "S_HAOU", "OA=Away Over |UA=Away Under ", "2231", 401),
		side("4964", "Over=4965|Under=4966", 82, first(), true, 1, "69", "1st Half - Home O/U", "S_HA1HOU",
			"HO=Home Over|HU=Home Under", "9247", 418),
		side("4961", "Over=4962|Under=4963", 83, first(), false, 1, "70", "1st Half - Away O/U", "S_HA1HOU",
			"AO=Away Over|AU=Away Under", "9247", 418),
		side("4982", "Over=4983|Under=4984", 84, second(), true, 1, "91", "2nd Half - Home Team Total", "S_HA2HOU",
			"HO=Home Over|HU=Home Under", "9246", 419),
		side("4979", "Over=4980|Under=4981", 85, second(), false, 1, "92", "2nd Half - Away Team Total", "S_HA2HOU",
			"AO=Away Over|AU=Away Under", "9246", 419),
	}
}

// nineCategory is Bet9ja's category of a market that is filed under the period only when there is one.
func nineCategory(p period, other string) string {
	if p.scope == score.FullTime {
		return other
	}
	return p.category
}

// asianHandicaps are two-way. BetPawa has half lines only; SportyBet whole ones too, Bet9ja quarter ones.
func asianHandicaps() []entry {
	two := func(id, types string, prio int, p period, lines []int, sporty, desc, name string) entry {
		return entry{
			id: id, name: "Asian Handicap" + p.betpawa, display: "2-Way Handicap" + p.display, priority: prio,
			tabs: join(p.tabs, ""), kind: AsianHandicap, scope: p.scope, core: true, columns: "1|2",
			rules: score.Asian, outcomes: types, lines: lines,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: name, Title: "1,2", Group: p.sportyGroup()},
				outcomes:    "1714=Home ({hcp})|1715=Away ({-hcp})",
			},
		}
	}
	ft := two("3774", "1=3775|2=3776", 105, full(), []int{-6, -2, 2, 6}, "16", "Asian Handicap {line}", "Handicap")
	ft.tabs = TabSpecials
	ft.sporty.lines = []int{-8, -6, -4, -2, 0, 2, 4, 6, 8}
	ft.nine = nineEntry{
		nineWords: nine("S_AH", "Asian Handicap", "POPULAR", "14697", 999, 18, "G"), outcomes: "1|2",
		lines: []int{-6, -5, -3, -2, -1, 1, 2, 3, 5, 6},
	}
	h1 := two("3747", "1=3748|2=3749", 106, first(), []int{-2, 2}, "66", "1st Half - Asian Handicap", "1st Half - Handicap")
	h1.sporty.lines = []int{-4, -2, 0, 2, 4}
	h2 := two("3756", "1=3757|2=3758", 107, second(), []int{-2, 2}, "88", "2nd Half - Asian Handicap", "2nd Half - Handicap")
	h2.sporty.lines = []int{-4, -2, 0, 2, 4}
	return []entry{ft, h1, h2}
}

// europeanHandicaps are three-way on whole lines. Bet9ja's full-time suffixes differ from its half-time ones.
func europeanHandicaps() []entry {
	three := func(id, types string, prio int, p period, sporty, desc, name, key, suffixes, number string, nprio, view int) entry {
		return entry{
			id: id, name: "Handicap 1X2" + p.betpawa, display: "3-Way Handicap" + p.display, priority: prio,
			tabs: join(p.tabs, ""), kind: EuroHandicap, scope: p.scope, core: true, columns: threeWay,
			rules: score.EuropeanRule, outcomes: types, lines: []int{-8, -4, 4, 8},
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: name, Title: "HC,1,X,2", Group: p.sportyGroup()},
				outcomes:    "1711=Home ({hcp})|1712=Draw ({hcp})|1713=Away ({hcp})",
			},
			nine: nineEntry{
				nineWords: nine(key, p.nineLabel+"Handicap", p.category, number, nprio, view, "G"), outcomes: suffixes,
				lines: []int{-4, 4},
			},
		}
	}
	ft := three("4724", "1=4725|X=4726|2=4727", 65, full(), "14", "Handicap {hcp}", "Handicap", "S_1X2HND", "1H=1|XH=X|2H=2", "349", 8, 16)
	ft.tabs, ft.sporty.lines, ft.nine.lines = "popular", []int{-12, -8, -4, 4, 8}, []int{-8, -4, 4, 8}
	return []entry{
		ft,
		three("4716", "1=4717|X=4718|2=4719", 90, first(), "65", "1st Half - Handicap", "1st Half - Handicap", "S_1X2HNDHT",
			threeWay, "13196", 110, 9),
		three("4720", "1=4721|X=4722|2=4723", 91, second(), "87", "2nd Half - Handicap {hcp}", "2nd Half - Handicap X:Y",
			"S_1X2HND2TN", threeWay, "13199", 210, 9),
	}
}
