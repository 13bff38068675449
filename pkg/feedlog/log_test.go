package feedlog_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

func TestAppendRefusesWhole(t *testing.T) {
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

// What a refused block found must not be taken for what the next one confirms.
func TestARefusedBlockLeavesNothing(t *testing.T) {
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

// A note stays with its key, whatever is put there, until the key is removed.
func TestNotesStayWithTheirKeys(t *testing.T) {
	t.Parallel()
	noting := &noter{}
	l := feedlog.New(noting)
	if err := l.Append(0, 5, []*feedlog.Entry{
		content(t, 1, "a"), confirmation(t, 2, "a"), content(t, 3, "b"), content(t, 4, "a"), confirmation(t, 5, "a"),
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(5, 7, []*feedlog.Entry{confirmation(t, 6, "b"), cycleEnd(t, 7, noon, feedlog.SnapshotKey("betpawa", "a"))}); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(7, 8, []*feedlog.Entry{content(t, 8, "a")}); err != nil {
		t.Fatal(err)
	}
	want := []string{"1: nothing", "2: put at 1", "3: nothing", "4: put at 1", "5: put at 1", "6: put at 3", "7: nothing", "8: nothing"}
	if diff := cmp.Diff(want, noting.seen); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// noter notes when a key was put first, and keeps what it finds.
type noter struct{ seen []string }

func (n *noter) Put(e *feedlog.Entry, note *any) {
	if *note == nil {
		n.seen = append(n.seen, fmt.Sprintf("%d: nothing", e.Revision))
		*note = fmt.Sprintf("put at %d", e.Revision)
		return
	}
	n.seen = append(n.seen, fmt.Sprintf("%d: %v", e.Revision, *note))
}

func (*noter) Removed(feedlog.Key, any, *feedlog.Entry) {}

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

// listener writes down what it is told.
type listener []string

func (l *listener) Put(e *feedlog.Entry, _ *any) { *l = append(*l, fmt.Sprint("put ", e.Key)) }
func (l *listener) Removed(k feedlog.Key, _ any, by *feedlog.Entry) {
	*l = append(*l, fmt.Sprintf("removed %v by %d", k, by.Revision))
}

func TestListenerIsToldInOrder(t *testing.T) {
	t.Parallel()
	var told listener
	l := feedlog.New(&told)
	err := l.Append(0, 3, []*feedlog.Entry{
		event(t, 1, "1"), content(t, 2, "a"),
		cycleEnd(t, 3, noon, feedlog.SnapshotKey("betpawa", "a"), feedlog.EventKey("1"), feedlog.EventKey("2")),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "[put event 1 put snapshot betpawa/a put cycle_end cycle 3 removed snapshot betpawa/a by 3 removed event 1 by 3]"
	if got := fmt.Sprint([]string(told)); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}
