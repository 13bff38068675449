package mapping

import (
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// verdict is what a source makes of an offer's specifiers.
type verdict uint8

const (
	readable   verdict = iota // they name a line, or rightly none
	unreadable                // the line is missing or off the grid
	foreign                   // there are others than the source knows: another bet
)

// AnyParam is the name of a specifier that the bookmaker gives no name: where a market has a line, it is the line.
const AnyParam = "@"

// param is the name under which competitors write the line of this kind.
func (k LineKind) param() string {
	switch k {
	case Total:
		return "total"
	case EuropeanHandicap, AsianHandicap:
		return "hcp"
	case GoalNumber:
		return "goalnr"
	default:
		return ""
	}
}

// line reads the line out of an offer's specifiers. Every specifier must be one that the source knows, for an
// unknown one makes it another bet: over/under until the 30th minute is not over/under.
func (s *Source) line(params []Param) (odds.Line, verdict) {
	want := s.Row.Line.param()
	if s.Fixed.IsSet() {
		want = ""
	}
	var written string
	matched := 0
	for _, p := range params {
		value, fixed := s.Params[p.Name]
		switch {
		case fixed && value == p.Value:
			matched++
		case !fixed && want != "" && (p.Name == want || p.Name == AnyParam) && written == "":
			written = p.Value
		default:
			return odds.Line{}, foreign
		}
	}
	switch {
	case matched != len(s.Params):
		return odds.Line{}, foreign
	case want == "":
		return s.Fixed, readable
	case written == "":
		return odds.Line{}, unreadable
	}
	line, err := s.Row.Line.parse(written)
	if err != nil {
		return odds.Line{}, unreadable
	}
	return line, readable
}

// parse reads a line as competitors write it for this kind.
func (k LineKind) parse(written string) (odds.Line, error) {
	if k == EuropeanHandicap {
		if home, away, ok := strings.Cut(written, ":"); ok { // goals given to either side before kickoff
			h, errHome := strconv.ParseUint(home, 10, 8)
			a, errAway := strconv.ParseUint(away, 10, 8)
			if errHome != nil || errAway != nil {
				return odds.Line{}, odds.ErrLine
			}
			return odds.QuarterLine((int(h) - int(a)) * 4)
		}
	}
	line, err := odds.ParseLine(written)
	if err != nil {
		return odds.Line{}, err
	}
	if !k.Allows(line) {
		return odds.Line{}, odds.ErrLine
	}
	return line, nil
}

// Allows reports whether a market of this kind can have the line: none where none is needed, and else one that the
// bet makes sense with.
func (k LineKind) Allows(line odds.Line) bool {
	whole := line.Quarters()%4 == 0
	switch {
	case line.IsSet() != (k != NoLine):
		return false
	case k == EuropeanHandicap: // a half goal leaves no draw
		return whole
	case k == GoalNumber:
		return whole && line.Quarters() >= 4
	case k == Total:
		return line.Quarters() >= 0
	default:
		return true
	}
}

// position finds BetPawa's name for a quote: by the competitor's id or suffix first, else by its text. Where a row
// knows both and they disagree, neither is believed.
func (s *Source) position(q *Quote) (int, bool) {
	byCode, known := s.codes[string(q.Code)]
	if len(s.texts) == 0 {
		return byCode, known
	}
	byText, alsoKnown := s.texts[normalise(string(q.Text))]
	switch {
	case known && alsoKnown && byCode != byText:
		return 0, false
	case known:
		return byCode, true
	default:
		return byText, alsoKnown
	}
}

// known reports whether any of sources knows the quote.
func known(sources []*Source, q *Quote) bool {
	for _, s := range sources {
		if _, ok := s.position(q); ok {
			return true
		}
	}
	return false
}

// LeavesOut reports whether the row knows the quote and leaves it out on purpose.
func (s *Source) LeavesOut(q Quote) bool {
	position, ok := s.position(&q)
	return ok && position == omitted
}
