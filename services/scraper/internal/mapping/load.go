package mapping

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

//go:embed data
var data embed.FS

// The files under data that are not market families.
const (
	outcomesFile   = "outcomes.txt"
	kindsFile      = "betpawa-outcomes.txt"
	leftOutFile    = "left-out.txt"
	exceptionsFile = "exceptions.txt"
)

// none is the cell that says "nothing here".
const none = "-"

// ErrTable is what every error about the tables wraps.
var ErrTable = errors.New("mapping table")

// Default loads the tables that are built into the binary. The error names file and line; it is there for whoever
// edits the tables, a released binary has been tested with its own.
func Default() (*Table, error) {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fmt.Errorf("opening the embedded tables: %w", err)
	}
	return Load(sub)
}

// Load reads and checks tables from a folder shaped like data. All problems are reported at once.
func Load(folder fs.FS) (*Table, error) {
	l := &loader{
		sets: make(map[string]*outcomeSet),
		table: &Table{
			byID:    make(map[string]*Row),
			sources: make(map[scope]map[string][]*Source),
			leftOut: make(map[scope]map[string]LeftOut),
		},
	}
	files, err := fs.Glob(folder, "*.txt")
	if err != nil {
		return nil, fmt.Errorf("listing the tables: %w", err)
	}
	l.file(folder, outcomesFile, l.outcomeLine)
	for _, name := range files { // sorted by name, so that ranks and row order never depend on the file system
		switch name {
		case outcomesFile, kindsFile, leftOutFile, exceptionsFile:
		default:
			l.file(folder, name, l.marketLine)
		}
	}
	if slices.Contains(files, kindsFile) {
		l.file(folder, kindsFile, l.kindsLine)
	}
	l.file(folder, leftOutFile, l.leftOutLine)
	l.file(folder, exceptionsFile, l.exceptionLine)
	l.check()
	if len(l.errs) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrTable, errors.Join(l.errs...))
	}
	return l.table, nil
}

// loader gathers a table and what is wrong with it.
type loader struct {
	table *Table
	sets  map[string]*outcomeSet
	set   *outcomeSet // the one whose lines are being read
	where string      // file:line, for errors
	stem  string      // file name without .txt
	errs  []error
}

func (l *loader) failf(format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: "+format, append([]any{l.where}, args...)...))
}

// file calls line with the cells of every line that is neither empty nor a comment.
func (l *loader) file(folder fs.FS, name string, line func(cells []string)) {
	l.where = name
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		l.failf("reading: %w", err)
		return
	}
	l.stem = strings.TrimSuffix(path.Base(name), ".txt")
	scanner := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; scanner.Scan(); n++ {
		l.where = name + ":" + strconv.Itoa(n)
		written := strings.TrimSpace(scanner.Text())
		if written == "" || strings.HasPrefix(written, "#") {
			continue
		}
		cells := strings.Split(written, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		line(cells)
	}
	if err := scanner.Err(); err != nil {
		l.failf("reading: %w", err)
	}
}

// marketLine reads "id | name | line | outcomes | SportRadar | Bet9ja": a cell for each dialect.
func (l *loader) marketLine(cells []string) {
	const first = 4 // of the dialects' cells
	if want := first + len(dialects()); len(cells) != want {
		l.failf("a market has %d cells, here are %d", want, len(cells))
		return
	}
	set, known := l.sets[cells[3]]
	if !known {
		l.failf("outcomes %q are not in %s", cells[3], outcomesFile)
		return
	}
	row := &Row{
		ID: cells[0], Name: cells[1], Family: l.stem, Line: LineKind(cells[2]),
		Names: set.names, ways: set.ways, order: set.order, scores: set.scores,
	}
	switch row.Line {
	case NoLine, Total, EuropeanHandicap, AsianHandicap, GoalNumber:
	default:
		l.failf("line kind %q is unknown", cells[2])
	}
	if l.table.byID[row.ID] != nil {
		l.failf("market %s has a row already, in family %s", row.ID, l.table.byID[row.ID].Family)
		return
	}
	l.table.rows = append(l.table.rows, row)
	l.table.byID[row.ID] = row
	for i, d := range dialects() {
		l.sources(row, set, d, cells[first+i])
	}
}

