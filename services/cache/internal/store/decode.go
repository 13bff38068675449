package store

import (
	"errors"
	"fmt"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// ErrEntry is what an error wraps when an entry's content cannot be read. Its batch is not applied.
var ErrEntry = errors.New("entry cannot be read")

// decoded is an entry, decoded as far as the index needs it. Everything that can fail is done before the log changes,
// so that a batch is applied whole or not at all.
type decoded struct {
	identity *Identity      // of an event
	content  *frame.Content // of a snapshot
	suffix   frame.Suffix   // of a confirmation
}

// decode appends the decoded entries to dst, whose memory is used again from batch to batch.
func (x *Index) decode(dst []decoded, entries []*feedlog.Entry) ([]decoded, error) {
	for i, e := range entries {
		var d decoded
		var err error
		switch e.Key.Kind {
		case feedlog.KindEvent:
			d.identity, err = readIdentity(e.Body, e.Revision)
		case feedlog.KindSnapshot:
			x.yield.every(contentsPerYield, i)
			d.content, err = frame.NewContent(e.Key.Bookmaker, e.Key.ID, e.Body)
		case feedlog.KindConfirmation:
			x.yield.every(keysPerYield, i)
			d.suffix, err = readConfirmation(e.Body)
		case feedlog.KindCycleEnd: // decoded by the log
		}
		if err != nil {
			return dst, fmt.Errorf("decoding %v at revision %d: %w", e.Key, e.Revision, errors.Join(ErrEntry, err))
		}
		dst = append(dst, d)
	}
	return dst, nil
}

// readConfirmation makes the suffix that a Confirmation stands for.
func readConfirmation(body []byte) (suffix frame.Suffix, err error) {
	t, err := feedlog.ConfirmedAt(body)
	if err == nil {
		snapshot.AppendSuffix(suffix[:0], t)
	}
	return suffix, err
}
