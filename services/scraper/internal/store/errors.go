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
)
