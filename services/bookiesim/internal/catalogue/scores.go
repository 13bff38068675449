package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// halfTimeFullTime is the result at the break and at the end.
func halfTimeFullTime() []entry {
	return []entry{{
		id: "4706", name: "HT / FT", display: "Half Time/Full Time", priority: 64, tabs: "halves|popular", perRow: 3,
		scope: score.BothHalves, core: true, rules: score.HalfFull,
		outcomes: "1/1=4707|1/X=4708|1/2=4709|X/1=4710|X/X=4711|X/2=4712|2/1=4713|2/X=4714|2/2=4715",
		sporty: sportyEntry{
			sportyWords: sportyWords{ID: "47", desc: "Half Time/Full Time", Name: "Halftime/Fulltime", Group: groupMain},
			outcomes: "418=Home/Home|420=Home/Draw|422=Home/Away|424=Draw/Home|426=Draw/Draw|428=Draw/Away|" +
				"430=Away/Home|432=Away/Draw|434=Away/Away",
		},
		nine: nineEntry{
			nineWords: nine("S_HTFT", "Half-Time/Full-Time", "POPULAR", "83", 7, 0, "GR"),
			outcomes:  "1/1|1/X|1/2|X/1|X/X|X/2|2/1|2/X|2/2",
		},
	}}
}

// correctScores list different scores at each bookmaker, so that "Other" is a different bet at each of them.
func correctScores() []entry {
	half := func(id, types string, prio int, p period, sporty, sportyIDs, key, number string, nprio int) entry {
		return entry{
			id: id, name: "Correct Score" + p.betpawa, display: "Correct Score" + p.display, priority: prio,
			tabs: join(p.tabs, TabGoals), perRow: 2, scope: p.scope, core: true, rules: score.ExactScore, outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: p.sporty + "Correct Score", Name: p.sporty + "Correct Score", Group: "Half"},
				outcomes:    sportyIDs,
			},
			nine: nineEntry{
				nineWords: nine(key, p.nineLabel+"Correct Score", p.category, number, nprio, 6, "GR"),
				outcomes:  "OTH=Any Other Score|0:0|0:1|0:2|1:0|1:1|1:2|2:0|2:1|2:2",
			},
		}
	}
	return []entry{
		{
			id: "4429", name: "Correct Score - FT", display: "Correct Score | Full Time", priority: 120, tabs: TabGoals, perRow: 2,
			scope: score.FullTime, core: true, turn: 1, also: "28000869", rules: score.ExactScore,
			outcomes: "Other=1126332|0-0=4430|0-1=4431|0-2=4432|0-3=4433|0-4=4434|0-5=4435|0-6=4436|1-0=4441|1-1=4442|" +
				"1-2=4443|1-3=4444|1-4=4445|1-5=4446|2-0=4452|2-1=4453|2-2=4454|2-3=4455|2-4=4456|3-0=4463|3-1=4464|" +
				"3-2=4465|3-3=4466|4-0=4474|4-1=4475|4-2=4476|5-0=4485|5-1=4486|6-0=4496|3-4|4-3|4-4",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "45", desc: "Correct Score", Name: "Correct Score", Group: groupMain},
				outcomes: "324=Other|274=0:0|284=0:1|294=0:2|304=0:3|314=0:4|-|-|276=1:0|286=1:1|296=1:2|306=1:3|316=1:4|-|" +
					"278=2:0|288=2:1|298=2:2|308=2:3|318=2:4|280=3:0|290=3:1|300=3:2|310=3:3|282=4:0|292=4:1|302=4:2|" +
					"-|-|-|320=3:4|312=4:3|322=4:4",
			},
			nine: nineEntry{
				nineWords: nine("S_CSFT", "Correct Score", "POPULAR", "306", 7, 6, "GR"),
				outcomes: "OTH=Any Other Score|0:0|0:1|0:2|0:3|0:4|-|-|1:0|1:1|1:2|1:3|1:4|-|2:0|2:1|2:2|2:3|2:4|" +
					"3:0|3:1|3:2|3:3|4:0|4:1|4:2|-|-|-|3:4|4:3|4:4",
			},
		},
		// The shorter list that newer events have instead: the same 26 as the competitors'.
		{
			id: "28000869", name: "Correct Score (26 Outcomes)", display: "Correct Score | Full Time", priority: 120,
			tabs: "popular|goals", perRow: 2, scope: score.FullTime, core: true, turn: 2, rules: score.ExactScore,
			outcomes: numbered(28000870, "0-0", "1-0", "2-0", "3-0", "4-0", "0-1", "1-1", "2-1", "3-1", "4-1", "0-2", "1-2", "2-2",
				"3-2", "4-2", "0-3", "1-3", "2-3", "3-3", "4-3", "0-4", "1-4", "2-4", "3-4", "4-4", "Other"),
		},
		half("3819", "Other=1126333|0-0=3820|0-1=3821|0-2=3822|1-0=3831|1-1=3832|1-2=3833|2-0=3842|2-1=3843|2-2=3844", 121, first(),
			"81", "480=Other|462=0:0|474=0:1|476=0:2|468=1:0|464=1:1|478=1:2|470=2:0|472=2:1|466=2:2", "S_CS1T", "97", 105),
		half("4063", "Other=1126334|0-0=4064|0-1=4065|0-2=4066|1-0=4075|1-1=4076|1-2=4077|2-0=4086|2-1=4087|2-2=4088", 122, second(),
			"98", "564=Other|546=0:0|548=0:1|550=0:2|552=1:0|554=1:1|556=1:2|558=2:0|560=2:1|562=2:2", "S_CS2T", "62", 205),
	}
}

