// Package lease decides who writes: one scraper holds the lease in the table feed_state, and every other stands by.
package lease

import "errors"

// ErrNotWriter reports that this scraper does not hold the lease, or holds it no longer, so it neither writes nor serves
// the feed. Nothing was published by what returned it. It is the only error of that meaning: the store, the cycle engine
// and the feed return it alike, and callers see it as NOT_WRITER.
var ErrNotWriter = errors.New("not the writer")
