package catalogue

import (
	"strconv"

	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

// oddsAndEvens are two-way on the parity of a count.
func oddsAndEvens() []entry {
	two := func(id, types, name, display string, prio int, tabs string, s score.Scope, count func(score.Score) int, sporty, desc, group, key,
		label, category, number string, nprio int,
	) entry {
		return entry{
			id: id, name: name, display: display, priority: prio, tabs: tabs, scope: s, rules: score.OddEven(count), outcomes: types,
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: desc, Title: "Odd,Even", Group: group},
				outcomes:    "70=Odd|72=Even",
			},
			nine: nineEntry{nineWords: nine(key, label, category, number, nprio, 0, "G"), outcomes: "OD=Odd|EV=Even"},
		}
	}
	return []entry{
		two("4833", "Odd=4834|Even=4835", "Odd / Even - FT", "Odd/Even | Full Time", 180, TabSpecials, score.FullTime, score.TotalCount,
			"26", "Odd/Even", groupMain, "S_OE", "Odd/Even", "POPULAR", "84", 6),
		two("4794", "Odd=4795|Even=4796", "Odd / Even - 1H", "Odd/Even | First Half", 181, "halves", score.FirstHalf, score.TotalCount,
			"74", "1st Half - Odd/Even", groupGoals, "S_OE1T", "1st Half - Odd/Even", "HT", "134", 108),
		two("4809", "Odd=4810|Even=4811", "Odd / Even - 2H", "Odd/Even | Second Half", 182, "halves",
			score.SecondHalf, score.TotalCount,
			"94", "2nd Half - Odd/Even", groupGoals, "S_OE2T", "2nd Half - Odd/Even", "2T", "44", 208),
		two("4842", "Odd=4843|Even=4844", "Odd / Even - FT- Home Team", "Odd/Even | {home} | Full Time", 183,
			TabSpecials, score.FullTime, score.HomeCount,
			"27", "Home Team Odd/Even", groupGoals, "S_OEHOME", "Odd/Even - Home", "HOMEAWAY", "133", 414),
		two("4836", "Odd=4837|Even=4838", "Odd / Even - FT - Away Team", "Odd/Even | {away} | Full Time", 184,
			TabSpecials, score.FullTime, score.AwayCount,
			"28", "Away Team Odd/Even", groupGoals, "S_OEAWAY", "Odd/Even - Away", "HOMEAWAY", "70", 415),
	}
}

// yes is a two-way market on a condition, the commonest shape of all.
func yes(id, types, name, display string, prio int, tabs string, s score.Scope, holds func(score.Score) bool, sporty, desc, group, key,
	label, category, number string, nprio int,
) entry {
	e := entry{
		id: id, name: name, display: display, priority: prio, tabs: tabs, scope: s, rules: score.YesNo(holds), outcomes: types,
		sporty: sportyEntry{sportyWords: sportyWords{ID: sporty, desc: desc, Name: desc, Group: group}, outcomes: "74=Yes|76=No"},
	}
	if key != "" {
		e.nine = nineEntry{nineWords: nine(key, label, category, number, nprio, 0, "GR"), outcomes: "Y=Yes|N=No"}
	}
	return e
}

// sheets are the clean sheets and the wins to nil. Bet9ja has no clean sheets by halves.
func sheets() []entry {
	homeNil := func(s score.Score) bool { return s.Away() == 0 && s.Home() > 0 }
	awayNil := func(s score.Score) bool { return s.Home() == 0 && s.Away() > 0 }
	return []entry{
		yes("3816", "Yes=3817|No=3818", "Clean Sheet Home Team - FT", "Clean Sheet | {home} | Full Time", 130,
			TabGoals, score.FullTime, score.HomeClean,
			"31", "Home Team Clean Sheet", groupGoals, "S_CLEANSH", "Clean Sheet Home", "HOMEAWAY", "12390", 422),
		yes("3807", "Yes=3808|No=3809", "Clean Sheet Away Team - FT", "Clean Sheet | {away} | Full Time", 140,
			TabGoals, score.FullTime, score.AwayClean,
			"32", "Away Team Clean Sheet", groupGoals, "S_CLEANSA", "Clean Sheet Away", "HOMEAWAY", "12391", 423),
		yes("3810", "Yes=3811|No=3812", "Clean Sheet Home Team - 1H", "Clean Sheet | {home} | First Half", 420, "halves|goals",
			score.FirstHalf, score.HomeClean,
			"76", "1st Half - Home Team Clean Sheet", groupGoals, "", "", "", "", 0),
		yes("3813", "Yes=3814|No=3815", "Clean Sheet Home Team - 2H", "Clean Sheet | {home} | Second Half", 430, "halves|goals",
			score.SecondHalf, score.HomeClean,
			"96", "2nd Half - Home Team Clean Sheet", groupGoals, "", "", "", "", 0),
		yes("3801", "Yes=3802|No=3803", "Clean Sheet Away Team - 1H", "Clean Sheet | {away} | First Half", 440,
			"halves", score.FirstHalf, score.AwayClean,
			"77", "1st Half - Away Team Clean Sheet", groupGoals, "", "", "", "", 0),
		yes("3804", "Yes=3805|No=3806", "Clean Sheet Away Team - 2H", "Clean Sheet | {away} | Second Half", 450, "halves",
			score.SecondHalf, score.AwayClean,
			"97", "2nd Half - Away Team Clean Sheet", groupGoals, "", "", "", "", 0),
		yes("5051", "Yes=5052|No=5053", "Win to Nil Home Team - FT", "Win To Nil | {home} | Full Time", 670, "goals|specials",
			score.FullTime, homeNil,
			"33", "Home Team to Win to Nil", "Combo", "S_HOMEWINNIL", "Home Win to Nil", "HOMEAWAY", "68", 406),
		yes("5042", "Yes=5043|No=5044", "Win to Nil Away Team - FT", "Win To Nil | {away} | Full Time", 671, "goals|specials",
			score.FullTime, awayNil,
			"34", "Away Team to Win to Nil", "Combo", "S_AWAYWINNIL", "Away Win to Nil", "HOMEAWAY", "69", 407),
	}
}

