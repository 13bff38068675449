package ledger_test

import (
	"errors"
	"testing"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/soak/ledger"
)

func snapshots(version int64) []*oddscachev1.CachedSnapshot {
	return []*oddscachev1.CachedSnapshot{{Bookmaker: "betpawa", BookmakerEventId: "1", SnapshotId: version}}
}

func updated(version int64) *oddscachev1.WatchEventsResponse {
	return &oddscachev1.WatchEventsResponse{Message: &oddscachev1.WatchEventsResponse_Updated{Updated: &oddscachev1.EventUpdated{
		Event: &oddscachev1.Event{SrId: "7"}, Snapshots: snapshots(version),
	}}}
}

func removed() *oddscachev1.WatchEventsResponse {
	return &oddscachev1.WatchEventsResponse{Message: &oddscachev1.WatchEventsResponse_Removed{Removed: &oddscachev1.EventRemoved{SrId: "7"}}}
}

func synced(revision int64) *oddscachev1.WatchEventsResponse {
	return &oddscachev1.WatchEventsResponse{
		Message:   &oddscachev1.WatchEventsResponse_Synced{Synced: &oddscachev1.WatchSynced{}},
		Freshness: &oddscachev1.Freshness{Epoch: "e", Revision: revision},
	}
}

// take takes messages and returns what they came to.
func take(l *ledger.Ledger, messages ...*oddscachev1.WatchEventsResponse) error {
	var errs []error
	for _, m := range messages {
		_, err := l.Take(m)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func expect(l *ledger.Ledger, version, revision int64) error {
	_, err := l.Expect([]*oddscachev1.BatchGetEventsResult{{Event: &oddscachev1.Event{SrId: "7"}, Snapshots: snapshots(version), Found: true}},
		&oddscachev1.Freshness{Epoch: "e", Revision: revision})
	return err
}

func TestLedger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(*ledger.Ledger) error
		want error // nil for nothing
	}{
		{"forward", func(l *ledger.Ledger) error { return take(l, updated(3), synced(3), updated(5), synced(6)) }, nil},
		{"older at a synced", func(l *ledger.Ledger) error { return take(l, updated(5), synced(5), updated(3), synced(6)) }, ledger.ErrBackward},
		{"older and repaired before the synced", func(l *ledger.Ledger) error {
			return take(l, updated(5), synced(5), updated(3), updated(5), synced(6))
		}, nil},
		{"synced goes back", func(l *ledger.Ledger) error { return take(l, synced(5), synced(4)) }, ledger.ErrBackward},
		{"lookup is older", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), expect(l, 4, 6))
		}, ledger.ErrBackward},
		{"lookup is newer, the watch follows", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), expect(l, 7, 8), take(l, synced(6), updated(7), synced(8)))
		}, nil},
		{"lookup is newer, the watch never hears", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), expect(l, 7, 8), take(l, synced(8)))
		}, ledger.ErrGap},
		{"the event was never sent", func(l *ledger.Ledger) error {
			return errors.Join(take(l, synced(5)), expect(l, 4, 5), take(l, synced(5)))
		}, ledger.ErrGap},
		{"the event is gone meanwhile", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), expect(l, 5, 6), take(l, removed(), synced(8)))
		}, nil},
		{"in the end the same", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), l.Compare([]*oddscachev1.EventSnapshots{{Event: &oddscachev1.Event{SrId: "7"}, Snapshots: snapshots(5)}}))
		}, nil},
		{"in the end a removal is missing", func(l *ledger.Ledger) error {
			return errors.Join(take(l, updated(5), synced(5)), l.Compare(nil))
		}, ledger.ErrGap},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.do(ledger.New()); !errors.Is(got, tt.want) || tt.want == nil && got != nil {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
