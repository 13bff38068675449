package storetest

import (
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// CheckRestore releases the writer, acquires again and requires the very same log.
func (b *Testbed) CheckRestore(t TB) {
	t.Helper()
	before := b.Log().View()
	if err := b.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
	b.MustAcquire(t)
	if diff := cmp.Diff(Shape(before), Shape(b.Log().View())); diff != "" {
		t.Errorf("the log rebuilt from Postgres differs from the live one (-live +rebuilt):\n%s", diff)
	}
}

// Shape is what two equal logs have in common, for cmp.Diff.
func Shape(v *feedlog.View) map[string]any {
	entries, _ := v.After(0, 1<<40)
	frames := make(map[string]string, len(entries))
	for _, e := range entries {
		frames[e.Key.String()] = string(e.Frame)
	}
	return map[string]any{"head": v.Head, "floor": v.Floor, "entries": v.Entries, "digest": v.Digest, "frames": frames}
}

// Rows counts the rows of a table.
func (b *Testbed) Rows(t TB, table string) int {
	t.Helper()
	var n int
	if err := b.Pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatalf("counting %s: %v", table, err)
	}
	return n
}

// Snapshot decodes what the log holds of a snapshot; nil if nothing.
func (b *Testbed) Snapshot(t TB, bookmaker odds.Bookmaker, id string) *oddscachev1.CachedSnapshot {
	t.Helper()
	e := b.Log().Lookup(feedlog.SnapshotKey(string(bookmaker), id))
	if e == nil {
		return nil
	}
	var s oddscachev1.CachedSnapshot
	if err := proto.Unmarshal(e.Body, &s); err != nil {
		t.Fatalf("decoding snapshot %s/%s: %v", bookmaker, id, err)
	}
	return &s
}

// Keys are the log's keys in order of their revisions.
func (b *Testbed) Keys(after int64) []string {
	entries, _ := b.Log().View().After(after, 1<<40)
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key.String()
	}
	return keys
}
