package lease

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// sighting is what a taker has seen of the lease that another holds. The clock of the database may be set while the
// taker waits, so it counts by its own monotonic clock: a lease that nobody renewed for its whole length since it was
// first seen is over, and one that was seen to last less than its length ago is not. The database's clock decides only
// about what is seen at the very first look.
type sighting struct {
	row   dbsqlc.ReadLeaseRow
	since time.Time // when the row was first seen to be so; zero before the first look
	over  bool      // whether it had expired at the very first look
}

// free reports whether the lease can be taken. own is the taker's name: a lease of its own is one whose taking got no
// answer, or that could not be given back. length is how long a lease lasts whose holder does not say.
func (s *sighting) free(row dbsqlc.ReadLeaseRow, own string, length time.Duration, now time.Time) bool {
	if row.Holder == nil || row.LeaseUntil == nil || *row.Holder == own {
		return true
	}
	if first := s.since.IsZero(); first || !sameLease(s.row, row) {
		*s = sighting{row: row, since: now, over: first && row.Expired}
	}
	if row.LeaseSeconds != nil {
		length = time.Duration(*row.LeaseSeconds * float64(time.Second))
	}
	return s.over || now.Sub(s.since) >= length
}

// sameLease reports whether a lease was neither renewed nor taken between two looks at it.
func sameLease(a, b dbsqlc.ReadLeaseRow) bool {
	return a.Term == b.Term && *a.Holder == *b.Holder && a.LeaseUntil.Equal(*b.LeaseUntil)
}
