package mapping

import (
	"fmt"
	"strconv"
	"strings"
)

// outcomeSet is the outcomes of a kind of market with what they are called in each dialect.
type outcomeSet struct {
	name   string
	names  []string
	order  map[string]int
	ways   float64
	scores bool
	codes  map[Dialect]map[string]int
	texts  map[Dialect]map[string]int
}

// outcomeLine reads a line of outcomes.txt: either "outcomes NAME [ways=N] [scores]", which begins a set, or an outcome of it,
// "BetPawa's name | SportRadar | Bet9ja [| reason]": a cell for each dialect, in which a bare word is an id or suffix and
// a "quoted text" is a text or label; several of them stand for the same bet. An outcome named "-" is left out, and its
// last cell says why.
func (l *loader) outcomeLine(cells []string) {
	if words := strings.Fields(cells[0]); len(words) > 1 && words[0] == "outcomes" {
		l.beginSet(words[1:])
		return
	}
	named := 1 + len(dialects()) // cells without a reason
	if l.set == nil || len(cells) < named || len(cells) > named+1 {
		l.failf("an outcome has %d or %d cells and stands below \"outcomes NAME\"", named, named+1)
		return
	}
	position := omitted
	if cells[0] == none {
		if len(cells) == named || cells[named] == "" {
			l.failf("an outcome that is left out needs a reason in its last cell")
		}
	} else {
		position = len(l.set.names)
		if _, twice := l.set.order[cells[0]]; twice {
			l.failf("outcome %q stands twice in %s", cells[0], l.set.name)
		}
		l.set.names = append(l.set.names, cells[0])
		l.set.order[cells[0]] = position
	}
	for i, d := range dialects() {
		if err := l.set.enter(d, cells[i+1], position); err != nil {
			l.failf("%w", err)
		}
	}
}

func (l *loader) beginSet(words []string) {
	l.set = &outcomeSet{
		name: words[0], order: make(map[string]int),
		codes: make(map[Dialect]map[string]int),
		texts: make(map[Dialect]map[string]int),
	}
	for _, d := range dialects() {
		l.set.codes[d], l.set.texts[d] = make(map[string]int), make(map[string]int)
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

// enter notes what the outcome at position is called in a dialect.
func (s *outcomeSet) enter(d Dialect, cell string, position int) error {
	for rest := cell; rest != "" && rest != none; rest = strings.TrimSpace(rest) {
		var code string
		into := s.codes[d]
		if strings.HasPrefix(rest, `"`) {
			text, after, closed := strings.Cut(rest[1:], `"`)
			if !closed {
				return fmt.Errorf("a quote is not closed in %q", cell)
			}
			code, rest, into = normalise(text), after, s.texts[d]
		} else {
			code, rest, _ = strings.Cut(rest, " ")
		}
		if _, twice := into[code]; twice {
			return fmt.Errorf("%s %q stands twice in outcomes %s", d, code, s.name)
		}
		into[code] = position
	}
	return nil
}

// normalise brings a competitor's text into the form in which texts are compared: lower case, single spaces.
func normalise(text string) string {
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}
