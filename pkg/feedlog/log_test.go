package feedlog_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fatal is what tests and rapid's checks have in common.
type fatal interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t fatal, e *feedlog.Entry, err error) *feedlog.Entry {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func event(t fatal, revision int64, srID string) *feedlog.Entry {
	t.Helper()
	e, err := feedlog.NewEvent(revision, &oddscachev1.Event{SrId: srID, Name: fmt.Sprint("written at ", revision)})
	return must(t, e, err)
}

func content(t fatal, revision int64, id string) *feedlog.Entry {
	t.Helper()
	h := snapshot.Header{SnapshotID: revision, Bookmaker: "betpawa", EventID: id, CapturedAt: noon}
	e, err := feedlog.NewSnapshot(revision, snapshot.Append(nil, h, nil, noon))
	return must(t, e, err)
}

func confirmation(t fatal, revision int64, id string) *feedlog.Entry {
	t.Helper()
	e, err := feedlog.NewConfirmation(revision, &oddscachev1.Confirmation{
		Snapshot:        &oddscachev1.SnapshotKey{Bookmaker: "betpawa", BookmakerEventId: id},
		LastConfirmedAt: timestamppb.New(noon.Add(time.Duration(revision) * time.Second)),
	})
	return must(t, e, err)
}

func cycleEnd(t fatal, revision int64, at time.Time, removed ...feedlog.Key) *feedlog.Entry {
	t.Helper()
	end := &oddscachev1.CycleEnd{CycleId: fmt.Sprint("cycle ", revision), FinishedAt: timestamppb.New(at)}
	for _, k := range removed {
		if k.Kind == feedlog.KindEvent {
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: k.ID}})
		} else {
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_Snapshot{
				Snapshot: &oddscachev1.SnapshotKey{Bookmaker: k.Bookmaker, BookmakerEventId: k.ID},
			}})
		}
	}
	e, err := feedlog.NewCycleEnd(revision, end)
	return must(t, e, err)
}

// keysOf are the keys of all entries, in order.
func keysOf(v *feedlog.View) []string {
	entries, _ := v.After(0, 1<<30)
	keys := []string{}
	for _, e := range entries {
		keys = append(keys, fmt.Sprintf("%d %v", e.Revision, e.Key))
	}
	return keys
}

func wantKeys(t *testing.T, l *feedlog.Log, want ...string) {
	t.Helper()
	v := l.View()
	if got := keysOf(v); fmt.Sprint(got) != fmt.Sprint(want) || v.Entries != len(want) {
		t.Errorf("log has %q (%d entries), want %q", got, v.Entries, want)
	}
}

func TestAppendRejectsWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		from, to int64
		entries  []*feedlog.Entry
		want     error
	}{
		{"behind the head", 1, 4, []*feedlog.Entry{event(t, 3, "1")}, feedlog.ErrGap},
		{"beyond the head", 3, 4, []*feedlog.Entry{event(t, 4, "1")}, feedlog.ErrGap},
		{"backwards", 2, 1, nil, feedlog.ErrGap},
		{"before the block", 2, 4, []*feedlog.Entry{event(t, 2, "1")}, feedlog.ErrOrder},
		{"behind the block", 2, 4, []*feedlog.Entry{event(t, 3, "1"), event(t, 5, "2")}, feedlog.ErrOrder},
		{"descending", 2, 4, []*feedlog.Entry{event(t, 4, "1"), event(t, 3, "2")}, feedlog.ErrOrder},
		{"twice the same", 2, 4, []*feedlog.Entry{event(t, 3, "1"), event(t, 3, "2")}, feedlog.ErrOrder},
		{"no content", 2, 5, []*feedlog.Entry{event(t, 3, "1"), confirmation(t, 4, "b")}, feedlog.ErrNoContent},
		{"content that goes", 2, 5, []*feedlog.Entry{cycleEnd(t, 3, noon, feedlog.SnapshotKey("betpawa", "a")), confirmation(t, 4, "a")}, feedlog.ErrNoContent},
		{"content behind", 2, 5, []*feedlog.Entry{confirmation(t, 3, "b"), content(t, 4, "b")}, feedlog.ErrNoContent},
	} {
		l := feedlog.New(nil)
		if err := l.Append(0, 2, []*feedlog.Entry{event(t, 1, "1"), content(t, 2, "a")}); err != nil {
			t.Fatal(err)
		}
		before := l.View()
		if err := l.Append(test.from, test.to, test.entries); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if after := l.View(); after != before {
			t.Errorf("%s: the log changed to %q", test.name, keysOf(after))
		}
	}
}

