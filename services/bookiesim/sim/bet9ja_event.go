package sim

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// nineWriter writes one of Bet9ja's events: a flat map of prices by key, the lines by market, and the dictionary of
// the markets that occur.
type nineWriter struct {
	fixture  *fixture
	reported reported
	prices   []price
}

// head appends what the list and the detail say of an event.
func (p *nineWriter) head(dst []byte) []byte {
	f, s, t := p.fixture, &p.reported, p.fixture.tournament
	words := f.sport.Words()
	number := func(key string, n int) {
		dst = append(append(append(dst, `,"`...), key...), `":`...)
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	text := func(key, s string) {
		dst = append(append(append(dst, `,"`...), key...), `":`...)
		dst = appendQuoted(dst, s)
	}
	start := s.kickoff.UTC().Format("2006-01-02 15:04:05")
	dst = append(append(dst, `{"ID":`...), s.eventID...)
	text("EXTID", s.srID)
	text("DS", s.home+" - "+s.away)
	text("STARTDATE", start)
	text("C", strconv.Itoa(1000+f.serial%9000))
	text("GN", t.name)
	number("GID", t.nineID)
	text("SG", t.country)
	number("SGID", t.nineCtry)
	text("S", words.NineName)
	dst = append(append(dst, `,"SID":`...), words.NineID...)
	number("ST", 1)
	number("P", 0)
	number("PRV", 1)
	number("TYPE", 0)
	number("INCTYPE", 0)
	return dst
}

// listed appends an event as a group lists it.
func (p *nineWriter) listed(dst []byte, o *offer) []byte {
	dst = append(p.head(dst), `,"O":{`...)
	start := len(dst)
	for i := range o.quotes {
		if q := &o.quotes[i]; q.listed() && (q.market.Nine.Key == "S_1X2" || p.fixture.sport != catalogue.Football) {
			dst = p.odds(dst, start, o, q)
		}
	}
	return append(dst, `}}`...)
}

// event appends an event with everything. The order of the map and of the dictionary is nobody else's.
func (p *nineWriter) event(dst []byte, o *offer) []byte {
	order := make([]int, 0, len(o.quotes))
	for i := range o.quotes {
		if o.quotes[i].listed() {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(o.quotes[a].scramble, o.quotes[b].scramble), a-b)
	})
	dst = append(p.head(dst), `,"ENDVISIBILITYDATE":"`...)
	dst = p.reported.kickoff.UTC().AppendFormat(dst, "2006-01-02 15:04:05")
	dst = append(dst, `","IS_BOOSTED":false,"IS_BETBUILDER":true,"ISSTREAMINGVIDEO":false,"PL":0,"GP":99,"SPORTCAST_FIXTURE_ID":"","O":{`...)
	start := len(dst)
	lines := make(map[string][]int)
	var seen []*catalogue.Market
	for _, i := range order {
		q := &o.quotes[i]
		before := len(dst)
		if dst = p.odds(dst, start, o, q); len(dst) == before {
			continue // all its outcomes are gone
		}
		key := q.market.Nine.Key
		if !slices.ContainsFunc(seen, func(m *catalogue.Market) bool { return m.Nine.Key == key }) {
			seen = append(seen, q.market)
		}
		if q.market.Kind != catalogue.NoLine && q.market.Kind != catalogue.Ordinal && !slices.Contains(lines[key], q.line) {
			lines[key] = append(lines[key], q.line)
		}
	}
	dst = append(dst, `},"AUX":{`...)
	start = len(dst)
	for _, m := range seen {
		if len(lines[m.Nine.Key]) > 0 {
			dst = appendLines(comma(dst, start), m.Nine.Key, lines[m.Nine.Key])
		}
	}
	dst = append(dst, `},"EXCLUDED_BONUS":[],"BOOSTED_ODDS":[],"BOOSTED_MARKETS":[],"TRANS":{},"CATMARKET":[],"MKNUM":`...)
	dst = append(strconv.AppendInt(dst, int64(len(seen)), 10), `,"MK":[`...)
	for i, m := range seen {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, m.NineRow...)
	}
	return append(dst, `]}`...)
}

