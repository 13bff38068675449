// Package answer holds what every bookmaker's answer is held to, whatever its shape: how large it may be, which
// kickoffs and ids are believed, and how a text becomes safe to store.
//
// It is not for shapes or markets: those belong to the packages betpawa, sportybet and bet9ja, and to mapping.
package answer

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Limits of one answer. The largest recorded one has 1.4 MB, 974 markets and 4,873 outcomes (a World Cup match at
// SportyBet), so nothing real comes near them.
const (
	MaxBytes    = 8 << 20
	MaxMarkets  = 5_000
	MaxOutcomes = 50_000
)

// Longest texts that are kept, in bytes.
const (
	MaxName = 200
	MaxID   = 64
)

// Read checks size and syntax of body and calls read with a cursor before its value. The error is an *odds.Rejected:
// TOO_LARGE or NOT_JSON. What is wrong with the syntax may be noticed after read has seen much of the answer; what it
// has gathered then counts for nothing.
func Read(body []byte, read func(*jsonscan.Cursor)) error {
	if len(body) > MaxBytes {
		return odds.Reject(odds.TooLarge, "%d bytes, the limit is %d", len(body), MaxBytes)
	}
	if err := jsonscan.Read(body, read); err != nil {
		return odds.Reject(odds.NotJSON, "%d bytes that begin with %.40q", len(body), body)
	}
	return nil
}

// Kickoff checks a kickoff against the instant it was read. The error is an *odds.Rejected: BAD_KICKOFF.
func Kickoff(kickoff, capturedAt time.Time) error {
	if !bookmaker.PlausibleKickoff(kickoff, capturedAt) {
		return odds.Reject(odds.BadKickoff, "kickoff %s read at %s",
			kickoff.Format(time.RFC3339), capturedAt.Format(time.RFC3339))
	}
	return nil
}

// CheckTarget checks that an answer is about the event that was requested, as far as target names it. The error is an
// *odds.Rejected: WRONG_EVENT.
func CheckTarget(target bookmaker.Target, listing odds.Listing) error {
	if target.SrID != "" && target.SrID != listing.SrID {
		return odds.Reject(odds.WrongEvent, "asked for SportRadar id %.20s, got %.20s", target.SrID, listing.SrID)
	}
	if target.EventID != "" && target.EventID != listing.EventID {
		return odds.Reject(odds.WrongEvent, "asked for event %.40s, got %.40s", target.EventID, listing.EventID)
	}
	return nil
}

// Real checks that a match is played by people; category is SportRadar's id of it, where it is known. The error is an
// *odds.Rejected: NOT_REAL.
func Real(listing odds.Listing, category string) error {
	if bookmaker.NotReal(listing, category) {
		return odds.Reject(odds.NotReal, "%.40q in %.40q, %.40q %s", listing.Name, listing.Country, listing.Tournament, category)
	}
	return nil
}

// SrID reads a SportRadar id, with or without the prefix sr:match:. It is empty unless digits remain.
func SrID(s jsonscan.Scalar) string {
	id, _ := bookmaker.ParseSrID(s.Text())
	return id
}

// Digits reports whether id is one to twenty ASCII digits.
func Digits(id string) bool {
	if id == "" || len(id) > 20 {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}

// Name makes a text fit to be stored and shown: valid UTF-8 without control characters (PostgreSQL refuses NUL),
// without space around it, at most MaxName bytes.
func Name(s jsonscan.Scalar) string { return clean(s.Text(), MaxName) }

// Cut is Name for a text at hand and a length of one's own, in bytes.
func Cut(text string, length int) string { return clean(text, length) }

func clean(text string, length int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, string(utf8.RuneError)))
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, text)
	}
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return strings.TrimSpace(text[:length])
}
