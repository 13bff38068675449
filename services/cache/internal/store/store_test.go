package store_test

import (
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fatal is what tests and rapid's checks have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// pull moves the index to the world's head, in batches of at most maxBytes; at most n of them.
func pull(t fatal, x *store.Index, w *feedtest.World, maxBytes, n int) (caughtUp bool) {
	t.Helper()
	for range n {
		v := w.Log.View()
		from := x.Log().Head
		if from == v.Head {
			return true
		}
		entries, to := v.After(from, maxBytes)
		if _, err := x.Apply(feedlog.Batch{From: from, To: to, Entries: entries}); err != nil {
			t.Fatal(err)
		}
	}
	return x.Log().Head == w.Log.View().Head
}

// decode is an event as a client would read it.
func decode(t fatal, e *store.Event) *oddscachev1.EventSnapshots {
	t.Helper()
	if e == nil {
		return nil
	}
	b := frame.NewBuilder(0)
	b.Event(&e.Frame)
	b.Snapshots(e.Snapshots, frame.Filter{})
	m := &oddscachev1.EventSnapshots{}
	if err := proto.Unmarshal(b.Message().Bytes(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func key(id feedtest.ID) store.Key { return store.Key{Bookmaker: id.Bookmaker, ID: id.ID} }