// appendLines appends the lines of a market as AUX has them: {"2.5":2.5}.
func appendLines(dst []byte, key string, lines []int) []byte {
	dst = append(appendQuoted(dst, key), `:{`...)
	slices.Sort(lines)
	for i, line := range lines {
		if i > 0 {
			dst = append(dst, ',')
		}
		text := catalogue.LineText(line)
		dst = append(append(appendQuoted(dst, text), ':'), text...)
	}
	return append(dst, '}')
}

// odds appends the prices of one market at one line, beginning anywhere in it.
func (p *nineWriter) odds(dst []byte, start int, o *offer, q *quote) []byte {
	p.prices = o.prices(p.prices[:0], q, p.reported.reversed)
	n, from := len(q.picks), int(q.scramble%7)
	for i := range n {
		at := (i + from) % n
		out, shown := &q.market.Outcomes[q.picks[at]], p.prices[at].shownAt(book.Bet9ja)
		if shown.way != nil && !shown.way.lists() {
			continue
		}
		dst = append(append(comma(dst, start), '"'), q.market.Nine.Key...)
		if q.market.Kind != catalogue.NoLine && q.market.Kind != catalogue.Ordinal {
			dst = append(append(dst, '@'), catalogue.LineText(q.line)...)
		}
		dst = append(append(append(dst, '_'), out.NineSuffix...), `":`...)
		if shown.way != nil {
			dst = append(dst, shown.way.price...)
			continue
		}
		dst = append(appendShortCents(append(dst, '"'), shown.cents), '"')
	}
	return dst
}

// nineRows writes the dictionary row of every key of a catalogue into its markets. Markets that share a key share
// the row, which names the outcomes of all of them.
func nineRows(markets []*catalogue.Market) {
	rows := make(map[string][]*catalogue.Market)
	for _, m := range markets {
		if m.Nine.Key != "" {
			rows[m.Nine.Key] = append(rows[m.Nine.Key], m)
		}
	}
	for _, sharing := range rows {
		row := nineRow(sharing)
		for _, m := range sharing {
			m.NineRow = row
		}
	}
}

// nineRow is the dictionary row of the markets that share a key.
func nineRow(sharing []*catalogue.Market) []byte {
	words := sharing[0].Nine
	var dst []byte
	field := func(lead, text string) { dst = appendQuoted(append(dst, lead...), text) }
	field(`{"ID":`, words.Key)
	field(`,"DS":`, words.Label)
	field(`,"MDESC":`, "Simulated market: "+words.Label+". Lines are the home team's.")
	field(`,"P":`, strconv.Itoa(words.Priority))
	field(`,"VW":`, strconv.Itoa(words.View))
	field(`,"GCAT":`, words.Category)
	field(`,"MARKETID":`, words.Number)
	field(`,"M_PAYOUT":`, "120")
	field(`,"CNT":`, words.Count)
	field(`,"CNTLABEL":`, map[string]string{"G": "Goals", "GR": "Generic Result", "CO": "Corners", "C": "Cards"}[words.Count])
	for _, list := range []struct {
		lead string
		word func(*catalogue.Outcome) string
	}{
		{`,"SGN":[`, func(o *catalogue.Outcome) string { return o.NineLabel }},
		{`],"SGNK":[`, func(o *catalogue.Outcome) string { return o.NineSuffix }},
	} {
		dst = append(dst, list.lead...)
		start := len(dst)
		for _, m := range sharing {
			for i := range m.Outcomes {
				if o := &m.Outcomes[i]; o.NineSuffix != "" {
					dst = appendQuoted(comma(dst, start), list.word(o))
				}
			}
		}
	}
	return append(dst, `]}`...)
}
