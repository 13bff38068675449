package sim

// competitorOnly are markets that BetPawa has no partner for: a reader has to leave them out and to count them.
func competitorOnly() []entry {
	twice := func(s score) bool { return s.home() >= 2 && s.away() >= 2 }
	halvesBoth := func(s score) bool { return s.home1 > 0 && s.away1 > 0 }
	secondBoth := func(s score) bool { return s.home2 > 0 && s.away2 > 0 }
	entries := []entry{
		yes("", yesOrNo, "", "", 2000, "", fullTime, twice, "60000", "GG/NG 2+", groupMain, "", "", "", "", 0),
		{
			priority: 2001, rules: yesNo(twice), outcomes: yesOrNo,
			nine: nineEntry{nineWords: nine("S_GGNG2PLUS", "GG/NG 2+", "POPULAR", "12392", 19, 0, "GR"), outcomes: "GG|NG"},
		},
		yes("", yesOrNo, "", "", 2002, "", bothHalves, func(s score) bool { return s.home1+s.away1 > 1 && s.home2+s.away2 > 1 },
			"58", "Both Halves Over 1.5", groupGoals, "", "", "", "", 0),
		yes("", yesOrNo, "", "", 2003, "", bothHalves, func(s score) bool { return s.home1+s.away1 < 2 && s.home2+s.away2 < 2 },
			"59", "Both Halves Under 1.5", groupGoals, "", "", "", "", 0),
		{
			priority: 2004, scope: bothHalves, outcomes: "No/No|Yes/No|Yes/Yes|No/Yes", rules: both("/", yesNo(halvesBoth), yesNo(secondBoth)),
			sporty: sportyEntry{
				sportyWords: sportyWords{id: "55", desc: "1st/2nd Half GG/NG", name: "1st/2nd Half GG/NG", group: groupGoals},
				outcomes:    "806=No/No|808=Yes/No|810=Yes/Yes|812=No/Yes",
			},
			nine: nineEntry{
				nineWords: nine("S_GNGFSH", "Goal/No Goal HT / Goal/No Goal 2HT", "GOAL", "2303", 314, 0, "GR"),
				outcomes:  "NGANDNG=NG/NG|GGANDNG=GG/NG|GGANDGG=GG/GG|NGANDGG=NG/GG",
			},
		},
		{
			priority: 2005, rules: ranges(totalCount),
			outcomes: "0|0-1|0-2|0-3|0-4|1|1-2|1-3|1-4|2|2-3|2-4|3|3-4|4|5+",
			sporty: sportyEntry{
				sportyWords: sportyWords{id: "450001", desc: "Goal Bounds", name: "Goal Bounds", group: groupMain},
				outcomes:    "0=0|1=0-1|2=0-2|3=0-3|4=0-4|11=1|12=1-2|13=1-3|14=1-4|22=2|23=2-3|24=2-4|33=3|34=3-4|44=4|55=5+",
			},
		},
		{
			priority: 2006, scope: firstHalf, rules: edgeGoal, outcomes: "1|None|2",
			sporty: sportyEntry{
				sportyWords: sportyWords{
					id: "62", desc: "1st Half - 1st Goal", name: "1st Half - Next Goal", title: "1,None,2",
					group: "Half", specifier: "goalnr=1",
				},
				outcomes: "6=Home|7=None|8=Away",
			},
		},
		{
			priority: 2007, kind: totalLine, lines: []int{10}, rules: both(" - ", overUnder(totalCount), yesNo(bothScored)),
			outcomes: "Over - Yes|Under - Yes|Over - No|Under - No",
			sporty: sportyEntry{
				sportyWords: sportyWords{id: "36", desc: "Over/Under & GG/NG", name: "Over/Under & GG/NG", group: "Combo"},
				outcomes:    "90=Over {line} & Yes|92=Under {line} & Yes|94=Over {line} & No|96=Under {line} & No",
			},
			nine: nineEntry{
				nineWords: nine("S_GGNGOU", "Goal/No Goal + Over/Under", "COMBINED", "2270", 504, 2, "G"),
				outcomes:  "GGOVER=GG + Over|GGUNDER=GG + Under|NGOVER=NG + Over|NGUNDER=NG + Under",
			},
		},
		{
			priority: 2008, scope: fullTime, rules: yesNo(func(s score) bool { return s.home() > 0 }), outcomes: yesOrNo,
			nine: nineEntry{nineWords: nine("S_HTS", "Home To Score", "HOMEAWAY", "12389", 420, 0, "GR"), outcomes: "Y=Yes|N=No"},
		},
		{
			priority: 2009, scope: fullTime, rules: yesNo(func(s score) bool { return s.away() > 0 }), outcomes: yesOrNo,
			nine: nineEntry{nineWords: nine("S_AWAYSCORE", "Away to Score", "HOMEAWAY", "2226", 421, 0, "GR"), outcomes: "Y=Yes|N=No"},
		},
	}
	for i, span := range []string{"1-2", "1-3", "1-4", "1-5", "2-3", "2-4", "2-5", "3-4", "3-5", "4-5"} {
		entries = append(entries, resultAndGoals(span, 2010+i, 514+i))
	}
	return entries
}

// resultAndGoals is Bet9ja's market of a result together with a range of goals, one market a range.
func resultAndGoals(span string, priority, place int) entry {
	low, high := rangeOf(span)
	rules := func(name string) rule {
		return when(func(s score) bool {
			return inResult(name, s.home()-s.away()) && low <= s.total() && s.total() <= high
		})
	}
	return entry{
		priority: priority, rules: rules, outcomes: threeWay,
		nine: nineEntry{
			nineWords: nine("S_1X2MULTI"+span, "1X2 + Multi Goal "+span, "COMBINED", "123"+span[:1]+span[2:], place, 0, "GR"), outcomes: threeWay,
		},
	}
}
