package odds

import "fmt"

// Reason is why something that a bookmaker sent was rejected. Reasons are counted by (bookmaker, reason) and shown in
// cycles, metrics and logs in exactly this spelling.
type Reason string

// Reasons for rejecting a whole answer.
const (
	NotJSON          Reason = "NOT_JSON"          // HTML, truncated, or of the wrong types
	WrongEvent       Reason = "WRONG_EVENT"       // an answer about another event than the requested one
	WrongSport       Reason = "WRONG_SPORT"       // not football
	NoEventID        Reason = "NO_EVENT_ID"       // no id of its own
	NoSrID           Reason = "NO_SR_ID"          // no SportRadar id, or not digits
	BadKickoff       Reason = "BAD_KICKOFF"       // missing, unreadable or absurd
	NoMarkets        Reason = "NO_MARKETS"        // nothing that could be mapped
	YieldCollapsed   Reason = "YIELD_COLLAPSED"   // far fewer markets than lately
	CountMismatch    Reason = "COUNT_MISMATCH"    // BetPawa's totalMarketCount not met
	StaleCapture     Reason = "STALE_CAPTURE"     // requested before what is committed already
	NotOffered       Reason = "NOT_OFFERED"       // the bookmaker says that it does not know the event
	TooLarge         Reason = "TOO_LARGE"         // more bytes, markets or outcomes than the limit
	DuplicateListing Reason = "DUPLICATE_LISTING" // two listings of one SportRadar id at one bookmaker; the newer stays
	NoPrices         Reason = "NO_PRICES"         // not one outcome with a price, and none said to be closed
	SidesSwapped     Reason = "SIDES_SWAPPED"     // home and away are the other way round than at the reference
	ShortList        Reason = "SHORT_LIST"        // a list of fewer events than the site says there are
	NotReal          Reason = "NOT_REAL"          // simulated reality, eSoccer or a virtual match
)

// What is inconsistent or suspect about an event as a bookmaker lists it. Nothing is rejected for that alone; cycles
// count and name the events.
const (
	KickoffDiffers Reason = "KICKOFF_DIFFERS" // a quarter of an hour or more from the reference's
	KickoffDoubted Reason = "KICKOFF_DOUBTED" // moved by more than a day, or into the past; kept as it was
)

// Reasons for rejecting a market or an outcome.
const (
	BadLine          Reason = "BAD_LINE"          // off the quarter grid, or missing where one is needed
	DuplicateMarket  Reason = "DUPLICATE_MARKET"  // a second market of one (market_id, line)
	DuplicateOutcome Reason = "DUPLICATE_OUTCOME" // a second outcome of one name
	BadOdds          Reason = "BAD_ODDS"          // not a number, not finite, negative or absurd
	UnknownOutcome   Reason = "UNKNOWN_OUTCOME"   // an outcome id or label that the mapping does not know
	NoOutcomes       Reason = "NO_OUTCOMES"       // a market of which no outcome is left
	BadMarket        Reason = "BAD_MARKET"        // a market whose fields have the wrong types or are missing
	BadOverround     Reason = "BAD_OVERROUND"     // a complete market whose prices cannot be its own
)

// Reasons that only the store can find.
const (
	Unlisted         Reason = "UNLISTED_EVENT"    // a snapshot under an id that no event lists
	UnknownBookmaker Reason = "UNKNOWN_BOOKMAKER" // not in the table bookmakers
	BadText          Reason = "BAD_TEXT"          // NUL bytes, invalid UTF-8, or longer than a field may be
	BadCapture       Reason = "BAD_CAPTURE"       // captured before it was requested, or long ago
	// InternalCheck is a market that no decoder may make: a defect of the scraper, not of the answer. It is logged as
	// an error.
	InternalCheck Reason = "INTERNAL_CHECK"
)

// Reasons lists all of them, for those who count by reason and want the zeros too.
func Reasons() []Reason {
	return []Reason{
		NotJSON, WrongEvent, WrongSport, NoEventID, NoSrID, BadKickoff, NoMarkets, YieldCollapsed, CountMismatch,
		StaleCapture, NotOffered, TooLarge, DuplicateListing, NoPrices, SidesSwapped, ShortList, NotReal, BadLine,
		DuplicateMarket, DuplicateOutcome, BadOdds, UnknownOutcome, NoOutcomes, BadMarket, BadOverround,
		Unlisted, UnknownBookmaker, BadText, BadCapture, InternalCheck,
	}
}

// FindingReasons lists the reasons for which cycles name events one by one: those for which an event is suspect and kept,
// and SIDES_SWAPPED, for which a snapshot is rejected that somebody should look at.
func FindingReasons() []Reason { return []Reason{KickoffDiffers, KickoffDoubted, SidesSwapped} }

// Rejected is the error of a whole answer that is rejected.
type Rejected struct {
	Reason Reason
	Detail string // what was seen, with the numbers; never longer than a log line
}

// Error returns reason and detail.
func (r *Rejected) Error() string { return fmt.Sprintf("refused: %s: %s", r.Reason, r.Detail) }

// Reject makes a Rejected.
func Reject(reason Reason, format string, args ...any) *Rejected {
	return &Rejected{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Rejections counts what was rejected by reason. The zero value is not usable; use make.
type Rejections map[Reason]int

// Add adds another count.
func (r Rejections) Add(o Rejections) {
	for reason, n := range o {
		r[reason] += n
	}
}

// Total is the sum over all reasons.
func (r Rejections) Total() int {
	n := 0
	for _, c := range r {
		n += c
	}
	return n
}
