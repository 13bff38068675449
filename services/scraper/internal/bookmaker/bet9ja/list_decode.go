package bet9ja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// errNoSoccer is an answer in which soccer, or its groups, cannot be found.
var errNoSoccer = errors.New("the answer lists no soccer group")

// soccer is Bet9ja's id of the sport.
const soccer = "1"

// listEnvelope is around every answer: R says how it went.
type listEnvelope struct {
	R string          `json:"R"`
	D json.RawMessage `json:"D"`
}

// openEnvelope gives what is inside. The error is an *odds.Rejected: NOT_OFFERED when R is "E". A D that is false
// says nothing, not that there is nothing.
func openEnvelope(body []byte) (json.RawMessage, error) {
	var e listEnvelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, odds.Reject(odds.NotJSON, "envelope: %v", err)
	}
	switch {
	case e.R == "E":
		return nil, odds.Reject(odds.NotOffered, `R is "E", D %.60s`, e.D)
	case e.R != "OK" && e.R != "D":
		return nil, odds.Reject(odds.NotJSON, "R is %.20q", e.R)
	case len(e.D) == 0 || e.D[0] != '{':
		return nil, odds.Reject(odds.NotJSON, "R is %q, D is no object: %.60s", e.R, e.D)
	}
	return e.D, nil
}

// byID is a map that PHP wrote: an empty one comes as a list.
type byID map[string]json.RawMessage

// UnmarshalJSON reads either form.
func (m *byID) UnmarshalJSON(raw []byte) error {
	if len(bytes.Trim(raw, "[] \t\r\n")) == 0 {
		*m = byID{}
		return nil
	}
	var read map[string]json.RawMessage
	if err := json.Unmarshal(raw, &read); err != nil {
		return fmt.Errorf("reading a map by id: %w", err)
	}
	*m = read
	return nil
}

// Lists are read element by element, each from its own raw JSON: a broken one is refused, its neighbours stay. Only
// the path to the list has to be as we know it.

// listSport is a sport with its countries. A pointer distinguishes an empty list from a missing one.
type listSport struct {
	Num    json.RawMessage `json:"NUM"`
	Groups byID            `json:"SG"` // by country
}

// listCountry is a country with its groups. Its name is here; events say it again as SG.
type listCountry struct {
	Name   string `json:"SG_DESC"`
	Groups byID   `json:"G"`
}

// listGroup is a tournament.
type listGroup struct {
	Name string          `json:"G_DESC"`
	Num  json.RawMessage `json:"NUM"` // how many events there are, where it says
}

