package betpawa

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// nameField is what BetPawa calls the name of everything.
const nameField = "name"

// Decoder reads detail answers. It may be used concurrently.
type Decoder struct {
	table *mapping.Table
}

// NewDecoder makes a decoder that takes the canonical order of outcomes from the column's table.
func NewDecoder(column mapping.Column) *Decoder { return &Decoder{table: column.Table()} }

// Detail reads the answer of GET …/events/{id}, of version 4 or 3: version 4 calls a price odds instead of price,
// leaves default values out, and writes 64-bit integers as strings. The error is an *odds.Rejected when the answer as
// a whole cannot be used; the Detail then still holds what was read and counted. Single markets and outcomes that
// cannot be used are counted in the Detail. The result does not depend on the order of the answer's arrays.
//
// BetPawa says how many markets there are. If that is not how many the answer lists, the snapshot is not complete and
// COUNT_MISMATCH is counted.
func (d *Decoder) Detail(
	body []byte, target bookmaker.Target, requestedAt, capturedAt time.Time,
) (bookmaker.Detail, error) {
	r := detailReader{drafts: newDrafts(d.table)}
	r.listing.Bookmaker = odds.BetPawa
	if err := answer.Read(body, r.read); err != nil {
		return bookmaker.Detail{}, err
	}
	if !r.object {
		return bookmaker.Detail{}, odds.Reject(odds.NotJSON, "no object but %.40q", body)
	}
	if err := r.verdict(target, capturedAt); err != nil {
		return bookmaker.Detail{Listing: r.listing}, err
	}
	markets := r.drafts.finish()
	complete := r.drafts.holds(r.total, len(markets))
	if !complete {
		r.drafts.rejections[odds.CountMismatch]++
	}
	detail := bookmaker.Detail{
		Listing: r.listing,
		Snapshot: odds.Snapshot{
			Bookmaker: odds.BetPawa, EventID: r.listing.EventID, SrID: r.listing.SrID,
			RequestedAt: requestedAt, CapturedAt: capturedAt,
			Markets: markets, Unread: odds.SortUnread(r.drafts.unread), Complete: complete,
		},
		Rejections: r.drafts.rejections,
	}
	// Version 4 leaves out what is empty: no list and no count are an answer.
	if len(markets) == 0 && (!complete || r.markets > 0 && r.drafts.unknown == r.markets) {
		return detail, odds.Reject(odds.NoMarkets, "no market of %d could be read", r.total)
	}
	return detail, nil
}

// detailReader reads one answer.
type detailReader struct {
	cursor  *jsonscan.Cursor
	object  bool // the answer is one
	listing odds.Listing
	drafts  *drafts
	entry   entry // used again for every element of markets

	total    int64 // totalMarketCount; 0 without one, as version 4 leaves zeros out
	category string
	sport    string
	prematch bool // the SportRadar id in the listing is that of the prematch widget
	markets  int
	prices   int
}

func (r *detailReader) read(c *jsonscan.Cursor) {
	r.cursor = c
	r.object = c.Object(r.event)
}

// event reads a member of the answer.
func (r *detailReader) event(key []byte) {
	c, l := r.cursor, &r.listing
	switch string(key) {
	case "id":
		l.EventID = answer.Cut(c.Scalar().Text(), answer.MaxID)
	case nameField:
		l.Name = answer.Name(c.Scalar())
	case "startTime":
		if at, err := time.Parse(time.RFC3339, c.Scalar().Text()); err == nil {
			l.Kickoff = at.UTC()
		}
	case "totalMarketCount":
		r.total, _ = c.Scalar().Int()
	case "widgets":
		c.Array(r.widget)
	case "participants":
		c.Array(r.participant)
	case "category":
		r.category, r.sport = r.named()
	case "region":
		_, l.Country = r.named()
	case "competition":
		l.TournamentID, l.Tournament = r.named()
	case "markets":
		c.Array(r.market)
	}
}

// named reads {id, name}.
func (r *detailReader) named() (id, name string) {
	c := r.cursor
	c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			id = answer.Cut(c.Scalar().Text(), answer.MaxID)
		case nameField:
			name = answer.Name(c.Scalar())
		}
	})
	return id, name
}

// widget reads {id, type, retention}. The SportRadar widget comes once for each retention, so far always with the
// same id; should they ever differ, the one of PREMATCH is it, else the smallest.
func (r *detailReader) widget() {
	c := r.cursor
	var id jsonscan.Scalar
	var kind, retention string
	c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			id = c.Scalar()
		case "type":
			kind = c.Scalar().Text()
		case "retention":
			retention = c.Scalar().Text()
		}
	})
	srID := answer.SrID(id)
	if kind != "SPORTRADAR" || srID == "" {
		return
	}
	prematch, was := retention == "PREMATCH", r.listing.SrID
	if was == "" || (prematch && !r.prematch) || (prematch == r.prematch && srID < was) {
		r.listing.SrID, r.prematch = srID, prematch
	}
}

// participant reads {id, name, position}; 1 is at home.
func (r *detailReader) participant() {
	c := r.cursor
	var name string
	var position int64
	c.Object(func(key []byte) {
		switch string(key) {
		case nameField:
			name = answer.Name(c.Scalar())
		case "position":
			position, _ = c.Scalar().Int()
		}
	})
	switch position {
	case 1:
		r.listing.HomeTeam = name
	case 2:
		r.listing.AwayTeam = name
	}
}

// verdict says why the answer as a whole cannot be used, nil if it can.
func (r *detailReader) verdict(target bookmaker.Target, capturedAt time.Time) error {
	l := &r.listing
	switch {
	case l.EventID == "":
		return odds.Reject(odds.NoEventID, "no id")
	case r.category != footballCategory:
		return odds.Reject(odds.WrongSport, "category %.20q (%.40q)", r.category, r.sport)
	case l.SrID == "":
		return odds.Reject(odds.NoSrID, "event %s has no SportRadar widget with an id of digits", l.EventID)
	}
	if err := answer.CheckTarget(target, *l); err != nil {
		return err
	}
	if err := answer.Kickoff(l.Kickoff, capturedAt); err != nil {
		return err
	}
	if r.markets > answer.MaxMarkets || r.prices > answer.MaxOutcomes {
		return odds.Reject(odds.TooLarge, "more than %d markets or %d outcomes", answer.MaxMarkets, answer.MaxOutcomes)
	}
	l.Sport = "football"
	if l.HomeTeam == "" || l.AwayTeam == "" { // the name may carry "(n)" for a neutral venue, so it comes second
		_, l.HomeTeam, l.AwayTeam = bookmaker.Teams(l.Name)
	}
	return answer.Real(*l, "")
}