// TestConfirmationsOfOneBlock confirms, in the block that brings it, content that comes before and after another
// confirmation: what a full sync looks like.
func TestConfirmationsOfOneBlock(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	err := l.Append(0, 6, []*feedlog.Entry{
		content(t, 1, "a"), confirmation(t, 2, "a"), content(t, 3, "b"), confirmation(t, 4, "b"), content(t, 5, "c"), confirmation(t, 6, "c"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := l.View(); v.Entries != 6 {
		t.Errorf("%d entries, want 6", v.Entries)
	}
}

// What a rejected block found must not be taken for what the next one confirms.
func TestARejectedBlockLeavesNothing(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	if err := l.Append(0, 2, []*feedlog.Entry{content(t, 1, "a"), content(t, 2, "b")}); err != nil {
		t.Fatal(err)
	}
	err := l.Append(2, 5, []*feedlog.Entry{confirmation(t, 3, "b"), confirmation(t, 4, "a"), confirmation(t, 5, "nobody")})
	if !errors.Is(err, feedlog.ErrNoContent) {
		t.Fatalf("got %v, want ErrNoContent", err)
	}
	if err := l.Append(2, 4, []*feedlog.Entry{content(t, 3, "a"), confirmation(t, 4, "a")}); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, l, "2 snapshot betpawa/b", "3 snapshot betpawa/a", "4 confirmation betpawa/a")
	if err := l.Append(4, 5, []*feedlog.Entry{content(t, 5, "a")}); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, l, "2 snapshot betpawa/b", "5 snapshot betpawa/a") // with the confirmation of what stood there
}

func TestCompaction(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	block := func(to int64, entries ...*feedlog.Entry) {
		t.Helper()
		if err := l.Append(l.View().Head, to, entries); err != nil {
			t.Fatal(err)
		}
	}
	block(4, event(t, 1, "1"), content(t, 2, "a"), confirmation(t, 3, "a"), event(t, 4, "2"))
	wantKeys(t, l, "1 event 1", "2 snapshot betpawa/a", "3 confirmation betpawa/a", "4 event 2")
	early := l.View()
	block(6, event(t, 5, "1"), confirmation(t, 6, "a"))
	wantKeys(t, l, "2 snapshot betpawa/a", "4 event 2", "5 event 1", "6 confirmation betpawa/a")
	block(7, content(t, 7, "a")) // drops the confirmation of what was before
	wantKeys(t, l, "4 event 2", "5 event 1", "7 snapshot betpawa/a")
	block(9) // revisions that nothing is left of
	if v := l.View(); v.Head != 9 || v.Entries != 3 {
		t.Errorf("head %d, %d entries", v.Head, v.Entries)
	}
	if got := fmt.Sprint(keysOf(early)); got != "[1 event 1 2 snapshot betpawa/a 3 confirmation betpawa/a 4 event 2]" {
		t.Errorf("an old view changed to %s", got)
	}
	select {
	case <-early.Superseded():
	default:
		t.Error("an old view does not know that it is old")
	}
}

func TestAfterBoundsBytes(t *testing.T) {
	t.Parallel()
	l := feedlog.New(nil)
	var entries []*feedlog.Entry
	for i := range 10 {
		entries = append(entries, event(t, int64(i)+1, fmt.Sprint(i)))
	}
	if err := l.Append(0, 12, entries); err != nil {
		t.Fatal(err)
	}
	v, size := l.View(), len(entries[0].Frame)
	for _, test := range []struct {
		after    int64
		maxBytes int
		n        int
		to       int64
	}{
		{0, 1, 1, 1},
		{0, 3 * size, 3, 3},
		{4, 3*size + 1, 3, 7},
		{8, 1 << 20, 2, 12}, // all there are lead to the head
		{10, 1, 0, 12},
		{12, 1, 0, 12},
	} {
		got, to := v.After(test.after, test.maxBytes)
		if len(got) != test.n || to != test.to {
			t.Errorf("after %d, %d bytes: %d entries to %d, want %d to %d", test.after, test.maxBytes, len(got), to, test.n, test.to)
		}
	}
}
