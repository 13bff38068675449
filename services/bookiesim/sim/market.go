package sim

import (
	"fmt"
	"strings"
)

// lineKind says what a market's line means and how each bookmaker writes it.
type lineKind int

const (
	noLine        lineKind = iota
	totalLine              // "2.5": over or under it
	asianHandicap          // two-way, the home side's, "-0.5"
	euroHandicap           // three-way, the home side's, a whole number
	ordinal                // "the first goal": 1
)

// market is one thing that can be bet on, with the words of every bookmaker that offers it.
type market struct {
	id, name, display string // BetPawa's; id is empty where BetPawa has no such market
	priority          int
	tabs              []string
	columns           []string
	perRow            int // prices a display row; 0 puts all into one
	kind              lineKind
	scope             scope
	core              bool   // offered at small density too
	turn              int    // see entry
	also              string // see entry
	outcomes          []outcome
	rest              int              // the outcome that takes every score without a price of its own; -1 if there is none
	lines             [bookCount][]int // quarters
	picks             [bookCount][]int // the outcomes that each bookmaker offers
	sporty            sportyWords
	nine              nineWords
	nineRow           []byte              // of Bet9ja\'s dictionary
	sportyAt          map[int]sportyTexts // by line
}

// outcome is one side of a market. An empty id or suffix means that the bookmaker does not offer it.
type outcome struct {
	name         string // BetPawa's word for it, also where only competitors offer it
	rule         rule
	typeID       string
	sportyID     string
	sportyText   string // may hold {line}, {hcp}, {-hcp}, {home}, {away}
	nineSuffix   string
	nineLabel    string
	displayedAs  string // BetPawa's displayName, may hold {formattedHandicap}
	handicapSide int    // for european lines: whose handicap BetPawa's text names, 1 or 2; 0 for the draw
}

// sportyWords is how SportyBet calls a market.
type sportyWords struct {
	id, desc, name, title, group string
	specifier                    string // fixed, or empty where the line makes it
}

// nineWords is how Bet9ja calls a market. Several markets may share one key.
type nineWords struct {
	key, label, category, number, count string
	priority, view                      int
}

// offers reports whether a bookmaker has the market at all.
func (m *market) offers(b book) bool {
	switch b {
	case betPawa:
		return m.id != ""
	case sportyBet:
		return m.sporty.id != ""
	default:
		return m.nine.key != ""
	}
}

// has reports whether a bookmaker has a price for outcome o of the market.
func (m *market) has(b book, o int) bool {
	switch b {
	case betPawa:
		return m.outcomes[o].typeID != ""
	case sportyBet:
		return m.outcomes[o].sportyID != ""
	default:
		return m.outcomes[o].nineSuffix != ""
	}
}

// ownNames is what the bookmakers call the market, together.
func (m *market) ownNames() string { return m.id + "/" + m.sporty.id + "/" + m.nine.key }

// answers lists BetPawa's markets that a bookmaker's prices are for.
func (m *market) answers(b book) []string {
	switch {
	case b == betPawa || m.also == "":
		return []string{m.id}
	case m.id == "":
		return []string{m.also}
	default:
		return []string{m.id, m.also}
	}
}

// sameBet reports whether outcome o at a bookmaker is the same bet as the outcome of that name in BetPawa's market id.
// "Other" is only where the lists of scores are the same.
func (m *market) sameBet(b book, o int, id string) bool {
	if b == betPawa || id != m.id || id == "" {
		return true
	}
	return m.outcomes[o].typeID != "" && (o != m.rest || len(m.picks[b]) == len(m.picks[betPawa]))
}

// handicapType is BetPawa's word for the kind of line.
func (m *market) handicapType() string {
	return [...]string{noLine: "", totalLine: "NORMAL", asianHandicap: "ASIAN", euroHandicap: "EUROPEAN", ordinal: "NUMBER_SPECIFIER"}[m.kind]
}

