package encode

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// named is an outcome of a market.
type named struct {
	odds.MarketKey
	name string
}

// Whatever prices, lines, outcomes and markets an answer loses: once it is applied over the one before, no outcome is
// open that it did not price, none that it did price is lost, and each market that left is withdrawn, unless its own
// part could not be read. The order of the answer's arrays decides nothing.
func TestSpoiltAnswers(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range answers(t, table) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places, feeds := a.places(t)
			whole := a.decode(t, a.document(nil))
			before := applied(t, nil, whole)
			open := outcomesIn(t, before)
			if len(open) < 30 {
				t.Fatalf("%d outcomes in the whole answer", len(open))
			}
			random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // any order will do
			rapid.Check(t, func(rt *rapid.T) {
				edits := drawEdits(rt, a, places)
				doc := a.document(edits)
				spoilt := a.decode(rt, doc)
				after := applied(rt, before, spoilt)
				checkSpoilt(rt, lost{places, feeds, edits, spoilt.Unread}, open, outcomesIn(rt, after))
				if again := applied(rt, after, spoilt); string(again) != string(after) {
					rt.Fatal("the same answer again changes something")
				}
				shuffled := a.decodeText(rt, recordedtest.Shuffle(t, encode(doc), random, "SGN", "SGNK"))
				if diff := cmp.Diff(spoilt, shuffled, cmp.Comparer(func(x, y odds.Line) bool { return x == y })); diff != "" {
					rt.Fatalf("another order, another result:\n%s", diff)
				}
				// And back: what is priced again is open again.
				checkSpoilt(rt, lost{places: places}, open, outcomesIn(rt, applied(rt, after, whole)))
			})
		})
	}
}

// edit is what becomes of an element of an answer.
type edit struct {
	drop  bool
	spoil bool
	price any  // in place of a spoilt price; without one, the member goes
	line  bool // the line that it stands under becomes none
}

// unpriced are the ways in which a price is none.
func unpriced() []any {
	return []any{missing{}, nil, "", "-", "n/a", " ", "abc", "1,90", -2.0, []any{}, true}
}

// missing stands for a member that is not there.
type missing struct{}

// drawEdits takes prices from some outcomes, drops some, drops all outcomes of some markets, and spoils some lines.
func drawEdits(t *rapid.T, a answer, places map[int]named) map[int]edit {
	edits := make(map[int]edit)
	share := rapid.SampledFrom([]int{2, 10, 60}).Draw(t, "one in so many outcomes")
	seed := rapid.Uint64().Draw(t, "which") // drawing each would take longer than the test is worth
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % n
	}
	gone := make(map[odds.MarketKey]bool)
	for _, key := range marketsOf(places) {
		gone[key] = next(8) == 0
	}
	for at := range a.elements {
		switch {
		case gone[places[at].MarketKey] && places[at].name != "", next(2*share) == 0:
			edits[at] = edit{drop: true}
		case next(share) == 0:
			ways := unpriced()
			e := edit{spoil: true, price: ways[next(len(ways))]}
			e.drop = a.book == odds.Bet9ja && e.price == any(missing{}) // a key is its price
			edits[at] = e
		}
	}
	spoilt := make(map[[2]int]bool)
	for at, e := range a.elements {
		under := [2]int{e.market, e.row}
		if _, drawn := spoilt[under]; !drawn {
			spoilt[under] = next(4*share) == 0 && a.hasLine(e)
		}
		if spoilt[under] {
			edited := edits[at]
			edited.line = true
			edits[at] = edited
		}
	}
	return edits
}

// marketsOf lists the markets in their order, so that a seed tells what is drawn.
func marketsOf(places map[int]named) []odds.MarketKey {
	seen := make(map[odds.MarketKey]bool)
	for _, p := range places {
		seen[p.MarketKey] = true
	}
	return slices.SortedFunc(maps.Keys(seen), odds.MarketKey.Compare)
}

// shown is an outcome as it is stored.
type shown struct {
	odds      float64
	active    bool
	withdrawn bool // its market
}

// lost is what an answer lost.
type lost struct {
	places map[int]named
	feeds  map[int][]string // which markets' ids an element is about
	edits  map[int]edit
	unread []odds.UnreadMarket
}

