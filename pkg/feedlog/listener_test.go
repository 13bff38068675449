package feedlog_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

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

// listener writes down its calls.
type listener []string

func (l *listener) Put(e *feedlog.Entry, _ *any) { *l = append(*l, fmt.Sprint("put ", e.Key)) }

func (l *listener) Removed(k feedlog.Key, _ any, by *feedlog.Entry) {
	*l = append(*l, fmt.Sprintf("removed %v by %d", k, by.Revision))
}

func TestListenerIsNotifiedInOrder(t *testing.T) {
	t.Parallel()
	var calls listener
	l := feedlog.New(&calls)
	err := l.Append(0, 3, []*feedlog.Entry{
		event(t, 1, "1"), content(t, 2, "a"),
		cycleEnd(t, 3, noon, feedlog.SnapshotKey("betpawa", "a"), feedlog.EventKey("1"), feedlog.EventKey("2")),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "[put event 1 put snapshot betpawa/a put cycle_end cycle 3 removed snapshot betpawa/a by 3 removed event 1 by 3]"
	if got := fmt.Sprint([]string(calls)); got != want {
		t.Errorf("notified of %s, want %s", got, want)
	}
}
