package betpawa

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// errNoCompetitions is an answer in which no competition can be found: an empty list is not told apart from another
// shape, and football always has some.
var errNoCompetitions = errors.New("the answer lists no competition")

// listCategories is what categories/list answers.
type listCategories struct {
	WithRegions []struct {
		Category listNamed         `json:"category"`
		Regions  []json.RawMessage `json:"regions"`
	} `json:"withRegions"`
}

// listNamed is how the site names regions, competitions and sports alike.
type listNamed struct {
	ID   bookmaker.ID `json:"id"`
	Name string       `json:"name"`
}

// The ids and names lie one level deeper than one would think: an earlier shape had them on the competitions
// themselves, and reading that one found no events without a complaint.
type listRegion struct {
	Region       listNamed         `json:"region"`
	Competitions []json.RawMessage `json:"competitions"`
}

// The count is left out when it is 0, and of another shape it is no reason to go without the competition.
type listCompetition struct {
	Competition listNamed       `json:"competition"`
	EventCounts json.RawMessage `json:"eventCounts"`
}

// upcoming reads eventCounts; 0 when it does not say.
func upcoming(raw json.RawMessage) int {
	var counts struct {
		Upcoming json.RawMessage `json:"upcoming"`
	}
	if json.Unmarshal(raw, &counts) != nil {
		return 0
	}
	return bookmaker.Count(counts.Upcoming)
}

// decodeCompetitions reads all football competitions, each once. The error is an *odds.Rejected, or wraps
// errNoCompetitions. A region or competition that cannot be read stands for itself, with its error. The site does not
// say how many events there are in all.
func decodeCompetitions(body []byte) (found []bookmaker.Tournament, total int, err error) {
	var answer listCategories
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, 0, odds.Reject(odds.NotJSON, "competitions: %v", err)
	}
	seen := make(map[string]bool)
	for _, category := range answer.WithRegions {
		if id := category.Category.ID; id != "" && id != footballCategory {
			continue
		}
		for _, raw := range category.Regions {
			for _, t := range decodeRegion(raw) {
				if t.Err != nil || !seen[t.ID] {
					seen[t.ID] = true
					found = append(found, t)
				}
			}
		}
	}
	if len(found) == 0 {
		return nil, 0, fmt.Errorf("%d categories with regions: %w", len(answer.WithRegions), errNoCompetitions)
	}
	return found, 0, nil
}

// decodeRegion reads a region's competitions; the region's name is their country.
func decodeRegion(raw json.RawMessage) []bookmaker.Tournament {
	var region listRegion
	if err := json.Unmarshal(raw, &region); err != nil {
		return []bookmaker.Tournament{{Err: odds.Reject(odds.NotJSON, "a region's competitions: %v", err)}}
	}
	var found []bookmaker.Tournament
	for _, raw := range region.Competitions {
		var c listCompetition
		t := bookmaker.Tournament{Country: region.Region.Name}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Err = odds.Reject(odds.NotJSON, "a competition of %.40q: %v", t.Country, err)
		} else if c.Competition.ID == "" {
			t.Err = odds.Reject(odds.NotJSON, "a competition of %.40q without an id", t.Country)
		}
		t.ID, t.Name, t.Count = string(c.Competition.ID), c.Competition.Name, upcoming(c.EventCounts)
		found = append(found, t)
	}
	return found
}

// Lists are read element by element, each from its own raw JSON: a broken one is refused, its neighbours stay. Only
// the path to the list has to be as we know it.

// listEvents is what events/lists/by-queries answers: one element of Responses a query, and we ask one.
type listEvents struct {
	Responses []struct {
		Responses *[]json.RawMessage `json:"responses"`
	} `json:"responses"`
}

// listEvent is what we read of an event; the answer may hold its markets too. Of widgets and participants, which can
// be done without, the shape is checked later.
type listEvent struct {
	ID           bookmaker.ID    `json:"id"`
	Name         string          `json:"name"`
	StartTime    string          `json:"startTime"`
	Category     *listNamed      `json:"category"`
	Widgets      json.RawMessage `json:"widgets"`
	Participants json.RawMessage `json:"participants"`
}

