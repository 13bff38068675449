package catalogue

import "github.com/oddscache/oddscache/services/bookiesim/internal/score"

// cornerMarkets count corners.
func cornerMarkets() []entry {
	group := "Corners"
	return []entry{
		{
			id: "1096787", name: "Corner Count 1X2 - FT", display: "Corner Count 1X2 | Full Time", priority: 570,
			tabs: TabCorners, scope: score.Corners,
			rules: score.Result, outcomes: numbered(1099477, "1", "X", "2"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "162", desc: "Corners - 1X2", Name: "Corners 1X2", Title: "1,X,2", Group: group},
				outcomes:    "1=Home|2=Draw|3=Away",
			},
			nine: nineEntry{nineWords: nine("S_TEAMCORNER", "Corners - 1X2", "CORNER", "130", 704, 0, "CO"), outcomes: threeWay},
		},
		{
			id: "1096788", name: "Corner Count 1X2 - 1H", display: "Corner Count 1X2 | First Half", priority: 571,
			tabs: "corners|halves", scope: score.Corners1,
			rules: score.Result, outcomes: numbered(1099480, "1", "X", "2"),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "173", desc: "1st Half - Corner 1X2", Name: "1st Half - Corner 1X2", Group: group},
				outcomes:    "1=Home|2=Draw|3=Away",
			},
			nine: nineEntry{nineWords: nine("S_TEAMCORNER1T", "1st Half - 1X2 Corners", "CORNER", "13", 710, 0, "CO"), outcomes: threeWay},
		},
		{
			id: "1096783", name: "Total Corners Over/Under - FT", display: "Total Corners Over/Under | Full Time",
			priority: 572, tabs: TabCorners,
			scope: score.Corners, kind: TotalLine, rules: score.OverUnder(score.TotalCount),
			outcomes: "Over=1099466|Under=1099467", lines: halves(7, 11),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "166", desc: "Corners - Over/Under", Name: "Corners - Over/Under", Title: ",Over,Under", Group: group},
				outcomes:    sportyOverUnder,
			},
			nine: nineEntry{
				nineWords: nine("S_OUCORNERS", "Corners - Over/Under", "CORNER", "9", 711, 3, "CO"),
				outcomes:  "O=Over|U=Under", lines: halves(8, 10),
			},
		},
		{
			id: "1096784", name: "Total Corners Over/Under - 1H", display: "Total Corners Over/Under | First Half", priority: 573,
			tabs:  "corners|halves",
			scope: score.Corners1, kind: TotalLine, rules: score.OverUnder(score.TotalCount),
			outcomes: "Over=1099468|Under=1099469", lines: halves(3, 5),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "177", desc: "1st Half Corners - Over/Under", Name: "1st Half - Total Corners", Group: group},
				outcomes:    sportyOverUnder,
			},
			nine: nineEntry{
				nineWords: nine("S_C1HTOU", "1st Half - Over/Under Corners", "CORNER", "9306", 705, 3, "CO"),
				outcomes:  "O=Over|U=Under",
			},
		},
		{
			id: "1096803", name: "Total Corners - FT", display: "Total Corners | Full Time", priority: 576,
			tabs: TabCorners, scope: score.Corners,
			rules: score.Ranges(score.TotalCount), outcomes: numbered(1099437, "0-8", "9-11", "12+"),
			sporty: sportyEntry{
				sportyWords: sportyWords{
					ID: "169", desc: "Corner Range", Name: "Corner Range", Group: group,
					specifier: "variant=sr:point_range:12+",
				},
				outcomes: "sr:point_range:12+:1141=0-8|sr:point_range:12+:1142=9-11|sr:point_range:12+:1143=12+",
			},
		},
		{
			id: "1096789", name: "Corner Count Odd/Even - FT", display: "Corner Count Odd/Even | Full Time", priority: 610,
			tabs: TabCorners, scope: score.Corners,
			rules: score.OddEven(score.TotalCount), outcomes: "Odd=1099483|Even=1099484",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "172", desc: "Odd/Even Corners", Name: "Odd/Even Corners", Group: group},
				outcomes:    "70=Odd|72=Even",
			},
			nine: nineEntry{nineWords: nine("S_OECORNER", "Corners - Odd/Even", "CORNER", "14", 712, 0, "CO"), outcomes: "OD=Odd|EV=Even"},
		},
	}
}

// bookingMarkets count cards.
func bookingMarkets() []entry {
	return []entry{
		{
			id: "1096764", name: "Total Bookings Over/Under - FT", display: "Total Bookings Over/Under | Full Time", priority: 620,
			tabs:  "bookings",
			scope: score.Bookings, kind: TotalLine, rules: score.OverUnder(score.TotalCount),
			outcomes: "Over=1099350|Under=1099351", lines: halves(3, 5),
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "139", desc: "Bookings - Over/Under", Name: "Bookings - Over/Under", Group: "Bookings"},
				outcomes:    sportyOverUnder,
			},
			nine: nineEntry{nineWords: nine("S_OUBOOK", "Bookings - Over/Under", "CARDS", "2240", 801, 3, "C"), outcomes: "O=Over|U=Under"},
		},
		{
			id: "1096774", name: "Bookings 1X2 - FT", display: "Bookings 1X2 | Full Time", priority: 621,
			tabs: "bookings", scope: score.Bookings,
			rules: score.Result, outcomes: "1=1099370|X=1099371|2=1099372",
			sporty: sportyEntry{
				sportyWords: sportyWords{ID: "136", desc: "Booking 1X2", Name: "Booking 1X2", Group: "Bookings"},
				outcomes:    "1=Home|2=Draw|3=Away",
			},
			nine: nineEntry{nineWords: nine("S_1X2BOOK", "Bookings - 1X2", "CARDS", "2242", 802, 0, "C"), outcomes: threeWay},
		},
	}
}
