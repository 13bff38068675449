package sportybet

import (
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// maxSpecifier bounds a market's specifier; recorded ones have up to 40 bytes.
const maxSpecifier = 1_000

// market reads the element of markets that the cursor stands before. Market and outcomes may be closed apart from
// each other: a market's status other than 0 closes all of it, whatever its outcomes say (1 of 360 recorded), and so
// does banned, which is false in every recorded answer: the tests of a public project that reads SportyBet have it.
func (r *detailReader) market() {
	r.markets++
	if r.markets > answer.MaxMarkets || r.outcomes > answer.MaxOutcomes {
		return
	}
	c, o := r.cursor, &r.offer
	o.Key, o.Name, o.Params, o.Quotes = "", "", o.Params[:0], o.Quotes[:0]
	var status, specifier, desc, banned jsonscan.Scalar
	outcomes := true // none listed is an answer, another type than a list is not
	c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			o.Key = answer.Cut(c.Scalar().Text(), answer.MaxID)
		case "name":
			o.Name = answer.Name(c.Scalar())
		case "desc":
			desc = c.Scalar()
		case "status":
			status = c.Scalar()
		case "banned":
			banned = c.Scalar()
		case "specifier":
			specifier = c.Scalar()
		case "outcomes":
			outcomes = c.Array(r.outcome) || c.Scalar().Kind() == jsonscan.Null
		}
	})
	if o.Name == "" {
		o.Name = answer.Name(desc)
	}
	if o.Key == "" {
		r.unknown++
		r.mapper.Reject(odds.BadMarket)
		return
	}
	if outcomes && len(o.Quotes) == 0 {
		return // not offered, whatever else stands here
	}
	code, readable := status.Int()
	specified := r.specifiers(specifier)
	if !outcomes || !readable || !specified {
		r.mapper.RejectOffer(o, specified, odds.BadMarket)
		return
	}
	if code != 0 || reports(banned) {
		for i := range o.Quotes {
			o.Quotes[i].Price.Closed = true
		}
	}
	r.mapper.Add(o)
}

// reports says whether a flag is set, or there in a form that could mean so.
func reports(flag jsonscan.Scalar) bool {
	if flag.Kind() == jsonscan.Missing || flag.Kind() == jsonscan.Null {
		return false
	}
	set, readable := flag.Bool()
	return set || !readable
}

// outcome reads the element of outcomes that the cursor stands before. All 1,382 recorded ones say whether they are
// open, so the price of one that does not say it counts for nothing: it is closed.
func (r *detailReader) outcome() {
	if r.outcomes++; r.outcomes > answer.MaxOutcomes {
		return
	}
	var q mapping.Quote
	var price, active jsonscan.Scalar
	c := r.cursor
	c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			q.Code = c.Scalar().Bytes()
		case "desc":
			q.Text = c.Scalar().Bytes()
		case "odds":
			price = c.Scalar()
		case "isActive":
			active = c.Scalar()
		}
	})
	if active.Kind() != jsonscan.Missing && active.Kind() != jsonscan.Null {
		open, _ := active.Bool()
		q.Price = answer.ReadPrice(price)
		q.Price.Closed = !open
	}
	r.offer.Quotes = append(r.offer.Quotes, q)
}

// specifiers splits "total=2.5|minsnr=10" into the offer's params. It reports false for what does not read so.
func (r *detailReader) specifiers(s jsonscan.Scalar) bool {
	switch s.Kind() {
	case jsonscan.Missing, jsonscan.Null:
		return true
	case jsonscan.String:
	default:
		return false
	}
	written := s.Text()
	if len(written) > maxSpecifier {
		return false
	}
	for written != "" {
		var part string
		part, written, _ = strings.Cut(written, "|")
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" {
			return false
		}
		r.offer.Params = append(r.offer.Params, mapping.Param{Name: name, Value: value})
	}
	return true
}
