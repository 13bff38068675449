package store

import "errors"

// Errors of the store.
var (
	// ErrLost says that this writer is not the writer any more. Nothing was published; acquire anew.
	ErrLost = errors.New("the lease is lost")
	// ErrCycle says that a cycle cannot be begun or ended as asked.
	ErrCycle = errors.New("cycle cannot be written")
	// ErrNotFound says that there is no such cycle.
	ErrNotFound = errors.New("not found")
	// ErrNotAhead is returned by MintEpoch when the history does contain the revision.
	ErrNotAhead = errors.New("the revision is within the history")
	// ErrSchema says that the database is not what Migrate of this version makes, or that the role has no rights.
	ErrSchema = errors.New("the schema does not fit")
)
