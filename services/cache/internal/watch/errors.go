package watch

import "fmt"

// EpochError says that revisions of the consumer's epoch mean nothing here: it has to start from scratch.
type EpochError struct{ Requested, Served string }

// Error names both epochs.
func (e *EpochError) Error() string {
	return fmt.Sprintf("the revision belongs to epoch %q, the cache serves %q: start from scratch", e.Requested, e.Served)
}

// CompactedError says that evictions after the consumer's revision have been forgotten: it has to start from scratch.
type CompactedError struct{ Revision, Oldest int64 }

// Error names the revision and the oldest one that would do.
func (e *CompactedError) Error() string {
	return fmt.Sprintf("changes are known from revision %d on, not from %d: start from scratch", e.Oldest, e.Revision)
}

// TooManyError says that as many watches are open as may be.
type TooManyError struct{ Limit int }

// Error names the limit.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d watches are open, no more are allowed", e.Limit)
}
