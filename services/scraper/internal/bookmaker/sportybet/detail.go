package sportybet

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// detailSport is SportRadar's id of the sport.
const detailSport = "sr:sport:1"

// detailServed is the bizCode of an answer that holds an event. Any other means an unknown event, or that SportyBet
// throttles: it uses the same codes for both.
const detailServed = 10000

// Decoder reads detail answers. It may be used concurrently.
type Decoder struct {
	column mapping.Column
}

// NewDecoder makes a decoder that maps with column.
func NewDecoder(column mapping.Column) *Decoder { return &Decoder{column: column} }

// Detail reads the answer of GET …/event. The error is an *odds.Rejected when the answer as a whole cannot be used;
// the Detail then still holds what was read and counted. Single markets and outcomes that cannot be used are counted
// in the Detail. The result does not depend on the order of the answer's arrays.
func (d *Decoder) Detail(
	body []byte, target bookmaker.Target, requestedAt, capturedAt time.Time,
) (bookmaker.Detail, error) {
	r := detailReader{mapper: d.column.NewMapper()}
	r.listing.Bookmaker = odds.SportyBet
	if err := answer.Read(body, r.read); err != nil {
		return bookmaker.Detail{}, err
	}
	if err := r.verdict(target, capturedAt); err != nil {
		return bookmaker.Detail{Listing: r.listing}, err
	}
	mapped := r.mapper.Finish()
	if reports(r.banned) {
		mapped.Close()
	}
	detail := bookmaker.Detail{
		Listing: r.listing,
		Snapshot: odds.Snapshot{
			Bookmaker: odds.SportyBet, EventID: r.listing.EventID, SrID: r.listing.SrID,
			RequestedAt: requestedAt, CapturedAt: capturedAt,
			Markets: mapped.Markets, Unread: mapped.Unread, Complete: true,
		},
		Rejections: mapped.Rejections,
		Unmapped:   mapped.Unmapped,
	}
	if !r.listed || r.markets > 0 && r.unknown == r.markets {
		return detail, odds.Reject(odds.NoMarkets, "%d markets, none of them readable", r.markets)
	}
	return detail, nil
}

// detailReader reads one answer.
type detailReader struct {
	cursor  *jsonscan.Cursor
	mapper  *mapping.Mapper
	listing odds.Listing
	offer   mapping.Offer // used again for every market

	bizCode   jsonscan.Scalar
	message   jsonscan.Scalar
	data      bool // there was one
	sport     string
	sportName string
	category  string
	banned    jsonscan.Scalar
	listed    bool // there is a list of markets, an empty one included
	markets   int
	unknown   int // markets that do not even tell which they are
	outcomes  int
}

func (r *detailReader) read(c *jsonscan.Cursor) {
	r.cursor = c
	c.Object(func(key []byte) {
		switch string(key) {
		case "bizCode":
			r.bizCode = c.Scalar()
		case "message":
			r.message = c.Scalar()
		case "data":
			r.data = c.Object(r.event) || r.data
		}
	})
}

// event reads a member of data.
func (r *detailReader) event(key []byte) {
	c, l := r.cursor, &r.listing
	switch string(key) {
	case "eventId":
		id := c.Scalar()
		l.SrID = answer.SrID(id)
		l.EventID = answer.Cut(id.Text(), answer.MaxID)
	case "estimateStartTime": // epoch milliseconds
		if ms, ok := c.Scalar().Int(); ok {
			l.Kickoff = time.UnixMilli(ms).UTC()
		}
	case "homeTeamName":
		l.HomeTeam = answer.Name(c.Scalar())
	case "awayTeamName":
		l.AwayTeam = answer.Name(c.Scalar())
	case "banned": // the event, as a market may be
		r.banned = c.Scalar()
	case "sport":
		r.sportOf()
	case "markets":
		r.listed = c.Array(r.market) || r.listed
	}
}

// sportOf reads sport{id, category{name (the country), tournament{id, name}}}.
func (r *detailReader) sportOf() {
	c, l := r.cursor, &r.listing
	c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			r.sport = c.Scalar().Text()
		case "name":
			r.sportName = answer.Name(c.Scalar())
		case "category":
			c.Object(func(key []byte) {
				switch string(key) {
				case "id":
					r.category = c.Scalar().Text()
				case "name":
					l.Country = answer.Name(c.Scalar())
				case "tournament":
					c.Object(func(key []byte) {
						switch string(key) {
						case "id":
							l.TournamentID = answer.Cut(c.Scalar().Text(), answer.MaxID)
						case "name":
							l.Tournament = answer.Name(c.Scalar())
						}
					})
				}
			})
		}
	})
}

// verdict says why the answer as a whole cannot be used, nil if it can.
func (r *detailReader) verdict(target bookmaker.Target, capturedAt time.Time) error {
	code, coded := r.bizCode.Int()
	switch {
	case coded && code != detailServed:
		return odds.Reject(odds.NotOffered, "bizCode %d, message %.60q", code, r.message.Text())
	case !r.data:
		return odds.Reject(odds.NotJSON, "no data beside bizCode %.20q", r.bizCode.Text())
	case r.sport != detailSport:
		return odds.Reject(odds.WrongSport, "sport %.40q (%.40q)", r.sport, r.sportName)
	case r.listing.EventID == "":
		return odds.Reject(odds.NoEventID, "no eventId")
	case r.listing.SrID == "":
		return odds.Reject(odds.NoSrID, "eventId %.40q", r.listing.EventID)
	}
	if err := answer.CheckTarget(target, r.listing); err != nil {
		return err
	}
	if err := answer.Kickoff(r.listing.Kickoff, capturedAt); err != nil {
		return err
	}
	if r.markets > answer.MaxMarkets || r.outcomes > answer.MaxOutcomes {
		return odds.Reject(odds.TooLarge, "more than %d markets or %d outcomes", answer.MaxMarkets, answer.MaxOutcomes)
	}
	r.listing.Sport = "football"
	r.listing.Name = r.listing.HomeTeam + " - " + r.listing.AwayTeam
	return answer.Real(r.listing, r.category)
}