// entry is a market as the catalogue writes it down. Lists are joined by "|"; the outcomes of the competitors stand
// in the order of BetPawa's, "-" where there is none.
type entry struct {
	id, name, display string
	priority          int
	tabs              string // besides "all"
	columns           string
	perRow            int
	kind              lineKind
	scope             scope
	core              bool
	turn              int    // 1 or 2: BetPawa offers it on every other event; 0 on all
	also              string // another of BetPawa's markets that the competitors' prices are for
	rules             rules
	outcomes          string // "name=typeId"; without "=" BetPawa has no price for it
	lines             []int  // quarters
	sporty            sportyEntry
	nine              nineEntry
}

// sportyEntry is SportyBet's part of an entry. Empty lines mean BetPawa's.
type sportyEntry struct {
	sportyWords
	outcomes string // "id=text"
	lines    []int
}

// nineEntry is Bet9ja's part of an entry. Empty lines mean BetPawa's.
type nineEntry struct {
	nineWords
	outcomes string // "suffix=label"; without "=" both are the same
	lines    []int
}

// compile turns the catalogue's writing into a market. It panics on a slip, which the tests would find first.
func (e entry) compile() *market {
	m := &market{
		id: e.id, name: e.name, display: e.display, priority: e.priority, perRow: e.perRow,
		kind: e.kind, scope: e.scope, core: e.core, turn: e.turn, also: e.also, rest: -1,
		sporty: e.sporty.sportyWords, nine: e.nine.nineWords,
		tabs: append(strings.FieldsFunc(e.tabs, isBar), "all"), columns: strings.FieldsFunc(e.columns, isBar),
	}
	m.lines = [bookCount][]int{e.lines, e.sporty.lines, e.nine.lines}
	for b := range m.lines {
		switch {
		case e.kind == noLine:
			m.lines[b] = []int{0}
		case m.lines[b] == nil:
			m.lines[b] = e.lines
		}
	}
	sporty, nine := split(e.sporty.outcomes), split(e.nine.outcomes)
	for i, word := range split(e.outcomes) {
		name, typeID, _ := strings.Cut(word, "=")
		o := outcome{name: name, typeID: typeID, rule: e.rules(name), displayedAs: displayOf(e, name), handicapSide: sideOf(name)}
		if name == "Other" {
			m.rest = i
		}
		if m.sporty.id != "" {
			o.sportyID, o.sportyText = pair(e, sporty, i)
		}
		if m.nine.key != "" {
			o.nineSuffix, o.nineLabel = pair(e, nine, i)
		}
		m.outcomes = append(m.outcomes, o)
	}
	for b := range m.picks {
		for i := range m.outcomes {
			if m.has(book(b), i) {
				m.picks[b] = append(m.picks[b], i)
			}
		}
	}
	m.sportyAt = make(map[int]sportyTexts)
	for _, line := range m.lines[sportyBet] {
		m.sportyAt[line] = m.spellOut(line)
	}
	return m
}

// pair reads the i-th "a=b" of a competitor's outcomes.
func pair(e entry, words []string, i int) (string, string) {
	if i >= len(words) {
		panic(fmt.Sprintf("bookiesim: market %q lists %d outcomes at a competitor, not %d", e.name, len(words), i+1))
	}
	if words[i] == "-" {
		return "", ""
	}
	a, b, ok := strings.Cut(words[i], "=")
	if !ok {
		return a, a
	}
	return a, b
}

// displayOf is BetPawa's displayName of an outcome, a template where the market has a line.
func displayOf(e entry, name string) string {
	switch e.kind {
	case totalLine:
		if _, side, ok := strings.Cut(name, " - "); ok {
			return side + " {formattedHandicap}"
		}
		return name + " {formattedHandicap}"
	case asianHandicap, euroHandicap:
		return "{formattedHandicap}"
	default:
		if e.columns != "" {
			first, _, _ := strings.Cut(name, " - ")
			return first
		}
		return name
	}
}

// sideOf is whose side an outcome of a handicap market is on.
func sideOf(name string) int {
	switch name {
	case "1":
		return 1
	case "2":
		return 2
	default:
		return 0
	}
}

func split(list string) []string { return strings.FieldsFunc(list, isBar) }
func isBar(r rune) bool          { return r == '|' }
