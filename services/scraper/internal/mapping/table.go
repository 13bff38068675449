package mapping

import (
	"bytes"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// LineKind says what a market's line is measured in and how competitors spell it.
type LineKind string

// The line kinds.
const (
	NoLine           LineKind = "none"
	Total            LineKind = "total"             // over or under so many
	EuropeanHandicap LineKind = "european-handicap" // three-way, whole goals, the home side's
	AsianHandicap    LineKind = "asian-handicap"    // two-way, quarters, the home side's
	GoalNumber       LineKind = "goal-number"       // the n-th goal
)

// Handicap is the handicap type of markets with this kind of line.
func (k LineKind) Handicap() odds.HandicapType {
	switch k {
	case EuropeanHandicap:
		return odds.European
	case AsianHandicap:
		return odds.Asian
	default:
		return odds.NoHandicap
	}
}

// Row is one of BetPawa's market types.
type Row struct {
	ID     string // BetPawa's market type id
	Name   string // BetPawa's name of the type
	Family string // the file it stands in: match-result, over-under, …
	Line   LineKind
	Names  []string // BetPawa's outcome names in their canonical order

	// ways is what the probabilities of a complete market of the type sum up to, the margin apart: 1 for 1X2 and
	// over/under, 2 for double chance, 0 where the sum says nothing.
	ways  float64
	order map[string]int    // name to its position in Names
	kinds map[string]string // BetPawa's id of an outcome's kind (typeId) to its name
	// scores says that BetPawa offers more scores than any competitor: a name such as 7-2 stands for itself.
	scores bool
}

// Position is where name stands in the canonical order; false for a name that the row does not know.
func (r *Row) Position(name []byte) (int, bool) {
	i, ok := r.order[string(name)]
	return i, ok
}

// Outcome finds BetPawa's name of an outcome, and its position in the canonical order: that of the names that no
// competitor has is behind all of Names. BetPawa's id of the outcome's kind tells it whatever language the name is in;
// an id that the tables do not have leaves it to the name. False when neither is known, or they contradict each other.
func (r *Row) Outcome(kind, name []byte) (known string, position int, ok bool) {
	byKind, hasKind := r.kinds[string(kind)]
	position, hasName := r.order[string(name)]
	switch {
	case hasKind && hasName && byKind != r.Names[position], hasKind && r.scores && isScore(name) && byKind != string(name):
		return "", 0, false
	case hasName:
		return r.Names[position], position, true
	case hasKind:
		known = byKind
	case r.scores && isScore(name):
		known = string(name)
	default:
		return "", 0, false
	}
	if position, hasName = r.order[known]; !hasName {
		position = len(r.Names)
	}
	return known, position, true
}

// isScore reports whether a name is a score: digits, a hyphen, digits.
func isScore(name []byte) bool {
	home, away, ok := bytes.Cut(name, []byte("-"))
	return ok && isNumber(home) && isNumber(away)
}

func isNumber(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= 2
}

// Source is a competitor's market that feeds a row.
type Source struct {
	Row    *Row
	Key    string            // the competitor's market id or key
	Params map[string]string // specifiers that the market must have, beside the one that is the line
	Fixed  odds.Line         // the line of a market that carries none, such as "first goal"

	whose scope
	// rank orders the sources of a row: where two of them offer one line, the earlier in the table is believed.
	rank  int
	codes map[string]int // the competitor's outcome id or suffix to the position of BetPawa's name, or omitted
	texts map[string]int // the same by the competitor's text, normalised
}

// omitted marks an outcome that a row leaves out on purpose.
const omitted = -1

// LeftOut is a competitor's market that looks as if BetPawa had a partner for it and is left out all the same.
type LeftOut struct {
	Key    string
	Name   string
	Reason string
}

// Exception is a price of a competitor that lies further from BetPawa's than the rule allows although both name the
// same bet.
type Exception struct {
	MarketID string
	Outcome  string // BetPawa's name; empty for all of the market
	Reason   string

	whose scope
}

// Table is the whole mapping. It does not change once it is loaded and may be used concurrently.
type Table struct {
	rows       []*Row
	byID       map[string]*Row
	sources    map[scope]map[string][]*Source // by the id or key
	leftOut    map[scope]map[string]LeftOut
	exceptions []Exception
}

// Rows lists the rows in the order of the tables. The rows must not be changed.
func (t *Table) Rows() []*Row { return t.rows }

// Row is the row of a BetPawa market type, nil if there is none.
func (t *Table) Row(id string) *Row { return t.byID[id] }