// decodeGroups reads all soccer groups, in the order of their countries' ids and their own. No group is an answer
// only when soccer is there with no country and no event. The error is an *odds.Rejected, or wraps errNoSoccer. A
// country or group that cannot be read stands for itself, with its error. total is how many events the site says that it
// has in all, 0 when it does not say.
func decodeGroups(body []byte) (found []bookmaker.Tournament, total int, err error) {
	raw, err := openEnvelope(body)
	if err != nil {
		return nil, 0, err
	}
	var data struct {
		Sports byID `json:"PAL"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return nil, 0, odds.Reject(odds.NotJSON, "groups: %v", err)
	}
	var sport listSport
	if raw, ok := data.Sports[soccer]; !ok {
		return nil, 0, fmt.Errorf("%d sports: %w", len(data.Sports), errNoSoccer)
	} else if err := json.Unmarshal(raw, &sport); err != nil {
		return nil, 0, odds.Reject(odds.NotJSON, "soccer's groups: %v", err)
	}
	seen := make(map[string]bool)
	for _, id := range slices.Sorted(maps.Keys(sport.Groups)) {
		for _, t := range decodeCountry(sport.Groups[id]) {
			if t.Err != nil || !seen[t.ID] {
				seen[t.ID] = true
				found = append(found, t)
			}
		}
	}
	empty := sport.Groups != nil && string(sport.Num) == "0"
	if len(found) == 0 && !empty {
		return nil, 0, fmt.Errorf("%d countries: %w", len(sport.Groups), errNoSoccer)
	}
	return found, bookmaker.Count(sport.Num), nil
}

// decodeCountry reads a country's groups.
func decodeCountry(raw json.RawMessage) []bookmaker.Tournament {
	var country listCountry
	if err := json.Unmarshal(raw, &country); err != nil {
		return []bookmaker.Tournament{{Err: odds.Reject(odds.NotJSON, "a country's groups: %v", err)}}
	}
	var found []bookmaker.Tournament
	for _, id := range slices.Sorted(maps.Keys(country.Groups)) {
		var g listGroup
		t := bookmaker.Tournament{ID: id, Country: country.Name}
		if id == "" {
			t.Err = odds.Reject(odds.NotJSON, "a group of %.40q without an id", country.Name)
		} else if json.Unmarshal(country.Groups[id], &g) == nil {
			t.Name = g.Name // the id is what counts; without a name the events' own serves
			t.Count = bookmaker.Count(g.Num)
		}
		found = append(found, t)
	}
	return found
}

// listEvent is what we read of an event. ID and EXTID are easily mixed up, and C is a third number, of no use here.
type listEvent struct {
	ID        bookmaker.ID `json:"ID"`    // for details
	ExtID     bookmaker.ID `json:"EXTID"` // SportRadar's
	Teams     string       `json:"DS"`
	StartDate string       `json:"STARTDATE"` // UTC, although no zone is given
	SportID   bookmaker.ID `json:"SID"`
	Group     string       `json:"GN"`
	Country   string       `json:"SG"`
}

// decodeEvents enters the events of a group. An event that cannot be read is refused by itself. The error is an
// *odds.Rejected.
func decodeEvents(body []byte, t bookmaker.Tournament, now time.Time, page *discovery.Page) error {
	raw, err := openEnvelope(body)
	if err != nil {
		return fmt.Errorf("events of group %.40q: %w", t.ID, err)
	}
	var data struct {
		Events *[]json.RawMessage `json:"E"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return odds.Reject(odds.NotJSON, "events of group %.40q: %v", t.ID, err)
	}
	if data.Events == nil {
		page.Silent = true
		return nil
	}
	for _, raw := range *data.Events {
		l, reason := decodeListing(raw, t, now)
		page.Enter(l, reason, now)
	}
	return nil
}

// startLayout is how STARTDATE is written.
const startLayout = "2006-01-02 15:04:05"

// decodeListing reads one event; when it is refused the listing holds the id, if that can be read.
func decodeListing(raw json.RawMessage, t bookmaker.Tournament, now time.Time) (odds.Listing, odds.Reason) {
	l := odds.Listing{
		Bookmaker: odds.Bet9ja, Sport: "football",
		Country: t.Country, Tournament: t.Name, TournamentID: t.ID,
	}
	var e listEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		// Who was refused is worth knowing: it must not look as if it were gone.
		var only struct {
			ID bookmaker.ID `json:"ID"`
		}
		if json.Unmarshal(raw, &only) == nil {
			l.EventID = string(only.ID)
		}
		return l, odds.NotJSON
	}
	if !bookmaker.OwnNumber(string(e.ID)) {
		return l, odds.NoEventID
	}
	l.EventID, l.Name = string(e.ID), e.Teams
	if e.SportID != "" && e.SportID != soccer {
		return l, odds.WrongSport
	}
	var ok bool
	if l.SrID, ok = bookmaker.ParseSrID(string(e.ExtID)); !ok {
		return l, odds.NoSrID
	}
	kickoff, err := time.ParseInLocation(startLayout, e.StartDate, time.UTC)
	if err != nil || !bookmaker.PlausibleKickoff(kickoff, now) {
		return l, odds.BadKickoff
	}
	l.Kickoff = kickoff
	l.Name, l.HomeTeam, l.AwayTeam = bookmaker.Teams(e.Teams)
	if l.Tournament == "" {
		l.Tournament = e.Group
	}
	if l.Country == "" {
		l.Country = e.Country
	}
	if bookmaker.NotReal(l, "") {
		return l, odds.NotReal
	}
	return l, ""
}