func checkSpoilt(t *rapid.T, l lost, before, after map[named]shown) {
	elements := make(map[named][]int)
	listed := make(map[odds.MarketKey]int) // elements of the market that the answer still lists
	for at, p := range l.places {
		elements[p] = append(elements[p], at)
		if !l.edits[at].drop && !l.edits[at].line {
			listed[p.MarketKey]++
		}
	}
	withoutLine := make(map[string]bool) // the answer lists some of them, nobody knows which
	for at, e := range l.edits {
		for _, id := range l.feeds[at] {
			withoutLine[id] = withoutLine[id] || e.line && !e.drop
		}
	}
	for p, was := range before {
		if len(elements[p]) == 0 {
			continue // told by several markets
		}
		is, kept := after[p]
		priced := !slices.ContainsFunc(elements[p], func(at int) bool { _, edited := l.edits[at]; return edited })
		withdrawn := listed[p.MarketKey] == 0 && !withoutLine[p.ID]
		if withdrawn && slices.ContainsFunc(l.unread, func(u odds.UnreadMarket) bool { return u.ID == p.ID }) {
			withdrawn = is.withdrawn // another market of a competitor's that may be this one
		}
		switch {
		case !kept:
			t.Fatalf("%v is lost", p)
		case is.odds != was.odds:
			t.Fatalf("%v: odds %g, were %g", p, is.odds, was.odds)
		case !priced && is.active:
			t.Fatalf("%v is open, though the answer does not price it", p)
		case priced && is.active != was.active:
			t.Fatalf("%v: open %t, was %t, though the answer prices it", p, is.active, was.active)
		case is.withdrawn != withdrawn:
			t.Fatalf("%v: its market is withdrawn: %t, but %d of its outcomes are listed, without a line %t",
				p, is.withdrawn, listed[p.MarketKey], withoutLine[p.ID])
		}
	}
}

// applied lays a snapshot over committed markets the way a batch does.
func applied(t tester, committed []byte, s odds.Snapshot) []byte {
	t.Helper()
	c := captureOf(s)
	result, err := Compare(committed, &c)
	if result.Reason != "" || err != nil || result.Rejected != nil {
		t.Fatalf("rejected: %q, %v, %v", result.Reason, err, result.Rejected)
	}
	return result.Content.Framed
}

// captureOf is the part of a snapshot that is compared.
func captureOf(s odds.Snapshot) Capture {
	markets := slices.Clone(s.Markets)
	odds.SortMarkets(markets)
	return Capture{CapturedAt: Micros(s.CapturedAt), Markets: markets, Unread: s.Unread, Complete: s.Complete}
}

func outcomesIn(t tester, framed []byte) map[named]shown {
	t.Helper()
	all := make(map[named]shown)
	for frame := range snapshot.Frames(framed) {
		key, _, err := readMarket(frame)
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		m := new(oddscachev1.CachedMarket)
		if err := proto.Unmarshal(snapshot.MarketBody(frame), m); err != nil {
			t.Fatalf("reading: %v", err)
		}
		for _, o := range m.GetOutcomes() {
			all[named{key, o.GetName()}] = shown{o.GetOdds(), o.GetIsActive(), m.GetUnavailableAt() != nil}
		}
	}
	return all
}

// tester is what helpers need of a test, and of a property's single check.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// answers are the recorded ones, where RECORDED names their folder, and simulated ones.
func answers(t *testing.T, table *mapping.Table) map[string]answer {
	t.Helper()
	all := simulated(t, table)
	root := os.Getenv("RECORDED")
	if root == "" {
		return all
	}
	for name, book := range map[string]odds.Bookmaker{
		"football-68995116/betpawa-v3.json": odds.BetPawa, "football-67691078/betpawa-v4.json": odds.BetPawa,
		"football-68995116/sportybet.json": odds.SportyBet, "football-68995116/bet9ja.json": odds.Bet9ja,
	} {
		body, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = newAnswer(t, table, book, body)
	}
	return all
}

// clone copies a document.
func clone(doc any) any {
	switch v := doc.(type) {
	case map[string]any:
		next := make(map[string]any, len(v))
		for key, value := range v {
			next[key] = clone(value)
		}
		return next
	case []any:
		next := make([]any, len(v))
		for i, value := range v {
			next[i] = clone(value)
		}
		return next
	default:
		return v
	}
}

func encode(doc any) []byte {
	body, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("encoding an answer: %v", err))
	}
	return body
}

var answeredAt = time.Now().UTC().Truncate(time.Second) //nolint:gochecknoglobals // one instant for all
