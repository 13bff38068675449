package store

import "errors"

// Errors of the store.
var (
	// ErrCycle says that a cycle cannot be begun or ended as asked.
	ErrCycle = errors.New("cycle cannot be written")
	// ErrNotFound says that there is no such cycle.
	ErrNotFound = errors.New("not found")
	// ErrNotAhead is returned by MintEpoch when the history does contain the revision.
	ErrNotAhead = errors.New("the revision is within the history")
	// ErrSchema says that the database is not what Migrate of this version makes, or that the role has no rights.
	ErrSchema = errors.New("the schema does not fit")
	// ErrAway says that Postgres cannot be reached, or cannot do its work at the moment.
	ErrAway = errors.New("the database is away")
	// ErrBusy says that as many calls read the database as may, and that none ended in time.
	ErrBusy = errors.New("too many reads of the database are under way")
	// ErrReadTimeout says that a read took the database too long.
	ErrReadTimeout = errors.New("the database took too long for a read")
)
