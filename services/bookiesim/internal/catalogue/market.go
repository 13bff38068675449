package catalogue

import (
	"fmt"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/score"
)

// LineKind says what a market's line means and how each bookmaker writes it.
type LineKind int

// The kinds of line.
const (
	NoLine        LineKind = iota
	TotalLine              // "2.5": over or under it
	AsianHandicap          // two-way, the home side's, "-0.5"
	EuroHandicap           // three-way, the home side's, a whole number
	Ordinal                // "the first goal": 1
)

// Market is one thing that can be bet on, with the words of every bookmaker that offers it.
type Market struct {
	ID, Name, Display string // BetPawa's; id is empty where BetPawa has no such market
	Priority          int
	Tabs              []string
	Columns           []string
	PerRow            int // prices a display row; 0 puts all into one
	Kind              LineKind
	Scope             score.Scope
	Core              bool   // offered at small density too
	Turn              int    // see entry
	also              string // see entry
	Outcomes          []Outcome
	Rest              int               // the outcome that takes every score without a price of its own; -1 if there is none
	Lines             [book.Count][]int // quarters
	Picks             [book.Count][]int // the outcomes that each bookmaker offers
	Sporty            sportyWords
	Nine              nineWords
	NineRow           []byte              // of Bet9ja\'s dictionary
	SportyAt          map[int]SportyTexts // by line
}

// Outcome is one side of a market. An empty id or suffix means that the bookmaker does not offer it.
type Outcome struct {
	Name         string // BetPawa's word for it, also where only competitors offer it
	Rule         score.Rule
	TypeID       string
	SportyID     string
	sportyText   string // may hold {line}, {hcp}, {-hcp}, {home}, {away}
	NineSuffix   string
	NineLabel    string
	DisplayedAs  string // BetPawa's displayName, may hold {formattedHandicap}
	HandicapSide int    // for european lines: whose handicap BetPawa's text names, 1 or 2; 0 for the draw
}

// sportyWords is how SportyBet calls a market.
type sportyWords struct {
	ID, desc, Name, Title, Group string
	specifier                    string // fixed, or empty where the line makes it
}

// nineWords is how Bet9ja calls a market. Several markets may share one key.
type nineWords struct {
	Key, Label, Category, Number, Count string
	Priority, View                      int
}

// Offers reports whether a bookmaker has the market at all.
func (m *Market) Offers(b book.Book) bool {
	switch b {
	case book.BetPawa:
		return m.ID != ""
	case book.SportyBet:
		return m.Sporty.ID != ""
	default:
		return m.Nine.Key != ""
	}
}

// has reports whether a bookmaker has a price for outcome o of the market.
func (m *Market) has(b book.Book, o int) bool {
	switch b {
	case book.BetPawa:
		return m.Outcomes[o].TypeID != ""
	case book.SportyBet:
		return m.Outcomes[o].SportyID != ""
	default:
		return m.Outcomes[o].NineSuffix != ""
	}
}

// OwnNames is what the bookmakers call the market, together.
func (m *Market) OwnNames() string { return m.ID + "/" + m.Sporty.ID + "/" + m.Nine.Key }

// Answers lists BetPawa's markets that a bookmaker's prices are for.
func (m *Market) Answers(b book.Book) []string {
	switch {
	case b == book.BetPawa || m.also == "":
		return []string{m.ID}
	case m.ID == "":
		return []string{m.also}
	default:
		return []string{m.ID, m.also}
	}
}

// SameBet reports whether outcome o at a bookmaker is the same bet as the outcome of that name in BetPawa's market id.
// "Other" is only where the lists of scores are the same.
func (m *Market) SameBet(b book.Book, o int, id string) bool {
	if b == book.BetPawa || id != m.ID || id == "" {
		return true
	}
	return m.Outcomes[o].TypeID != "" && (o != m.Rest || len(m.Picks[b]) == len(m.Picks[book.BetPawa]))
}

// HandicapType is BetPawa's word for the kind of line.
func (m *Market) HandicapType() string {
	return [...]string{NoLine: "", TotalLine: "NORMAL", AsianHandicap: "ASIAN", EuroHandicap: "EUROPEAN", Ordinal: "NUMBER_SPECIFIER"}[m.Kind]
}

// entry is a market as the catalogue writes it down. Lists are joined by "|"; the outcomes of the competitors stand
// in the order of BetPawa's, "-" where there is none.
type entry struct {
	id, name, display string
	priority          int
	tabs              string // besides "all"
	columns           string
	perRow            int
	kind              LineKind
	scope             score.Scope
	core              bool
	turn              int    // 1 or 2: BetPawa offers it on every other event; 0 on all
	also              string // another of BetPawa's markets that the competitors' prices are for
	rules             score.Rules
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
func (e entry) compile() *Market {
	m := &Market{
		ID: e.id, Name: e.name, Display: e.display, Priority: e.priority, PerRow: e.perRow,
		Kind: e.kind, Scope: e.scope, Core: e.core, Turn: e.turn, also: e.also, Rest: -1,
		Sporty: e.sporty.sportyWords, Nine: e.nine.nineWords,
		Tabs: append(strings.FieldsFunc(e.tabs, isBar), "all"), Columns: strings.FieldsFunc(e.columns, isBar),
	}
	m.Lines = [book.Count][]int{e.lines, e.sporty.lines, e.nine.lines}
	for b := range m.Lines {
		switch {
		case e.kind == NoLine:
			m.Lines[b] = []int{0}
		case m.Lines[b] == nil:
			m.Lines[b] = e.lines
		}
	}
	sporty, nine := split(e.sporty.outcomes), split(e.nine.outcomes)
	for i, word := range split(e.outcomes) {
		name, typeID, _ := strings.Cut(word, "=")
		o := Outcome{Name: name, TypeID: typeID, Rule: e.rules(name), DisplayedAs: displayOf(e, name), HandicapSide: sideOf(name)}
		if name == "Other" {
			m.Rest = i
		}
		if m.Sporty.ID != "" {
			o.SportyID, o.sportyText = pair(e, sporty, i)
		}
		if m.Nine.Key != "" {
			o.NineSuffix, o.NineLabel = pair(e, nine, i)
		}
		m.Outcomes = append(m.Outcomes, o)
	}
	for b := range m.Picks {
		for i := range m.Outcomes {
			if m.has(book.Book(b), i) {
				m.Picks[b] = append(m.Picks[b], i)
			}
		}
	}
	m.SportyAt = make(map[int]SportyTexts)
	for _, line := range m.Lines[book.SportyBet] {
		m.SportyAt[line] = m.spellOut(line)
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
	case TotalLine:
		if _, side, ok := strings.Cut(name, " - "); ok {
			return side + " {formattedHandicap}"
		}
		return name + " {formattedHandicap}"
	case AsianHandicap, EuroHandicap:
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

// Own is the id by which a bookmaker itself calls the market.
func (m *Market) Own(b book.Book) string {
	return [book.Count]string{m.ID, m.Sporty.ID, m.Nine.Key}[b]
}
