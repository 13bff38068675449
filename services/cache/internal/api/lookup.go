package api

import (
	"time"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// lookup is a request of GetEvent or LookupEvents.
type lookup struct {
	key                   key
	bookmakers, marketIDs []string
	minRevision           int64

	// Of LookupEvents alone.
	id       uint64
	maxWait  time.Duration
	hasLimit bool // maxWait was given
}

// defaultWait is how long a lookup on a stream waits for its revision when it does not say.
const defaultWait = 5 * time.Second

// validate rejects what is wrong with everything but the key.
func (q *lookup) validate() error {
	if err := validFilter(q.bookmakers, q.marketIDs, q.minRevision); err != nil {
		return err
	}
	if q.maxWait < 0 || q.maxWait > maxWait {
		return rpcerr.Invalid("max_wait", "is %v, must be 0 to %v", q.maxWait, maxWait).WithLimit(maxWait)
	}
	return nil
}

// filter is the part of the event that is requested.
func (q *lookup) filter() frame.Filter { return frame.NewFilter(q.bookmakers, q.marketIDs) }

// waitTimeout is how long the lookup waits for its revision.
func (q *lookup) waitTimeout() time.Duration {
	if q.hasLimit {
		return q.maxWait
	}
	return defaultWait
}