// exactGoals count goals; Bet9ja leaves some of the numbers out.
func exactGoals() []entry {
	side := func(id, types, name, display string, prio int, count func(score.Score) int, sporty, desc, sname, key, label,
		number string, nprio int,
	) entry {
		return entry{
			id: id, name: name, display: display, priority: prio, tabs: "goals|specials", perRow: 3,
			rules: score.Ranges(count), outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: sname, Group: groupGoals, specifier: "variant=sr:exact_goals:3+"},
				outcomes:    "sr:exact_goals:3+:88=0|sr:exact_goals:3+:89=1|sr:exact_goals:3+:90=2|sr:exact_goals:3+:91=3+",
			},
			nine: nineEntry{nineWords: nine(key, label, "GOAL", number, nprio, 0, "G"), outcomes: "0|1|2|3+"},
		}
	}
	return []entry{
		{
			id: "4926", name: "Total Goals Exact - FT", display: "Total Goals Exact | Full Time", priority: 150,
			tabs: TabGoals, perRow: 2,
			rules: score.Ranges(score.TotalCount), outcomes: "0=4927|1=4928|2=4929|3=4930|4=4931|5=4932|6+=1096818",
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: "21", desc: "Exact Goals", Name: "Exact Goals", Group: groupMain,
					specifier: "variant=sr:exact_goals:6+",
				},
				outcomes: "sr:exact_goals:6+:68=0|sr:exact_goals:6+:69=1|sr:exact_goals:6+:70=2|sr:exact_goals:6+:71=3|" +
					"sr:exact_goals:6+:72=4|sr:exact_goals:6+:73=5|sr:exact_goals:6+:74=6+",
			},
			nine: nineEntry{nineWords: nine("S_EXACTGOAL", "Exact Goals", "POPULAR", "122", 304, 0, "G"), outcomes: "-|1|2|3|4|5|6"},
		},
		side("4942", "0=4943|1=4944|2=1080454|3+=1080455", "Total Goals Exact - FT - Home Team", "Total Goals Exact | Full Time | {home}",
			690, score.HomeCount, "23", "Home Team Goals", "Home Team Exact Goals", "S_GOALSHOME", "Exact Goals Home", "87", 302),
		side("4938", "0=4939|1=4940|2=1080456|3+=1080457", "Total Goals Exact - FT - Away Team", "Total Goals Exact | Full Time  | {away}",
			691, score.AwayCount, "24", "Away Team Goals", "Away Team Exact Goals", "S_GOALSAWAY", "Exact Goals Away", "88", 303),
	}
}

