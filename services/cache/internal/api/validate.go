package api

import (
	"fmt"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
)

// validID rejects an id or a name that nothing can have. It returns an error of no type, so that nil stays nil.
func validID(field, id string) error {
	switch {
	case id == "":
		return rpcerr.Invalid(field, "has to be given")
	case len(id) > maxIDBytes:
		return rpcerr.Invalid(field, "has %d bytes, at most %d are allowed", len(id), maxIDBytes).WithLimit(maxIDBytes)
	default:
		return nil
	}
}

// validCount rejects a list that is too short or too long.
func validCount(field string, n, least, most int) error {
	switch {
	case n < least:
		return rpcerr.Invalid(field, "has %d entries, at least %d are needed", n, least).WithLimit(least)
	case n > most:
		return rpcerr.Invalid(field, "has %d entries, at most %d are allowed", n, most).WithLimit(most)
	default:
		return nil
	}
}

// validList rejects a list of ids or names.
func validList(field string, ids []string, most int) error {
	if err := validCount(field, len(ids), 0, most); err != nil {
		return err
	}
	for i, id := range ids {
		if id == "" || len(id) > maxIDBytes {
			return validID(fmt.Sprintf("%s[%d]", field, i), id)
		}
	}
	return nil
}

// validFilter rejects what GetEvent and BatchGetEvents have in common.
func validFilter(bookmakers, marketIDs []string, minRevision int64) error {
	if err := validList("bookmakers", bookmakers, maxBookmakers); err != nil {
		return err
	}
	if err := validList("market_ids", marketIDs, maxMarketIDs); err != nil {
		return err
	}
	if minRevision < 0 {
		return rpcerr.Invalid("min_revision", "is %d, must not be negative", minRevision).WithLimit(0)
	}
	return nil
}
