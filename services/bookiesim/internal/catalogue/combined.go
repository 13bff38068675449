package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// combinations bet on two things at once. Their outcomes stand in a different order at each bookmaker.
func combinations() []entry {
	dcScore := func(id string, base, prio int, p period, sporty, sportyDesc, sportyName, group, key, suffixes, label,
		number string, nprio int,
	) entry {
		return entry{
			id: id, name: "Double Chance and Both Teams To Score" + p.betpawa,
			display:  "Double Chance and Both Teams To Score" + p.display,
			priority: prio, tabs: join("combos", p.tabs), columns: yesOrNo, perRow: 2, scope: p.scope,
			rules:    score.Both(" - ", score.Result, score.YesNo(score.BothScored)),
			outcomes: numbered(base, "1X - Yes", "1X - No", "12 - Yes", "12 - No", "X2 - Yes", "X2 - No"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: sportyDesc, Name: sportyName, Group: group},
				outcomes: "1718=Home/Draw & Yes|1719=Home/Draw & No|1720=Home/Away & Yes|1721=Home/Away & No|" +
					"1722=Draw/Away & Yes|1723=Draw/Away & No",
			},
			nine: nineEntry{nineWords: nine(key, label, "COMBINED", number, nprio, 0, "GR"), outcomes: suffixes},
		}
	}
	lines := []int{6, 10, 14, 18}
	return []entry{
		{
			id: "1096755", name: "1X2 and Totals - FT", display: "1X2 and Over/Under | Full Time", priority: 110,
			tabs:    "combos|popular",
			columns: threeWay, perRow: 3, kind: TotalLine,
			rules: score.Both(" - ", score.Result, score.OverUnder(score.TotalCount)), lines: lines,
			outcomes: numbered(1099337, "1 - Over", "X - Over", "2 - Over", "1 - Under", "X - Under", "2 - Under"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "37", desc: "1X2 & Over/Under {line}", Name: "1X2 & Over/Under", Group: "Combo"},
				outcomes: "796=Home & Over {line}|800=Draw & Over {line}|804=Away & Over {line}|" +
					"794=Home & Under {line}|798=Draw & Under {line}|802=Away & Under {line}",
			},
			nine: nineEntry{
				nineWords: nine("S_1X2OU", "1X2 + Over/Under", "COMBINED", "2297", 501, 2, "G"),
				outcomes:  "1O=1 & Over|XO=X & Over|2O=2 & Over|1U=1 & Under|XU=X & Under|2U=2 & Under",
			},
		},
		{
			id: "28000089", name: "Double Chance and Totals - FT", display: "Double Chance and Over/Under | Full Time", priority: 513,
			tabs: "combos|popular", columns: "1X|12|X2", perRow: 3, kind: TotalLine,
			rules:    score.Both(" - ", score.Result, score.OverUnder(score.TotalCount)),
			lines:    lines,
			outcomes: numbered(28000090, "1X - Under", "12 - Under", "X2 - Under", "1X - Over", "12 - Over", "X2 - Over"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "547", desc: "Double Chance & Over/Under {line}", Name: "Double Chance & Total", Group: "Combo"},
				outcomes: "1724=Home/Draw & Under {line}|1725=Home/Away & Under {line}|1726=Draw/Away & Under {line}|" +
					"1727=Home/Draw & Over {line}|1728=Home/Away & Over {line}|1729=Draw/Away & Over {line}",
			},
			nine: nineEntry{
				nineWords: nine("S_DCOU", "Double Chance + Over/Under", "COMBINED", "2291", 508, 2, "G"),
				outcomes:  "1XU=1X + Under|12U=12 + Under|X2U=X2 + Under|1XO=1X + Over|12O=12 + Over|X2O=X2 + Over",
			},
		},
		{
			id: "3591790", name: "1X2 and Both Teams To Score - FT", display: "1X2 and Both Teams To Score | Full Time", priority: 510,
			tabs: "combos|popular", columns: yesOrNo, perRow: 2, rules: score.Both(" - ", score.Result, score.YesNo(score.BothScored)),
			outcomes: numbered(3591791, "1 - Yes", "1 - No", "2 - Yes", "2 - No", "X - Yes", "X - No"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "35", desc: "1X2 & GG/NG", Name: "1X2 & GG/NG", Group: "Combo"},
				outcomes:    "78=Home & yes|80=Home & no|86=Away & yes|88=Away & no|82=Draw & yes|84=Draw & no",
			},
			nine: nineEntry{
				nineWords: nine("S_1X2GGNG", "1X2 + Goal/No Goal", "COMBINED", "2264", 505, 0, "GR"),
				outcomes:  "1ANDGG=1 + GG|1ANDNG=1 + NG|2ANDGG=2 + GG|2ANDNG=2 + NG|XANDGG=X + GG|XANDNG=X + NG",
			},
		},
		dcScore("28000014", 28000015, 123, full(), "546", "Double Chance & GG/NG", "Double Chance & GG/NG", "Combo",
			"S_DCGGNG", "1XGG=1X + GG|1XNG=1X + NG|12GG=12 + GG|12NG=12 + NG|X2GG=X2 + GG|X2NG=X2 + NG",
			"Double Chance + Goal/No Goal", "2292", 511),
		dcScore("28000021", 28000022, 850, first(), "542", "1st Half - Double Chance & GG/NG", "1st Half - DC & GG/NG", "Half",
			"S_DCGGNGHT", "1XGGHT=1X + GG|1XNGHT=1X + NG|12GGHT=12 + GG|12NGHT=12 + NG|X2GGHT=X2 + GG|X2NGHT=X2 + NG",
			"1st Half - Double Chance + Goal/No Goal", "2293", 512),
		dcScore("28000028", 28000029, 860, second(), "545", "2nd Half -  Double Chance & GG/NG", "2nd Half - DC & GG/NG", "Half",
			"S_DCGGNG2T", "1XGG2T=1X & GG|1XNG2T=1X & NG|12GG2T=12 & GG|12NG2T=12 & NG|X2GG2T=X2 & GG|X2NG2T=X2 & NG",
			"2nd Half - Double Chance + Goal/No Goal", "2294", 513),
	}
}