// multigoals are overlapping ranges of goals.
func multigoals() []entry {
	five := func(id, base, name, display string, prio int, s score.Scope, count func(score.Score) int, sporty, desc, sname, key, suffixes,
		label, category, number string, nprio int,
	) entry {
		n := score.MustInt(base)
		return entry{
			id: id, name: name, display: display, priority: prio, tabs: "goals|specials", perRow: 2, scope: s,
			rules:    score.Ranges(count),
			outcomes: numbered(n, "1-2", "1-3", "2-3", "4+", "No goal"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: sname, Group: groupGoals},
				outcomes:    "1746=1-2|1747=1-3|1748=2-3|1749=4+|1805=No goal",
			},
			nine: nineEntry{nineWords: nine(key, label, category, number, nprio, 0, "G"), outcomes: suffixes + "|-|-"},
		}
	}
	return []entry{
		{
			id: "28000047", name: "Multigoals - FT", display: "Multigoals | Full Time", priority: 999,
			tabs: "goals|specials", perRow: 3,
			rules: score.Ranges(score.TotalCount),
			outcomes: numbered(28000048, "1-2", "1-3", "1-4", "1-5", "1-6", "2-3", "2-4", "2-5", "2-6", "3-4", "3-5", "3-6",
				"4-5", "4-6", "5-6", "7+", "No goal"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "548", desc: "Multigoals", Name: "Multigoals", Group: groupGoals},
				outcomes: "1730=1-2|1731=1-3|1732=1-4|1733=1-5|1734=1-6|1735=2-3|1736=2-4|1737=2-5|1738=2-6|1739=3-4|1740=3-5|" +
					"1741=3-6|1742=4-5|1743=4-6|1744=5-6|1745=7+|1804=No goal",
			},
			nine: nineEntry{
				nineWords: nine("S_NGOALS", "Multi Goal", "GOAL", "96", 301, 15, "GR"),
				outcomes: "1-2=1-2 |1-3=1-3 |1-4=1-4 |1-5=1-5 |1-6=1-6 |2-3=2-3 |2-4=2-4 |2-5=2-5 |2-6=2-6 |3-4=3-4 |3-5=3-5 |" +
					"3-6=3-6 |4-5=4-5 |4-6=4-6 |5-6=5-6 |-|-",
			},
		},
		five("28000065", "28000066", "Multigoals - 1H", "Multigoals | First Half", 1000, score.FirstHalf, score.TotalCount,
			"552", "1st Half - Multigoals", "1st Half - Multigoals", "S_MGOAL1T", "12=1-2|13=1-3|23=2-3", "1st Half - Multi Goal",
			"HT", "9244", 107),
		five("28000071", "28000072", "Multigoals - 2H", "Multigoals | Second Half", 1001, score.SecondHalf, score.TotalCount,
			"553", "2nd Half - Multigoals", "2nd Half - Multigoals", "S_MGOAL2T", "12=1-2|13=1-3|23=2-3", "2nd Half - Multi Goal",
			"2T", "9245", 207),
		five("28000077", "28000078", "Multigoals - FT - Home Team", "Multigoals | {home} | Full Time", 1002, score.FullTime, score.HomeCount,
			"549", "Home Multigoals", "Home Team Multigoals", "S_TMGHO", "HO12=1-2 Goals|HO13=1-3 Goals|HO23=2-3 Goals",
			"Multi Goal Home", "GOAL", "2322", 306),
		five("28000083", "28000084", "Multigoals - FT - Away Team", "Multigoals | {away} | Full Time", 1003, score.FullTime, score.AwayCount,
			"550", "Away Multigoals", "Away Team Multigoals", "S_TMGAW", "AW12=1-2 Goals|AW13=1-3 Goals|AW23=2-3 Goals",
			"Multi Goal Away", "GOAL", "2321", 307),
	}
}
