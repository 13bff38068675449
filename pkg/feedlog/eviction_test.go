package feedlog_test

import (
	"errors"
	"testing"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

func TestCycleEndsEvictWhatTheyName(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	entries := []*feedlog.Entry{
		event(t, 1, "gone"), content(t, 2, "gone"), confirmation(t, 3, "gone"), event(t, 4, "stays"), content(t, 5, "stays"),
		cycleEnd(t, 6, noon, feedlog.EventKey("gone"), feedlog.SnapshotKey("betpawa", "gone"), feedlog.EventKey("never was")),
	}
	if err := l.Append(0, 6, entries); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, l, "4 event stays", "5 snapshot betpawa/stays", "6 cycle_end cycle 6")
	// An entry that is newer than the cycle end is another one of the same name.
	if err := l.Append(6, 8, []*feedlog.Entry{event(t, 7, "gone")}); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, l, "4 event stays", "5 snapshot betpawa/stays", "6 cycle_end cycle 6", "7 event gone")
	if l.Lookup(feedlog.EventKey("gone")).Revision != 7 || l.Lookup(feedlog.ConfirmationKey("betpawa", "gone")) != nil {
		t.Error("lookups do not show the log")
	}
}

func TestCycleEndsAreKeptSevenDays(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	for day := range 10 {
		at := noon.AddDate(0, 0, day)
		if err := l.Append(int64(day), int64(day)+1, []*feedlog.Entry{cycleEnd(t, int64(day)+1, at)}); err != nil {
			t.Fatal(err)
		}
	}
	v := l.View() // ends at days 2 to 9 are within seven days of the last
	if v.Entries != 8 || v.Floor != 2 || v.LastCycle.Revision != 10 {
		t.Errorf("%d entries, floor %d, last cycle at %d", v.Entries, v.Floor, v.LastCycle.Revision)
	}
	entries, _ := v.After(0, 1<<30)
	restored, err := feedlog.Restore(nil, entries, v.Head, v.Floor)
	if err != nil {
		t.Fatal(err)
	}
	if r := restored.View(); r.Digest != v.Digest || r.Entries != v.Entries || r.Head != v.Head || r.Floor != v.Floor || r.Bytes != v.Bytes {
		t.Errorf("restored %+v, want %+v", r, v)
	}
	if _, err := feedlog.Restore(nil, []*feedlog.Entry{event(t, 1, "1"), event(t, 1, "2")}, 2, 0); !errors.Is(err, feedlog.ErrOrder) {
		t.Errorf("two entries of one revision were restored: %v", err)
	}
}