// goalScorers are about which side scores, first, last or at all, and by how much it wins.
func goalScorers() []entry {
	return []entry{
		{
			id: "28000224", name: "{handicap} Goal", display: "Next Goal (Goal {handicap})", priority: 35, tabs: "popular|goals",
			kind: Ordinal, rules: score.EdgeGoal, lines: []int{4}, outcomes: "1=28000225|None=28000226|2=28000227",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "8", desc: "1st Goal", Name: "Next Goal", Title: "1,None,2", Group: groupMain, specifier: "goalnr=1"},
				outcomes:    "6=Home|7=None|8=Away",
			},
			nine: nineEntry{nineWords: nine("S_1STGOAL", "First Team to Score", "POPULAR", "2287", 310, 0, "GR"), outcomes: "1|X=No Goal|2"},
		},
		{
			id: "4870", name: "Team To Score Last (3 way)", display: "Team To Score Last - 3 way", priority: 189, tabs: TabGoals,
			rules: score.EdgeGoal, outcomes: "1=4871|2=4872|No Goal=4873",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "9", desc: "Last Goal", Name: "Last Goal", Group: groupMain},
				outcomes:    "6=Home|8=Away|7=None",
			},
			nine: nineEntry{nineWords: nine("S_LASTSCORE", "Last Team to Score", "GOAL", "26", 311, 0, "GR"), outcomes: "1|2|N=No Goal"},
		},
		{
			id: "1096782", name: "Team To Score (4 way) - FT", display: "Team To Score (4-Way) | Full Time",
			priority: 190, tabs: "goals|specials",
			perRow: 2, rules: score.WhoScored, outcomes: "No Goal=1099356|Home=1099360|Away=1099361|Both=1099362",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "30", desc: "Teams to Score", Name: "Which Team To Score", Group: groupMain},
				outcomes:    "784=None|788=Only Home|790=Only Away|792=Both teams",
			},
			nine: nineEntry{
				nineWords: nine("S_SCORET", "Team to Score", "OTHER", "13193", 925, 0, "GR"),
				outcomes:  "NG=No Goal|1=Only Home|2=Only Away|GG",
			},
		},
		{
			id: "28000209", name: "Winning Margin - FT", display: "Winning Margin", priority: 915, tabs: TabSpecials,
			perRow: 2, rules: score.Margins,
			outcomes: numbered(28000210, "Home by 1", "Home by 2", "Home by 3+", "Away by 1", "Away by 2", "Away by 3+", "Draw"),
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: "15", desc: "Winning Margin", Name: "Winning Margin", Group: groupMain,
					specifier: "variant=sr:winning_margin:3+",
				},
				outcomes: "sr:winning_margin:3+:113=Home by 1|sr:winning_margin:3+:114=Home by 2|sr:winning_margin:3+:115=Home by 3+|" +
					"sr:winning_margin:3+:116=Away by 1|sr:winning_margin:3+:117=Away by 2|sr:winning_margin:3+:118=Away by 3+|" +
					"sr:winning_margin:3+:119=Draw",
			},
			nine: nineEntry{
				nineWords: nine("S_WINMARGIN", "Winning Margins", "OTHER", "100", 908, 0, "GR"),
				outcomes:  "HT1=Home by 1|HT2=Home by 2|HT>2=Home by > 2|AT1=Away by 1|AT2=Away by 2|AT>2=Away by > 2|X=Draw",
			},
		},
	}
}
