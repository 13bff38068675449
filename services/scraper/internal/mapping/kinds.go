package mapping

import "strings"

// kindsLine reads "BetPawa market id | typeId name | typeId name …": BetPawa's ids of the kinds of outcomes of a market
// type, which stay the same whatever language the names are in. Names that the row does not have are those that no
// competitor offers.
func (l *loader) kindsLine(cells []string) {
	row := l.table.byID[cells[0]]
	if row == nil {
		l.failf("outcomes of market %q, which has no row", cells[0])
		return
	}
	if row.kinds != nil {
		l.failf("outcomes of market %s stand here twice", row.ID)
	}
	row.kinds = make(map[string]string, len(cells)-1)
	names := make(map[string]bool, len(cells)-1)
	for _, cell := range cells[1:] {
		kind, name, _ := strings.Cut(cell, " ")
		switch {
		case kind == "" || strings.Trim(kind, "0123456789") != "" || name == "":
			l.failf("%q is not an id and a name", cell)
		case row.kinds[kind] != "" || names[name]:
			l.failf("%q stands twice in market %s", cell, row.ID)
		}
		row.kinds[kind], names[name] = name, true
	}
}
