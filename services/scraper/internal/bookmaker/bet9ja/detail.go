package bet9ja

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// detailSport is Bet9ja's id of football before kickoff. In play it has another one and another answer.
const detailSport = 1

// kickoffLayout is how STARTDATE is written. It is UTC, not the time of Lagos: equal to the second to BetPawa's and
// SportyBet's kickoff on all recorded events.
const kickoffLayout = "2006-01-02 15:04:05"

// Decoder reads detail answers. It may be used concurrently.
type Decoder struct {
	column mapping.Column
}

// NewDecoder makes a decoder that maps with column.
func NewDecoder(column mapping.Column) *Decoder { return &Decoder{column: column} }

// Detail reads the answer of GetEvent. The error is an *odds.Rejected when the answer as a whole cannot be used; the
// Detail then still holds what was read and counted. Single markets and outcomes that cannot be used are counted in
// the Detail. The result does not depend on the order of the answer's arrays and maps.
func (d *Decoder) Detail(
	body []byte, target bookmaker.Target, requestedAt, capturedAt time.Time,
) (bookmaker.Detail, error) {
	r := detailReader{column: d.column, mapper: d.column.NewMapper()}
	r.listing.Bookmaker = odds.Bet9ja
	if err := answer.Read(body, r.read); err != nil {
		return bookmaker.Detail{}, err
	}
	if err := r.verdict(target, capturedAt); err != nil {
		return bookmaker.Detail{Listing: r.listing}, err
	}
	r.offers()
	mapped := r.mapper.Finish()
	detail := bookmaker.Detail{
		Listing: r.listing,
		Snapshot: odds.Snapshot{
			Bookmaker: odds.Bet9ja, EventID: r.listing.EventID, SrID: r.listing.SrID,
			RequestedAt: requestedAt, CapturedAt: capturedAt,
			Markets: mapped.Markets, Unread: mapped.Unread, Complete: true,
		},
		Rejections: mapped.Rejections,
		Unmapped:   mapped.Unmapped,
	}
	if !r.listed || r.unknown > 0 && len(r.prices) == 0 {
		return detail, odds.Reject(odds.NoMarkets, "%d prices, none of them readable", r.unknown)
	}
	return detail, nil
}

// detailReader reads one answer.
type detailReader struct {
	cursor  *jsonscan.Cursor
	column  mapping.Column
	mapper  *mapping.Mapper
	listing odds.Listing

	result    string // the envelope's R
	enveloped bool   // there was an R and a D
	data      bool   // D is an object
	sportID   jsonscan.Scalar
	sport     jsonscan.Scalar
	listed    bool // there is a map of prices, an empty one included
	prices    []price
	unknown   int               // keys that do not tell a market
	names     map[string]string // market to its name
	labels    map[label]string  // the dictionary; see dictionary
	markets   int
}

// read reads the envelope {"R": …, "D": …}.
func (r *detailReader) read(c *jsonscan.Cursor) {
	r.cursor = c
	var hasR, hasD bool
	c.Object(func(key []byte) {
		switch string(key) {
		case "R":
			r.result, hasR = c.Scalar().Text(), true
		case "D":
			hasD = true
			r.data = c.Object(r.event) || r.data
		}
	})
	r.enveloped = hasR && (hasD || r.result != "")
}

// event reads a member of D.
func (r *detailReader) event(key []byte) {
	c, l := r.cursor, &r.listing
	switch string(key) {
	case "ID":
		if id := c.Scalar().Text(); answer.Digits(id) {
			l.EventID = id
		}
	case "EXTID":
		l.SrID = answer.SrID(c.Scalar())
	case "STARTDATE":
		if at, err := time.ParseInLocation(kickoffLayout, c.Scalar().Text(), time.UTC); err == nil {
			l.Kickoff = at
		}
	case "DS":
		l.Name, l.HomeTeam, l.AwayTeam = bookmaker.Teams(answer.Name(c.Scalar()))
	case "GN":
		l.Tournament = answer.Name(c.Scalar())
	case "GID":
		l.TournamentID = answer.Cut(c.Scalar().Text(), answer.MaxID)
	case "SG":
		l.Country = answer.Name(c.Scalar())
	case "SID":
		r.sportID = c.Scalar()
	case "S":
		r.sport = c.Scalar()
	case "O":
		r.odds()
	case "MK":
		r.dictionary()
	}
}

// verdict says why the answer as a whole cannot be used, nil if it can.
func (r *detailReader) verdict(target bookmaker.Target, capturedAt time.Time) error {
	id, hasID := r.sportID.Int()
	switch {
	case !r.enveloped:
		return odds.Reject(odds.NotJSON, "not an envelope of R and D")
	case r.result != "OK" && r.result != "D":
		return odds.Reject(odds.NotOffered, "R is %.20q", r.result)
	case !r.data:
		return odds.Reject(odds.NotOffered, "R is %.20q, but D holds no event", r.result)
	case r.listing.EventID == "":
		return odds.Reject(odds.NoEventID, "D has no ID of digits")
	case !hasID || id != detailSport:
		return odds.Reject(odds.WrongSport, "sport %.20q (%.40q)", r.sportID.Text(), r.sport.Text())
	case r.listing.SrID == "":
		return odds.Reject(odds.NoSrID, "event %s has no EXTID of digits", r.listing.EventID)
	}
	if err := answer.CheckTarget(target, r.listing); err != nil {
		return err
	}
	if err := answer.Kickoff(r.listing.Kickoff, capturedAt); err != nil {
		return err
	}
	if r.markets > answer.MaxMarkets || len(r.prices) > answer.MaxOutcomes {
		return odds.Reject(odds.TooLarge, "more than %d markets or %d outcomes", answer.MaxMarkets, answer.MaxOutcomes)
	}
	r.listing.Sport = "football"
	return answer.Real(r.listing, "")
}
