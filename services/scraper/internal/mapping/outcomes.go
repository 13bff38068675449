package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// outcomeSet is the outcomes of a kind of market with what each competitor calls them.
type outcomeSet struct {
	name   string
	names  []string
	order  map[string]int
	ways   float64
	scores bool
	codes  map[odds.Bookmaker]map[string]int
	texts  map[odds.Bookmaker]map[string]int
}

// outcomeLine reads a line of outcomes.txt: either "outcomes NAME [ways=N] [scores]", which begins a set, or an outcome of it,
// "BetPawa's name | SportyBet | Bet9ja [| reason]". In a competitor's cell a bare word is an id or suffix and a
// "quoted text" is a text or label; several of them stand for the same bet. An outcome named "-" is left out, and
// its fourth cell says why.
func (l *loader) outcomeLine(cells []string) {
	if words := strings.Fields(cells[0]); len(words) > 1 && words[0] == "outcomes" {
		l.beginSet(words[1:])
		return
	}
	if l.set == nil || len(cells) < 3 || len(cells) > 4 {
		l.failf("an outcome has 3 or 4 cells and stands below \"outcomes NAME\"")
		return
	}
	position := omitted
	if cells[0] == none {
		if len(cells) != 4 || cells[3] == "" {
			l.failf("an outcome that is left out needs a reason in its fourth cell")
		}
	} else {
		position = len(l.set.names)
		if _, twice := l.set.order[cells[0]]; twice {
			l.failf("outcome %q stands twice in %s", cells[0], l.set.name)
		}
		l.set.names = append(l.set.names, cells[0])
		l.set.order[cells[0]] = position
	}
	for i, b := range []odds.Bookmaker{odds.SportyBet, odds.Bet9ja} {
		if err := l.set.enter(b, cells[i+1], position); err != nil {
			l.failf("%w", err)
		}
	}
}

func (l *loader) beginSet(words []string) {
	l.set = &outcomeSet{
		name: words[0], order: make(map[string]int),
		codes: map[odds.Bookmaker]map[string]int{odds.SportyBet: {}, odds.Bet9ja: {}},
		texts: map[odds.Bookmaker]map[string]int{odds.SportyBet: {}, odds.Bet9ja: {}},
	}
	if l.sets[l.set.name] != nil {
		l.failf("outcomes %s are there twice", l.set.name)
	}
	l.sets[l.set.name] = l.set
	for _, word := range words[1:] {
		if word == "scores" {
			l.set.scores = true
			continue
		}
		value, isWays := strings.CutPrefix(word, "ways=")
		ways, err := strconv.ParseFloat(value, 64)
		if !isWays || err != nil || ways <= 0 {
			l.failf("%q is neither ways=NUMBER nor scores", word)
			continue
		}
		l.set.ways = ways
	}
}

// enter notes what b calls the outcome at position.
func (s *outcomeSet) enter(b odds.Bookmaker, cell string, position int) error {
	for rest := cell; rest != "" && rest != none; rest = strings.TrimSpace(rest) {
		var code string
		into := s.codes[b]
		if strings.HasPrefix(rest, `"`) {
			text, after, closed := strings.Cut(rest[1:], `"`)
			if !closed {
				return fmt.Errorf("a quote is not closed in %q", cell)
			}
			code, rest, into = normalise(text), after, s.texts[b]
		} else {
			code, rest, _ = strings.Cut(rest, " ")
		}
		if _, twice := into[code]; twice {
			return fmt.Errorf("%s %q stands twice in outcomes %s", b, code, s.name)
		}
		into[code] = position
	}
	return nil
}

// normalise brings a competitor's text into the form in which texts are compared: lower case, single spaces.
func normalise(text string) string {
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}
