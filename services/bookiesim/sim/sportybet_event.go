package sim

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/catalogue"
)

// sportyWriter writes one of SportyBet's events.
type sportyWriter struct {
	fixture  *fixture
	reported reported
	world    *World
	only     []string // market ids to write; nil for all
	bare     bool     // without markets
	live     bool
	prices   []price
	order    []int
}

// event appends an event.
func (p *sportyWriter) event(dst []byte, o *offer) []byte {
	f, s, t := p.fixture, &p.reported, p.fixture.tournament
	words := f.sport.Words()
	dst = append(append(dst, `{"eventId":"`...), s.eventID...)
	dst = append(dst, `","gameId":"`...)
	dst = strconv.AppendUint(dst, 10_000+(uint64(f.serial)*7+f.listings[book.SportyBet].revision)%90_000, 10)
	dst = append(dst, `","productStatus":"0#0","estimateStartTime":`...)
	dst = strconv.AppendInt(dst, s.kickoff.UnixMilli(), 10)
	if p.live {
		dst = append(dst, `,"status":1,"setScore":"0:0","gameScore":["0:0"],"period":"1","matchStatus":"H1","playedSeconds":"10:00"`...)
	} else {
		dst = append(dst, `,"status":0,"matchStatus":"Not start"`...)
	}
	dst = append(dst, `,"homeTeamId":"sr:competitor:`...)
	dst = strconv.AppendInt(dst, int64(30_000+s.sides[0]), 10)
	dst = appendQuoted(append(dst, `","homeTeamName":`...), s.home)
	dst = appendQuoted(append(dst, `,"awayTeamName":`...), s.away)
	dst = append(dst, `,"awayTeamId":"sr:competitor:`...)
	dst = strconv.AppendInt(dst, int64(30_000+s.sides[1]), 10)
	dst = append(append(dst, `","sport":{"id":"`...), words.SportyID...)
	dst = append(append(dst, `","name":"`...), words.SportyName...)
	dst = append(append(dst, `","category":{"id":"`...), t.countryIDs[book.SportyBet]...)
	dst = appendQuoted(append(dst, `","name":`...), t.country)
	dst = append(append(dst, `,"tournament":{"id":"`...), t.ids[book.SportyBet]...)
	dst = appendQuoted(append(dst, `","name":`...), t.name)
	dst = append(dst, `}}},"markets":[`...)
	if !p.bare {
		dst = p.markets(dst, o)
	}
	dst = append(dst, `],"liveChannel":false,"webViewLiveChannel":false,"socialMediaLiveChannel":false,`+
		`"bookingStatus":"Booked","topTeam":false,`+
		`"commentsNum":0,"topicId":0,"fixtureVenue":{"name":"Simulated Park"},`+
		`"giftGrabActivityResultVO":{"activityEnabled":false,"enabled":false},`+
		`"ai":false,"bgEvent":false,"matchTrackerNotAllowed":false,"eventSource":{"preMatchSource":{"sourceType":"BET_RADAR","sourceId":"`...)
	dst = append(append(dst, s.srID...), `"},"liveSource":{"sourceType":"BET_RADAR","sourceId":"`...)
	return append(append(dst, s.srID...), `"}},"containsPcbb":false,"banned":false}`...)
}

// markets appends the markets, each line as one of its own.
func (p *sportyWriter) markets(dst []byte, o *offer) []byte {
	start := len(dst)
	for i := range o.quotes {
		q := &o.quotes[i]
		if !q.listed() || p.only != nil && !slices.Contains(p.only, q.market.Sporty.ID) {
			continue
		}
		dst = p.market(comma(dst, start), o, q)
	}
	return dst
}

