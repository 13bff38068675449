package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// results are the three-way markets: the match, its halves, its first minutes, and the two early-payout forms.
func results() []entry {
	three := func(id, types, name string, prio int, core bool, p period, sporty, key, number string, nprio int) entry {
		return entry{
			id: id, name: name + p.betpawa, display: name + p.display, priority: prio, tabs: join(p.tabs, "popular"),
			scope: p.scope, core: core, rules: score.Result, outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: p.sporty + "1X2", Name: p.sporty + "1X2", Title: "1,X,2", Group: p.sportyGroup()},
				outcomes:    "1=Home|2=Draw|3=Away",
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"1X2", p.category, number, nprio, 0, "GR"), outcomes: threeWay},
		}
	}
	oneUp := three("28000810", "1=28000811|X=28000812|2=28000813", "1X2 1UP", 2, false, full(), "60200", "S_1X21", "15414", 2)
	oneUp.rules, oneUp.nine.outcomes, oneUp.nine.Label = score.Lead(1), "11=1|X1=X|21=2", "1X2 1UP"
	oneUp.sporty.desc, oneUp.sporty.Name, oneUp.sporty.Title = "1X2 - 1UP", "1X2 - 1UP", ""
	twoUp := three("28000850", "1=28000851|X=28000852|2=28000853", "1X2 2UP", 3, false, full(), "60100", "S_1X22", "15391", 2)
	twoUp.rules, twoUp.nine.outcomes, twoUp.nine.Label = score.Lead(2), "12=1|X2=X|22=2", "1X2 2UP"
	twoUp.sporty.desc, twoUp.sporty.Name, twoUp.sporty.Title = "1X2 - 2UP", "1X2 - 2UP", ""
	return []entry{
		three("3743", "1=3744|X=3745|2=3746", "1X2", 1, true, full(), "1", "S_1X2", "353", 1),
		oneUp, twoUp,
		three("3668", "1=3669|X=3670|2=3671", "1X2", 75, true, first(), "60", "S_1X21T", "81", 101),
		three("3685", "1=3686|X=3687|2=3688", "1X2", 76, true, second(), "83", "S_1X22T", "123", 201),
	}
}

// doubleChances are the pairs of results. The three bookmakers list them in three different orders.
func doubleChances() []entry {
	pairs := func(id, types string, prio int, p period, sporty, key, number string, nprio int) entry {
		return entry{
			id: id, name: "Double Chance" + p.betpawa, display: "Double Chance" + p.display, priority: prio,
			tabs: join(p.tabs, ""), scope: p.scope, core: true, rules: score.Result, outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: sporty, desc: p.sporty + "Double Chance", Name: p.sporty + "Double Chance",
					Title: "1X,12,X2", Group: p.sportyGroup(),
				},
				outcomes: "9=Home or Draw|11=Draw or Away|10=Home or Away",
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"Double Chance", p.category, number, nprio, 0, "GR"), outcomes: "1X|X2|12"},
		}
	}
	ft := pairs("4693", "1X=4694|X2=4695|12=4696", 20, full(), "10", "S_DC", "85", 2)
	ft.tabs = "popular"
	oneUp := pairs("80000", "1X=80001|X2=80002|12=80003", 21, full(), "60110", "S_DC1X21", "15602", 2)
	oneUp.name, oneUp.display, oneUp.rules, oneUp.core = "Double Chance 1UP - FT", "Double Chance 1UP  | Full Time", score.Lead(1), false
	oneUp.sporty.desc, oneUp.sporty.Name = "Double Chance - 1UP", "Double Chance - 1UP"
	oneUp.nine.Label, oneUp.nine.outcomes = "DC 1X2 1UP", "11=1X - 1UP|X1=X2 - 1UP|121=12 - 1UP"
	return []entry{
		ft, oneUp,
		pairs("4673", "1X=4674|X2=4675|12=4676", 300, first(), "63", "S_DC1T", "37", 102),
		pairs("4681", "1X=4682|X2=4683|12=4684", 310, second(), "85", "S_DC2T", "46", 202),
	}
}

// drawNoBets hand the stake back on one of the results.
func drawNoBets() []entry {
	two := func(id, types string, prio int, p period, sporty, key, number string, nprio int) entry {
		return entry{
			id: id, name: "Draw No Bet" + p.betpawa, display: "Draw No Bet" + p.display, priority: prio,
			tabs: join(p.tabs, ""), scope: p.scope, core: true, rules: score.WithoutResult("X"), outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: sporty, desc: p.sporty + "Draw No Bet", Name: p.sporty + "Draw No Bet", Title: "1,2",
					Group: p.sportyGroup(),
				},
				outcomes: "4=Home|5=Away",
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"Draw No Bet", p.category, number, nprio, 0, "GR"), outcomes: "1|2"},
		}
	}
	ft := two("4703", "1=4704|2=4705", 111, full(), "11", "S_DNB", "86", 9)
	ft.tabs = TabSpecials
	return []entry{
		ft,
		two("4697", "1=4698|2=4699", 112, first(), "64", "S_DNB1T", "131", 109),
		two("4700", "1=4701|2=4702", 113, second(), "86", "S_DNB2T", "45", 209),
		{
			id: "4746", name: "Home No Bet - FT", display: "Home No Bet | Full Time", priority: 114, tabs: TabSpecials,
			rules: score.WithoutResult("1"), outcomes: "X=4747|2=4748",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "12", desc: "Home No Bet", Name: "Home No Bet", Title: "X,2", Group: groupMain},
				outcomes:    "776=Draw|778=Away",
			},
			nine: nineEntry{nineWords: nine("S_HOMENOBET", "Home No Bet", "HOMEAWAY", "66", 402, 0, "GR"), outcomes: "X|2"},
		},
	}
}

// bothTeamsToScore is the two-way market with its halves.
func bothTeamsToScore() []entry {
	two := func(id, types string, prio int, p period, sporty, key, number string, nprio int) entry {
		group := p.sportyGroup()
		if p.scope == score.FirstHalf {
			group = groupGoals
		}
		return entry{
			id: id, name: "Both Teams To Score" + p.betpawa, display: "Both Teams To Score" + p.display, priority: prio,
			tabs: join(p.tabs, TabGoals), scope: p.scope, core: true, rules: score.YesNo(score.BothScored), outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: p.sporty + "GG/NG", Name: p.sporty + "GG/NG", Title: "GG,NG", Group: group},
				outcomes:    "74=Yes|76=No",
			},
			nine: nineEntry{nineWords: nine(key, p.nineLabel+"Goal/No Goal", p.category, number, nprio, 0, "GR"), outcomes: "Y=GG|N=NG"},
		}
	}
	ft := two("3795", "Yes=3796|No=3797", 30, full(), "29", "S_GGNG", "82", 4)
	ft.tabs = "popular|goals"
	return []entry{
		ft,
		two("3789", "Yes=3790|No=3791", 320, first(), "75", "S_GGNG1T", "41", 104),
		two("3792", "Yes=3793|No=3794", 330, second(), "95", "S_GGNG2T", "42", 204),
	}
}

// join puts two tabs into a list, either of which may be missing.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "|" + b
}