// decodeEvents enters one page of a competition's events. An event that cannot be read is refused by itself. The error is
// an *odds.Rejected.
func decodeEvents(body []byte, t bookmaker.Tournament, now time.Time, page *discovery.Page) error {
	var answer listEvents
	if err := json.Unmarshal(body, &answer); err != nil {
		return odds.Reject(odds.NotJSON, "events of competition %.40q: %v", t.ID, err)
	}
	if len(answer.Responses) == 0 {
		return odds.Reject(odds.NotJSON, "events of competition %.40q: no response to the query", t.ID)
	}
	if answer.Responses[0].Responses == nil {
		page.Silent = true // version 4 leaves out what is empty
		return nil
	}
	for _, raw := range *answer.Responses[0].Responses {
		l, widgets, reason := decodeListing(raw, t, now)
		page.Enter(l, reason, now)
		if reason == "" && l.SrID == "" {
			page.Hint(l.EventID, widgetNames(widgets))
		}
	}
	return nil
}

// decodeListing reads one event, and its widgets; when it is refused the listing holds the id, if that can be read.
func decodeListing(
	raw json.RawMessage, t bookmaker.Tournament, now time.Time,
) (l odds.Listing, widgets json.RawMessage, reason odds.Reason) {
	l = odds.Listing{
		Bookmaker: odds.BetPawa, Sport: "football",
		Country: t.Country, Tournament: t.Name, TournamentID: t.ID,
	}
	var e listEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		// Who was refused is worth knowing: it must not look as if it were gone.
		var only struct {
			ID bookmaker.ID `json:"id"`
		}
		if json.Unmarshal(raw, &only) == nil {
			l.EventID = string(only.ID)
		}
		return l, nil, odds.NotJSON
	}
	l.EventID, l.Name = string(e.ID), e.Name
	if !bookmaker.OwnNumber(l.EventID) {
		l.EventID = "" // of whichever event it is, that event is offered
		return l, nil, odds.NoEventID
	}
	if e.Category != nil && e.Category.ID != "" && e.Category.ID != footballCategory {
		return l, nil, odds.WrongSport
	}
	kickoff, err := time.Parse(time.RFC3339, e.StartTime)
	if err != nil || !bookmaker.PlausibleKickoff(kickoff, now) {
		return l, nil, odds.BadKickoff
	}
	l.Kickoff = kickoff.UTC()
	l.SrID = widgetSrID(e.Widgets)
	l.HomeTeam, l.AwayTeam = teams(e.Participants, e.Name)
	if bookmaker.NotReal(l, "") {
		return l, nil, odds.NotReal
	}
	return l, e.Widgets, ""
}

// widgetSrID is the first SportRadar id among the widgets. Without one, or with widgets that cannot be read, it is
// empty: the detail has it.
func widgetSrID(raw json.RawMessage) string {
	var widgets []json.RawMessage
	if json.Unmarshal(raw, &widgets) != nil {
		return ""
	}
	for _, raw := range widgets {
		var w struct {
			ID   bookmaker.ID `json:"id"`
			Type string       `json:"type"`
		}
		if json.Unmarshal(raw, &w) != nil || w.Type != "SPORTRADAR" {
			continue
		}
		if id, ok := bookmaker.ParseSrID(string(w.ID)); ok {
			return id
		}
	}
	return ""
}

// widgetNames are the widgets in a form that two answers can be compared by, whatever the order.
func widgetNames(raw json.RawMessage) string {
	var widgets []struct {
		ID   bookmaker.ID `json:"id"`
		Type string       `json:"type"`
	}
	if json.Unmarshal(raw, &widgets) != nil {
		return ""
	}
	names := make([]string, 0, len(widgets))
	for _, w := range widgets {
		names = append(names, w.Type+" "+string(w.ID))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// teams are the participants by their position; the event's name is used only when there are none, since it may say
// more than the names.
func teams(raw json.RawMessage, name string) (home, away string) {
	var participants []struct {
		Name     string `json:"name"`
		Position int    `json:"position"`
	}
	if json.Unmarshal(raw, &participants) == nil {
		at := func(position int) string {
			for _, p := range participants {
				if p.Position == position {
					return p.Name
				}
			}
			return ""
		}
		if home, away = at(1), at(2); home != "" && away != "" {
			return home, away
		}
	}
	_, home, away = bookmaker.Teams(name)
	return home, away
}