// market appends one market at one line.
func (p *sportyWriter) market(dst []byte, o *offer, q *quote) []byte {
	words := &q.market.Sporty
	p.prices = o.prices(p.prices[:0], q, p.reported.reversed)
	var how closing // open, unless the whole market is closed
	if all := q.closingOfAll(); all != nil {
		how = *all
	}
	dst = append(append(dst, `{"id":"`...), words.ID...)
	dst = append(dst, '"')
	texts := q.market.SportyAt[q.line]
	if texts.Specifier != "" {
		dst = append(append(append(dst, `,"specifier":"`...), texts.Specifier...), '"')
	}
	dst = appendQuoted(append(dst, `,"product":3,"desc":`...), withTeams(texts.Desc, p.reported.home, p.reported.away))
	dst = append(append(dst, `,"status":`...), '0'+how.status)
	dst = append(append(dst, `,"group":"`...), words.Group...)
	dst = append(append(append(dst, `","groupId":"171121000000MGI`...), words.Group...), '"')
	dst = appendQuoted(append(dst, `,"marketGuide":`...), "Simulated market: "+words.Name+". Overtime not included.")
	dst = appendQuoted(append(dst, `,"title":`...), words.Title)
	dst = appendQuoted(append(dst, `,"name":`...), words.Name)
	dst = append(dst, `,"favourite":0`...)
	switch how.outcomes {
	case "":
		dst = p.outcomes(append(dst, `,"outcomes":[`...), o, q, texts)
		dst = append(dst, ']')
	case missing:
	default:
		dst = append(append(dst, `,"outcomes":`...), how.outcomes...)
	}
	dst = append(dst, `,"farNearOdds":0`...)
	if words.ID == "1" {
		dst = append(dst, `,"marketExtendVOS":[{"name":"1UP","rootMarketId":"1","nodeMarketId":"60200","notSupport":false},`+
			`{"name":"2UP","rootMarketId":"1","nodeMarketId":"60100","notSupport":false}]`...)
	}
	dst = append(dst, `,"sourceType":"BET_RADAR","lastOddsChangeTime":`...)
	dst = strconv.AppendInt(dst, p.world.start.UnixMilli()+int64(q.version)*1000, 10)
	return append(strconv.AppendBool(append(dst, `,"banned":`...), how.banned), '}')
}

// outcomes appends the outcomes that are listed.
func (p *sportyWriter) outcomes(dst []byte, o *offer, q *quote, texts catalogue.SportyTexts) []byte {
	start := len(dst)
	for _, i := range p.sorted(q) {
		if way := p.prices[i].way; way == nil || way.lists() {
			dst = p.outcome(comma(dst, start), o, q, i, texts.Outcomes[q.picks[i]])
		}
	}
	return dst
}

// outcome appends one outcome. Where the market says that it is closed the outcome does not.
func (p *sportyWriter) outcome(dst []byte, o *offer, q *quote, i int, text string) []byte {
	out, shown := &q.market.Outcomes[q.picks[i]], p.prices[i].shownAt(book.SportyBet)
	odds, active := "", !shown.closed
	if way := shown.way; way != nil {
		odds, active = way.price, !way.marked && shown.cents > 100
	}
	dst = append(append(append(dst, `{"id":"`...), out.SportyID...), '"')
	switch odds {
	case "":
		dst = append(appendCents(append(dst, `,"odds":"`...), shown.cents), '"')
	case missing:
	default:
		dst = append(append(dst, `,"odds":`...), odds...)
	}
	dst = append(dst, `,"probability":"`...)
	dst = appendFraction(dst, o.fair(q, i, p.reported.reversed)*(1-q.refund))
	dst = append(dst, `","voidProbability":"`...)
	dst = appendFraction(dst, q.refund)
	if active {
		dst = append(dst, `","isActive":1,"desc":`...)
	} else {
		dst = append(dst, `","isActive":0,"desc":`...)
	}
	return append(appendQuoted(dst, text), '}')
}

// sorted is the order of SportyBet's outcomes: by their ids, which is not BetPawa's order.
func (p *sportyWriter) sorted(q *quote) []int {
	p.order = p.order[:0]
	for i := range q.picks {
		p.order = append(p.order, i)
	}
	slices.SortFunc(p.order, func(a, b int) int {
		x, y := q.market.Outcomes[q.picks[a]].SportyID, q.market.Outcomes[q.picks[b]].SportyID
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
	return p.order
}
