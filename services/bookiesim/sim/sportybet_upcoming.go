package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// sportyMaxPage is the largest page of the paged list that its readers ask for.
const sportyMaxPage = 100

// sportyUpcoming answers pcUpcomingEvents: a page of all upcoming events of a sport in the order of their kickoffs,
// grouped by tournament, with the number of all of them.
func (x *exchange) sportyUpcoming() {
	w, query := x.world, x.r.URL.Query()
	number, size := atLeastOne(query.Get("pageNum"), 1), min(atLeastOne(query.Get("pageSize"), 20), sportyMaxPage)
	w.mu.RLock()
	defer w.mu.RUnlock()
	var events []*fixture
	for _, t := range w.tournaments {
		if t.sport.Words().SportyID == query.Get("sportId") && w.lists(t, book.SportyBet) {
			events = append(events, w.upcomingIn(t, book.SportyBet, x.now)...)
		}
	}
	total := len(events)
	slices.SortFunc(events, func(a, b *fixture) int {
		return cmp.Or(a.listings[book.SportyBet].kickoff.Compare(b.listings[book.SportyBet].kickoff), cmp.Compare(a.serial, b.serial))
	})
	events, size = x.left(events), x.page(query.Get("sportId"), size)
	from := min((number-1)*size, len(events))
	page := events[from:min(from+size, len(events))]
	dst := strconv.AppendInt([]byte(`{"bizCode":10000,"message":"0#0","data":{"totalNum":`), int64(total), 10)
	dst = append(dst, `,"tournaments":[`...)
	start, markets := len(dst), strings.Split(query.Get("marketId"), ",")
	for len(page) > 0 {
		n := slices.IndexFunc(page, func(f *fixture) bool { return f.tournament != page[0].tournament })
		if n < 0 {
			n = len(page)
		}
		dst = x.sportyTournament(comma(dst, start), page[0].tournament, page[:n], markets)
		page = page[n:]
	}
	x.json(http.StatusOK, append(dst, `]}}`...))
}

// atLeastOne reads a number of a query, which is otherwise when it is missing or less than 1.
func atLeastOne(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n < 1_000_000 {
		return n
	}
	return otherwise
}