// halvesWon compare the halves with each other.
func halvesWon() []entry {
	h1 := func(s score.Score) int { return s.Home1 - s.Away1 }
	h2 := func(s score.Score) int { return s.Home2 - s.Away2 }
	more := func(id string, base int, name, display string, prio int, one, two func(score.Score) int, sporty, desc, key, label,
		category, number string, nprio int,
	) entry {
		return entry{
			id: id, name: name, display: display, priority: prio, tabs: TabGoals, scope: score.BothHalves,
			rules:    score.MoreGoalsIn(one, two),
			outcomes: numbered(base, "First Half", "Second Half", "Equal"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: sporty, desc: desc, Name: desc, Group: "Half"},
				outcomes:    "436=1st half|438=2nd half|440=Equal",
			},
			nine: nineEntry{nineWords: nine(key, label, category, number, nprio, 0, "GR"), outcomes: "1=1st|2=2nd|E=Tie"},
		}
	}
	return []entry{
		more("4728", 4729, "Half More Goals - Total", "Half With More Goals", 108,
			func(s score.Score) int { return s.Home1 + s.Away1 }, func(s score.Score) int { return s.Home2 + s.Away2 },
			"52", "Highest Scoring Half", "S_HIGHHALF", "Highest Scoring Half", "GOAL", "98", 305),
		more("4736", 4737, "Half More Goals - Home Team", "More Goals | {home}", 900,
			func(s score.Score) int { return s.Home1 }, func(s score.Score) int { return s.Home2 },
			"53", "Home Team Highest Scoring Half", "S_HOMEHIGHHALF", "Highest Scoring Half Home Team", "HOMEAWAY", "43", 416),
		more("4732", 4733, "Half More Goals - Away Team", "More Goals | {away}", 901,
			func(s score.Score) int { return s.Away1 }, func(s score.Score) int { return s.Away2 },
			"54", "Away Team Highest Scoring Half", "S_AWAYHIGHHALF", "Highest Scoring Half Away Team", "HOMEAWAY", "132", 417),
		yes("1096806", "Yes=1099445|No=1099446", "Either half win Home - FT", "Win Either Half | {home}", 340, "", score.BothHalves,
			func(s score.Score) bool { return h1(s) > 0 || h2(s) > 0 }, "50", "Home Team to Win Either Half", "Half", "S_HOMEWINHALF",
			"Home Win Either Half", "HOMEAWAY", "30", 410),
		yes("1096809", "Yes=1099451|No=1099452", "Either half win Away - FT", "Win Either Half | {away}", 350, "", score.BothHalves,
			func(s score.Score) bool { return h1(s) < 0 || h2(s) < 0 }, "51", "Away Team to Win Either Half", "Half", "S_AWAYWINHALF",
			"Away Win Either Half", "HOMEAWAY", "33", 411),
		yes("1096807", "Yes=1099447|No=1099448", "Score in both halves Home - FT", "Score In Both Halves | {home}",
			380, TabGoals, score.BothHalves,
			func(s score.Score) bool { return s.Home1 > 0 && s.Home2 > 0 }, "56", "Home Team to Score In Both Halves", groupGoals,
			"S_HOMESCOREBOTH", "Home Score Both Halves", "HOMEAWAY", "31", 408),
		yes("1096814", "Yes=1099453|No=1099454", "Score in both halves Away - FT", "Score In Both Halves | {away}",
			390, TabGoals, score.BothHalves,
			func(s score.Score) bool { return s.Away1 > 0 && s.Away2 > 0 }, "57", "Away Team to Score In Both Halves", groupGoals,
			"S_AWAYSCOREBOTH", "Away Score Both Halves", "HOMEAWAY", "34", 409),
		yes("1096805", "Yes=1099443|No=1099444", "Both halves win Home - FT", "Win Both Halves | {home}", 400,
			TabGoals, score.BothHalves,
			func(s score.Score) bool { return h1(s) > 0 && h2(s) > 0 }, "48", "Home Team to Win Both Halves", "Half", "S_HOMEWINBOTH",
			"Home Win Both Halves", "HOMEAWAY", "29", 412),
		yes("1096808", "Yes=1099449|No=1099450", "Both halves win Away - FT", "Win Both Halves | {away}", 410,
			TabGoals, score.BothHalves,
			func(s score.Score) bool { return h1(s) < 0 && h2(s) < 0 }, "49", "Away Team to Win Both Halves", "Half", "S_AWAYWINBOTH",
			"Away Win Both Halves", "HOMEAWAY", "32", 413),
	}
}

// numbered writes outcomes whose type ids follow each other.
func numbered(firstType int, names ...string) string {
	list := ""
	for i, name := range names {
		list = join(list, name+"="+strconv.Itoa(firstType+i))
	}
	return list
}
