package sportybet

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// errNoFootball is an answer in which football, or its tournaments, cannot be found.
var errNoFootball = errors.New("the answer lists no football tournament")

// bizOK is the code of an answer; any other says that there is none, or that the bookmaker throttles.
const bizOK = "10000"

// listEnvelope is around every answer.
type listEnvelope struct {
	BizCode bookmaker.ID    `json:"bizCode"`
	Message json.RawMessage `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// openEnvelope gives what is inside. The error is an *odds.Rejected: NOT_OFFERED for another code than bizOK.
func openEnvelope(body []byte) (json.RawMessage, error) {
	var e listEnvelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, odds.Reject(odds.NotJSON, "envelope: %v", err)
	}
	switch e.BizCode {
	case bizOK:
		return e.Data, nil
	case "":
		return nil, odds.Reject(odds.NotJSON, "envelope without a bizCode")
	default:
		return nil, odds.Reject(odds.NotOffered, "bizCode %.20s, message %.60s", e.BizCode, e.Message)
	}
}

// Lists are read element by element, each from its own raw JSON: a broken one is refused, its neighbours stay. Only
// the path to the list has to be as we know it.

// listSport is a sport with its countries. Pointers distinguish an empty list from a missing one.
type listSport struct {
	ID         string             `json:"id"`
	EventSize  json.RawMessage    `json:"eventSize"`
	Categories *[]json.RawMessage `json:"categories"`
}

// listCategory is a country.
type listCategory struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Tournaments []json.RawMessage `json:"tournaments"`
}

// listTournament is a tournament; the id is SportRadar's.
type listTournament struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	EventSize json.RawMessage `json:"eventSize"` // how many events there are, where it says
}

// decodeTournaments reads all football tournaments, each once. No tournament is an answer only when football is
// there with an empty list and no event. The error is an *odds.Rejected, or wraps errNoFootball. A category or
// tournament that cannot be read stands for itself, with its error. total is how many events the site says that it has
// in all, 0 when it does not say.
func decodeTournaments(body []byte) (found []bookmaker.Tournament, total int, err error) {
	raw, err := openEnvelope(body)
	if err != nil {
		return nil, 0, err
	}
	var data struct {
		SportList []json.RawMessage `json:"sportList"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return nil, 0, odds.Reject(odds.NotJSON, "tournaments: %v", err)
	}
	seen := make(map[string]bool)
	empty := false
	for _, raw := range data.SportList {
		var sport listSport
		// The answer holds other sports too, although one was requested; they are skipped.
		if err := json.Unmarshal(raw, &sport); err != nil || sport.ID != footballID || sport.Categories == nil {
			continue
		}
		total += bookmaker.Count(sport.EventSize)
		empty = len(*sport.Categories) == 0 && string(sport.EventSize) == "0"
		for _, raw := range *sport.Categories {
			for _, t := range decodeCategory(raw) {
				if t.Err != nil || !seen[t.ID] {
					seen[t.ID] = true
					found = append(found, t)
				}
			}
		}
	}
	if len(found) == 0 && !empty {
		return nil, 0, fmt.Errorf("%d sports: %w", len(data.SportList), errNoFootball)
	}
	return found, total, nil
}

// decodeCategory reads a country's tournaments.
func decodeCategory(raw json.RawMessage) []bookmaker.Tournament {
	var category listCategory
	if err := json.Unmarshal(raw, &category); err != nil {
		return []bookmaker.Tournament{{Err: odds.Reject(odds.NotJSON, "a category's tournaments: %v", err)}}
	}
	var found []bookmaker.Tournament
	for _, raw := range category.Tournaments {
		var lt listTournament
		t := bookmaker.Tournament{Country: category.Name, Category: category.ID}
		if err := json.Unmarshal(raw, &lt); err != nil {
			t.Err = odds.Reject(odds.NotJSON, "a tournament of %.40q: %v", t.Country, err)
		} else if lt.ID == "" {
			t.Err = odds.Reject(odds.NotJSON, "a tournament of %.40q without an id", t.Country)
		}
		t.ID, t.Name, t.Count = lt.ID, lt.Name, bookmaker.Count(lt.EventSize)
		found = append(found, t)
	}
	return found
}