// sources reads a dialect's cell: "key param=value … ; key …". The word "also" before a key says that the market feeds
// another row as well, with the same outcomes. A key that is one bookmaker's own is qualified: "sportybet:60200".
func (l *loader) sources(row *Row, set *outcomeSet, d Dialect, cell string) {
	if cell == none {
		return
	}
	for rank, item := range strings.Split(cell, ";") {
		words := strings.Fields(item)
		also := len(words) > 0 && words[0] == "also"
		if also {
			words = words[1:]
		}
		if len(words) == 0 {
			l.failf("an empty source in %q", cell)
			continue
		}
		whose, key := qualified(words[0], d)
		s := &Source{Row: row, Key: key, whose: whose, rank: rank, codes: set.codes[d], texts: set.texts[d]}
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			switch {
			case name == "" || value == "":
				l.failf("%q is not param=value", word)
			case name == "line":
				line, err := odds.ParseLine(value)
				if err != nil {
					l.failf("%w", err)
				}
				s.Fixed = line
			default:
				if s.Params == nil {
					s.Params = make(map[string]string)
				}
				s.Params[name] = value
			}
		}
		l.add(s, d, also)
	}
}

// add enters a source, unless it repeats what another row says of the same market and outcomes.
func (l *loader) add(s *Source, d Dialect, also bool) {
	if len(s.codes) == 0 && len(s.texts) == 0 {
		l.failf("%s %s: the outcomes have no column for %s", s.whose, s.Key, d)
	}
	if s.Key == "" || !l.competitors(s.whose) {
		l.failf("%s:%s is no market id of a competitor", s.whose, s.Key)
		return
	}
	byKey := entry(l.table.sources, s.whose)
	for _, other := range byKey[s.Key] {
		if !also && sameParams(s.Params, other.Params) && overlap(s, other) {
			l.failf("%s %s feeds market %s already; write \"also\" if it is meant to feed both",
				s.whose, s.Key, other.Row.ID)
		}
	}
	byKey[s.Key] = append(byKey[s.Key], s)
}

// competitors reports whether a scope can be that of a competitor, or of several. Whether there is one of that name is
// the registry's to say.
func (l *loader) competitors(whose scope) bool { return whose != "" && whose != scope(BetPawa) }

// entry is the map of a scope, made when it is the first of it.
func entry[V any](m map[scope]map[string]V, whose scope) map[string]V {
	if m[whose] == nil {
		m[whose] = make(map[string]V)
	}
	return m[whose]
}

// leftOutLine reads "dialect or bookmaker | key | name | reason".
func (l *loader) leftOutLine(cells []string) {
	if len(cells) != 4 || cells[3] == "" {
		l.failf("a market left out has 4 cells, the last one the reason")
		return
	}
	whose := scope(cells[0])
	if !l.competitors(whose) {
		l.failf("%q is no competitor", cells[0])
		return
	}
	byKey := entry(l.table.leftOut, whose)
	if _, twice := byKey[cells[1]]; twice {
		l.failf("%s %s is left out twice", whose, cells[1])
	}
	byKey[cells[1]] = LeftOut{Key: cells[1], Name: cells[2], Reason: cells[3]}
}

// exceptionLine reads "dialect or bookmaker | BetPawa market id | outcome | reason"; outcome "-" stands for all of them.
func (l *loader) exceptionLine(cells []string) {
	if len(cells) != 4 || cells[3] == "" {
		l.failf("an exception has 4 cells, the last one the reason")
		return
	}
	e := Exception{whose: scope(cells[0]), MarketID: cells[1], Outcome: cells[2], Reason: cells[3]}
	if e.Outcome == none {
		e.Outcome = ""
	}
	l.table.exceptions = append(l.table.exceptions, e)
}
