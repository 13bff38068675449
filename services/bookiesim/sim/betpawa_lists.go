package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// betpawaTree answers with the sports ("" or "all") or with one sport's regions and competitions.
func (x *exchange) betpawaTree(which string) {
	x.world.mu.RLock()
	defer x.world.mu.RUnlock()
	if which == "" || which == "all" {
		x.json(http.StatusOK, x.pawaSports())
		return
	}
	for s := range catalogue.SportCount {
		if s.Words().BetpawaID == which {
			x.json(http.StatusOK, x.pawaRegions(s))
			return
		}
	}
	x.json(http.StatusOK, []byte(`{}`))
}

// counts is how many events of each tournament a bookmaker lists as upcoming. The world's lock is held.
func (x *exchange) counts() (byTournament map[*tournament]int, bySport [catalogue.SportCount]int) {
	byTournament = make(map[*tournament]int)
	for _, f := range x.world.fixtures {
		if l := &f.listings[x.book]; l.shown() && l.kickoff.After(x.now) {
			byTournament[f.tournament]++
			bySport[f.sport]++
		}
	}
	return byTournament, bySport
}

// pawaSports lists the sports with their numbers of events.
func (x *exchange) pawaSports() []byte {
	_, bySport := x.counts()
	dst := []byte(`{"onlyMeta":[`)
	for s := range catalogue.SportCount {
		if s > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"category":`...)
		dst = appendIDName(dst, s.Words().BetpawaID, s.Words().BetpawaName)
		dst = append(dst, `,"eventCounts":{"upcoming":`...)
		dst = strconv.AppendInt(dst, int64(bySport[s]), 10)
		dst = append(dst, `}}`...)
	}
	return append(dst, `]}`...)
}

// pawaRegions lists a sport's regions with their competitions.
func (x *exchange) pawaRegions(s catalogue.Sport) []byte {
	byTournament, _ := x.counts()
	dst := append([]byte(`{"withRegions":[{"category":`), appendIDName(nil, s.Words().BetpawaID, s.Words().BetpawaName)...)
	dst = append(dst, `,"regions":[`...)
	start := len(dst)
	for _, inRegion := range x.world.byCountry(x.book, s) {
		dst = comma(dst, start)
		dst = append(dst, `{"region":`...)
		dst = appendIDName(dst, inRegion[0].countryIDs[book.BetPawa], inRegion[0].country)
		dst = append(dst, `,"competitions":[`...)
		for i, t := range inRegion {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"competition":`...)
			dst = appendIDName(dst, t.ids[book.BetPawa], t.name)
			if n := byTournament[t]; n > 0 {
				dst = append(dst, `,"eventCounts":{"upcoming":`...)
				dst = append(strconv.AppendInt(dst, int64(n), 10), '}')
			}
			dst = append(dst, '}')
		}
		dst = append(dst, `]}`...)
	}
	return append(dst, `]}]}`...)
}

// byCountry is a bookmaker's tournaments of a sport, grouped by country in the order of their first appearance.
func (w *World) byCountry(b book.Book, s catalogue.Sport) [][]*tournament {
	var groups [][]*tournament
	place := make(map[string]int)
	for _, t := range w.tournaments {
		if t.sport != s || !w.lists(t, b) {
			continue
		}
		i, ok := place[t.country]
		if !ok {
			i = len(groups)
			place[t.country] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	return groups
}

// betpawaEvents answers by-queries: one answer a query, each a page of events ordered by kickoff.
func (x *exchange) betpawaEvents(q string) {
	queries, complaint := readQueries(q)
	if complaint != "" {
		x.betpawaError(http.StatusBadRequest, "BAD_REQUEST", complaint)
		return
	}
	x.world.mu.RLock()
	defer x.world.mu.RUnlock()
	// The site's version 4 speaks protobuf here unless JSON is asked for by name.
	binary := strings.HasPrefix(x.r.URL.Path, "/api/sportsbook/v4/") && !strings.Contains(x.r.Header.Get("Accept"), "application/json")
	var packed []byte
	dst := []byte(`{"responses":[`)
	for i, query := range queries.Queries {
		page := x.pawaPage(query, q)
		if binary {
			packed = protowire.AppendBytes(protowire.AppendTag(packed, 1, protowire.BytesType), x.pawaBinary(page))
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = x.pawaPageJSON(dst, page, query.View.MarketTypes)
	}
	if binary {
		x.send(http.StatusOK, "application/x-protobuf;charset=UTF-8", packed)
		return
	}
	x.json(http.StatusOK, append(dst, `]}`...))
}

// pawaPageJSON appends one query's answer. A page past the end lacks the list altogether, as on the site.
func (x *exchange) pawaPageJSON(dst []byte, page []*fixture, marketTypes []string) []byte {
	if len(page) == 0 {
		return append(dst, `{}`...)
	}
	dst = append(dst, `{"responses":[`...)
	for i, f := range page {
		if i > 0 {
			dst = append(dst, ',')
		}
		live := !f.listings[book.BetPawa].kickoff.After(x.now)
		writer := &pawaWriter{
			fixture: f, reported: x.report(f), shape: x.world.cfg.Shape, live: live, inList: true, only: marketTypes,
			noWidgets: f.key.Of(91).Unit() < x.world.cfg.WidgetlessShare,
		}
		if len(marketTypes) == 0 {
			dst = writer.event(dst, nil)
			continue
		}
		f.mu.Lock()
		dst = writer.event(dst, x.world.offerShown(f, book.BetPawa, writer.reported))
		f.mu.Unlock()
	}
	return append(dst, `]}`...)
}

// pawaPage is the events that a query, the only one or one of those in q, asks for. The world's lock is held.
func (x *exchange) pawaPage(query pawaQuery, q string) []*fixture {
	w, now := x.world, x.now
	wanted := func(list []string, id string) bool { return len(list) == 0 || slices.Contains(list, id) }
	var found []*fixture
	for _, f := range w.fixtures {
		l := &f.listings[book.BetPawa]
		t := f.tournament
		upcoming := l.kickoff.After(now)
		if !l.shown() || upcoming == (query.Query.EventType == "LIVE") || now.Sub(l.kickoff) > playing ||
			!wanted(query.Query.Categories, f.sport.Words().BetpawaID) || !wanted(query.Query.Zones.Competitions, t.ids[book.BetPawa]) ||
			!wanted(query.Query.Zones.Regions, t.countryIDs[book.BetPawa]) {
			continue
		}
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b *fixture) int {
		return cmp.Or(a.listings[book.BetPawa].kickoff.Compare(b.listings[book.BetPawa].kickoff), cmp.Compare(a.serial, b.serial))
	})
	found = x.left(found)
	skip := min(query.Skip, len(found))
	return found[skip:min(skip+x.page(q, query.Take), len(found))]
}

// pawaBinary is a page as protobuf. The site's schema is not known: this one carries id, name and kickoff, enough to
// be what it says it is.
func (x *exchange) pawaBinary(page []*fixture) []byte {
	var out []byte
	for _, f := range page {
		var event []byte
		s := x.report(f)
		for i, text := range []string{s.eventID, s.home + " - " + s.away, s.kickoff.Format(time.RFC3339)} {
			event = protowire.AppendString(protowire.AppendTag(event, protowire.Number(i+1), protowire.BytesType), text)
		}
		out = protowire.AppendBytes(protowire.AppendTag(out, 1, protowire.BytesType), event)
	}
	return out
}