// listEvent is what we read of an event; the answer also holds its main markets.
type listEvent struct {
	EventID           string       `json:"eventId"`
	EstimateStartTime bookmaker.ID `json:"estimateStartTime"` // ms since 1970
	HomeTeamName      string       `json:"homeTeamName"`
	AwayTeamName      string       `json:"awayTeamName"`
	Sport             *struct {
		ID       string `json:"id"`
		Category struct {
			ID string `json:"id"`
		} `json:"category"`
	} `json:"sport"`
}

// decodeEvents enters the events of a tournament. An event that cannot be read is refused by itself. The error is an
// *odds.Rejected.
func decodeEvents(body []byte, t bookmaker.Tournament, now time.Time, page *discovery.Page) error {
	raw, err := openEnvelope(body)
	if err != nil {
		return fmt.Errorf("events of tournament %.40q: %w", t.ID, err)
	}
	var data []struct {
		Events    *[]json.RawMessage `json:"events"`
		TotalNum  json.RawMessage    `json:"totalNum"`
		EventSize json.RawMessage    `json:"eventSize"`
	}
	if err := json.Unmarshal(raw, &data); err != nil || data == nil {
		return odds.Reject(odds.NotJSON, "events of tournament %.40q: no list in data: %v", t.ID, err)
	}
	for _, group := range data {
		page.Count += max(bookmaker.Count(group.TotalNum), bookmaker.Count(group.EventSize))
		if group.Events == nil {
			page.Silent = true
			continue
		}
		for _, raw := range *group.Events {
			l, reason := decodeListing(raw, t, now)
			page.Enter(l, reason, now)
		}
	}
	return nil
}

// decodeListing reads one event; when it is refused the listing holds the id, if that can be read.
func decodeListing(raw json.RawMessage, t bookmaker.Tournament, now time.Time) (odds.Listing, odds.Reason) {
	l := odds.Listing{
		Bookmaker: odds.SportyBet, Sport: "football",
		Country: t.Country, Tournament: t.Name, TournamentID: t.ID,
	}
	var e listEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		// Who was refused is worth knowing: it must not look as if it were gone.
		var only struct {
			EventID string `json:"eventId"`
		}
		if json.Unmarshal(raw, &only) == nil {
			l.EventID = only.EventID
		}
		return l, odds.NotJSON
	}
	l.EventID = strings.TrimSpace(e.EventID)
	if l.EventID == "" {
		return l, odds.NoEventID
	}
	if e.Sport != nil && e.Sport.ID != "" && e.Sport.ID != footballID {
		return l, odds.WrongSport
	}
	var ok bool
	// Outrights and the like have other prefixes.
	if l.SrID, ok = bookmaker.ParseSrID(l.EventID); !ok || !strings.HasPrefix(l.EventID, "sr:match:") {
		return l, odds.NoSrID
	}
	ms, err := strconv.ParseInt(string(e.EstimateStartTime), 10, 64)
	if err != nil {
		return l, odds.BadKickoff
	}
	l.Kickoff = time.UnixMilli(ms).UTC()
	if !bookmaker.PlausibleKickoff(l.Kickoff, now) {
		return l, odds.BadKickoff
	}
	l.HomeTeam, l.AwayTeam = e.HomeTeamName, e.AwayTeamName
	if l.HomeTeam != "" && l.AwayTeam != "" {
		l.Name = l.HomeTeam + " - " + l.AwayTeam
	}
	category := t.Category
	if e.Sport != nil {
		category = cmp.Or(e.Sport.Category.ID, category)
	}
	if bookmaker.NotReal(l, category) {
		return l, odds.NotReal
	}
	return l, ""
}
