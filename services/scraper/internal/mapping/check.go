package mapping

import "maps"

// check looks at what can only be seen once all tables are read.
func (l *loader) check() {
	l.where = "tables"
	for _, row := range l.table.rows {
		if row.ID == "" || row.Name == "" {
			l.failf("market %q (%q) of family %s lacks id or name", row.ID, row.Name, row.Family)
		}
		if len(row.Names) == 0 {
			l.failf("market %s has no outcomes", row.ID)
		}
	}
	used := make(map[string]bool)
	for whose, byKey := range l.table.sources {
		for key, sources := range byKey {
			if _, left := l.table.leftOut[whose][key]; left {
				l.failf("%s %s is both mapped and left out", whose, key)
			}
			for _, s := range sources {
				if s.Fixed.IsSet() && s.Row.Line == NoLine {
					l.failf("%s %s has a fixed line, but market %s has none", whose, key, s.Row.ID)
				}
				used[s.Row.ID] = true
			}
		}
	}
	for _, e := range l.table.exceptions {
		row := l.table.byID[e.MarketID]
		switch {
		case row == nil:
			l.failf("exception for market %s, which has no row", e.MarketID)
		case !l.competitors(e.whose):
			l.failf("exception of %q, which is no competitor", e.whose)
		case e.Outcome != "":
			if _, known := row.order[e.Outcome]; !known {
				l.failf("exception for %q, which is no outcome of market %s", e.Outcome, e.MarketID)
			}
		}
	}
	for _, row := range l.table.rows {
		if !used[row.ID] {
			l.failf("market %s has no competitor; a row without one maps nothing", row.ID)
		}
	}
}

// overlap reports whether two sources know an outcome in common, those apart that either leaves out.
func overlap(a, b *Source) bool {
	common := func(x, y map[string]int) bool {
		for code, position := range x {
			if other, both := y[code]; both && position != omitted && other != omitted {
				return true
			}
		}
		return false
	}
	return common(a.codes, b.codes) || common(a.texts, b.texts)
}

func sameParams(a, b map[string]string) bool { return maps.Equal(a, b) }
