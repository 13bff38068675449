package api

import (
	"fmt"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Limits of requests, as the .proto states them.
const (
	maxKeys       = 500
	maxBookmakers = 50
	maxMarketIDs  = 500
	maxIDBytes    = 200 // of any single id or name
)

// key is a validated event key.
type key struct {
	srID string    // when it is a SportRadar id
	of   store.Key // else
}

// in looks the key up.
func (k key) in(v store.View) *store.Event {
	if k.srID != "" {
		return v.BySrID(k.srID)
	}
	return v.ByKey(k.of)
}

// keyed is a message with the three kinds of key.
type keyed interface {
	GetSrId() string
	GetBetpawaEventId() string
	GetCompetitorEvent() *oddscachev1.CompetitorEvent
}

// eventKey reads the key of a message; path is where the message stands in the request, with a dot behind it.
func eventKey(path string, m keyed) (key, error) {
	if c := m.GetCompetitorEvent(); c != nil {
		return competitorEventKey(path, c.GetBookmaker(), c.GetCompetitorEventId())
	}
	if id := m.GetBetpawaEventId(); id != "" {
		return betpawaKey(path, id)
	}
	return srKey(path, m.GetSrId())
}

// competitorEventKey is the key of an event by a bookmaker's own id of it; betpawaKey and srKey are the others.
func competitorEventKey(path, bookmaker, id string) (key, error) {
	k := store.Key{Bookmaker: bookmaker, ID: id}
	return key{of: k}, validKey(path+"competitor_event.", k)
}

// betpawaKey is the key of an event by BetPawa's id of it.
func betpawaKey(path, id string) (key, error) {
	return key{of: store.Key{Bookmaker: store.Betpawa, ID: id}}, validID(path+"betpawa_event_id", id)
}

// srKey is the key of an event by its SportRadar id. An empty one means that the request has no key at all.
func srKey(path, id string) (key, error) {
	if len(id) <= maxIDBytes && isSrID(id) {
		return key{srID: id}, nil // the paths are worth making only for an error
	}
	if id == "" {
		return key{}, rpcerr.Invalid(path+"key", "has to be one of sr_id, betpawa_event_id and competitor_event, and not empty")
	}
	if !isSrID(id) {
		return key{}, rpcerr.Invalid(path+"sr_id", srIDRule)
	}
	return key{}, validID(path+"sr_id", id)
}

// srIDRule is what a SportRadar id has to be: with leading zeros one event would have several.
const srIDRule = "has to be digits only, the first of them not 0, such as 68995116"

// isSrID reports whether id can be a SportRadar id.
func isSrID(id string) bool {
	if id == "" || id[0] == '0' {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}

// eventKeys reads the keys of a batch.
func eventKeys(all []*oddscachev1.EventKey) ([]key, error) {
	if err := validCount("keys", len(all), 1, maxKeys); err != nil {
		return nil, err
	}
	keys := make([]key, len(all))
	for i, m := range all {
		var err error
		if keys[i], err = eventKey("", m); err != nil {
			_, err = eventKey(fmt.Sprintf("keys[%d].", i), m) // the path is worth making only now
			return nil, err
		}
	}
	return keys, nil
}

// competitorKey reads a bookmaker's own id of an event.
func competitorKey(path string, c *oddscachev1.CompetitorEvent) (store.Key, error) {
	k := store.Key{Bookmaker: c.GetBookmaker(), ID: c.GetCompetitorEventId()}
	return k, validKey(path, k)
}

// validKey rejects a bookmaker's id that nothing can have.
func validKey(path string, k store.Key) error {
	if k.Bookmaker != "" && k.ID != "" && len(k.Bookmaker) <= maxIDBytes && len(k.ID) <= maxIDBytes {
		return nil // the paths are worth making only for an error
	}
	if err := validID(path+"bookmaker", k.Bookmaker); err != nil {
		return err
	}
	return validID(path+"competitor_event_id", k.ID)
}
