package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// competitorOnly are markets that BetPawa has no partner for: a reader has to leave them out and to count them.
func competitorOnly() []entry {
	twice := func(s score.Score) bool { return s.Home() >= 2 && s.Away() >= 2 }
	halvesBoth := func(s score.Score) bool { return s.Home1 > 0 && s.Away1 > 0 }
	secondBoth := func(s score.Score) bool { return s.Home2 > 0 && s.Away2 > 0 }
	entries := []entry{
		yes("", yesOrNo, "", "", 2000, "", score.FullTime, twice, "60000", "GG/NG 2+", groupMain, "", "", "", "", 0),
		{
			priority: 2001, rules: score.YesNo(twice), outcomes: yesOrNo,
			nine: nineEntry{nineWords: nine("S_GGNG2PLUS", "GG/NG 2+", "POPULAR", "12392", 19, 0, "GR"), outcomes: "GG|NG"},
		},
		yes("", yesOrNo, "", "", 2002, "", score.BothHalves,
			func(s score.Score) bool { return s.Home1+s.Away1 > 1 && s.Home2+s.Away2 > 1 },
			"58", "Both Halves Over 1.5", groupGoals, "", "", "", "", 0),
		yes("", yesOrNo, "", "", 2003, "", score.BothHalves,
			func(s score.Score) bool { return s.Home1+s.Away1 < 2 && s.Home2+s.Away2 < 2 },
			"59", "Both Halves Under 1.5", groupGoals, "", "", "", "", 0),
		{
			priority: 2004, scope: score.BothHalves, outcomes: "No/No|Yes/No|Yes/Yes|No/Yes",
			rules: score.Both("/", score.YesNo(halvesBoth), score.YesNo(secondBoth)),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "55", desc: "1st/2nd Half GG/NG", Name: "1st/2nd Half GG/NG", Group: groupGoals},
				outcomes:    "806=No/No|808=Yes/No|810=Yes/Yes|812=No/Yes",
			},
			nine: nineEntry{
				nineWords: nine("S_GNGFSH", "Goal/No Goal HT / Goal/No Goal 2HT", "GOAL", "2303", 314, 0, "GR"),
				outcomes:  "NGANDNG=NG/NG|GGANDNG=GG/NG|GGANDGG=GG/GG|NGANDGG=NG/GG",
			},
		},
		{
			priority: 2005, rules: score.Ranges(score.TotalCount),
			outcomes: "0|0-1|0-2|0-3|0-4|1|1-2|1-3|1-4|2|2-3|2-4|3|3-4|4|5+",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "450001", desc: "Goal Bounds", Name: "Goal Bounds", Group: groupMain},
				outcomes:    "0=0|1=0-1|2=0-2|3=0-3|4=0-4|11=1|12=1-2|13=1-3|14=1-4|22=2|23=2-3|24=2-4|33=3|34=3-4|44=4|55=5+",
			},
		},
		{
			priority: 2006, scope: score.FirstHalf, rules: score.EdgeGoal, outcomes: "1|None|2",
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: "62", desc: "1st Half - 1st Goal", Name: "1st Half - Next Goal", Title: "1,None,2",
					Group: "Half", specifier: "goalnr=1",
				},
				outcomes: "6=Home|7=None|8=Away",
			},
		},
		{
			priority: 2007, kind: TotalLine, lines: []int{10},
			rules:    score.Both(" - ", score.OverUnder(score.TotalCount), score.YesNo(score.BothScored)),
			outcomes: "Over - Yes|Under - Yes|Over - No|Under - No",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "36", desc: "Over/Under & GG/NG", Name: "Over/Under & GG/NG", Group: "Combo"},
				outcomes:    "90=Over {line} & Yes|92=Under {line} & Yes|94=Over {line} & No|96=Under {line} & No",
			},
			nine: nineEntry{
				nineWords: nine("S_GGNGOU", "Goal/No Goal + Over/Under", "COMBINED", "2270", 504, 2, "G"),
				outcomes:  "GGOVER=GG + Over|GGUNDER=GG + Under|NGOVER=NG + Over|NGUNDER=NG + Under",
			},
		},
		{
			priority: 2008, scope: score.FullTime, rules: score.YesNo(func(s score.Score) bool { return s.Home() > 0 }),
			outcomes: yesOrNo,
			nine:     nineEntry{nineWords: nine("S_HTS", "Home To Score", "HOMEAWAY", "12389", 420, 0, "GR"), outcomes: "Y=Yes|N=No"},
		},
		{
			priority: 2009, scope: score.FullTime, rules: score.YesNo(func(s score.Score) bool { return s.Away() > 0 }),
			outcomes: yesOrNo,
			nine:     nineEntry{nineWords: nine("S_AWAYSCORE", "Away to Score", "HOMEAWAY", "2226", 421, 0, "GR"), outcomes: "Y=Yes|N=No"},
		},
	}
	for i, span := range []string{"1-2", "1-3", "1-4", "1-5", "2-3", "2-4", "2-5", "3-4", "3-5", "4-5"} {
		entries = append(entries, resultAndGoals(span, 2010+i, 514+i))
	}
	return entries
}

// resultAndGoals is Bet9ja's market of a result together with a range of goals, one market a range.
func resultAndGoals(span string, priority, place int) entry {
	low, high := score.RangeOf(span)
	rules := func(name string) score.Rule {
		return score.When(func(s score.Score) bool {
			return score.InResult(name, s.Home()-s.Away()) && low <= s.Total() && s.Total() <= high
		})
	}
	return entry{
		priority: priority, rules: rules, outcomes: threeWay,
		nine: nineEntry{
			nineWords: nine("S_1X2MULTI"+span, "1X2 + Multi Goal "+span, "COMBINED", "123"+span[:1]+span[2:], place, 0, "GR"), outcomes: threeWay,
		},
	}
}
