package store_test

import (
	"runtime"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// BenchmarkFullSync decodes and applies what a full sync brings: 1,000 events of three bookmakers, in whole batches.
func BenchmarkFullSync(b *testing.B) {
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 170}
	source := store.NewIndex("e1")
	bulk.fill(b, source, 0, 1000)
	batches, bytes := encoded(source)
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		x := store.NewIndex("e1")
		for _, encoded := range batches {
			decoded, err := feedlog.DecodeBatch(encoded, nil)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := x.Apply(decoded); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// encoded is an index's log as the feed sends it.
func encoded(x *store.Index) (batches [][]byte, bytes int64) {
	for at := int64(0); at < x.Log().Head; {
		entries, to := x.Log().After(at, feedlog.MaxBatchBytes)
		body := encode(feedlog.Batch{From: at, To: to, Entries: entries})
		batches, bytes, at = append(batches, body), bytes+int64(len(body)), to
	}
	return batches, bytes
}

// encode is a batch as it arrives.
func encode(b feedlog.Batch) []byte {
	var message []byte
	for _, part := range feedlog.EncodeBatch(b) {
		message = append(message, part...)
	}
	body, _ := feedlog.BatchIn(message)
	return body
}

// BenchmarkConfirmation decodes and applies a cycle in which nothing changed: a confirmation of each snapshot of 10,000
// events. A confirmation must not cost what its content would.
func BenchmarkConfirmation(b *testing.B) {
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja"}, markets: 4}
	x := store.NewIndex("e1")
	const events = 10_000
	bulk.fill(b, x, 0, events)
	var confirmations int
	var allocated uint64
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		batches := bulk.confirm(b, events)
		runtime.ReadMemStats(&before)
		b.StartTimer()
		for _, encoded := range batches {
			decoded, err := feedlog.DecodeBatch(encoded, nil)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := x.Apply(decoded); err != nil {
				b.Fatal(err)
			}
			confirmations += len(decoded.Entries)
		}
		b.StopTimer()
		runtime.ReadMemStats(&after)
		allocated += after.TotalAlloc - before.TotalAlloc
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(confirmations), "ns/confirmation")
	b.ReportMetric(float64(allocated)/float64(confirmations), "B/confirmation")
}

// BenchmarkEviction decodes and applies a cycle end that evicts half of 20,000 events of five bookmakers.
func BenchmarkEviction(b *testing.B) {
	bulk := &bulk{bookmakers: []string{"betpawa", "sportybet", "bet9ja", "msport", "betking"}, markets: 4}
	x := store.NewIndex("e1")
	const events = 20_000
	bulk.fill(b, x, 0, events/2)
	for b.Loop() {
		b.StopTimer()
		bulk.fill(b, x, events/2, events)
		e := bulk.cycleEnd(b, events/2, events)
		encoded := encode(feedlog.Batch{From: bulk.head - 1, To: bulk.head, Entries: []*feedlog.Entry{e}})
		runtime.GC()
		b.StartTimer()
		decoded, err := feedlog.DecodeBatch(encoded, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := x.Apply(decoded); err != nil {
			b.Fatal(err)
		}
	}
	keys := b.N * events / 2 * (1 + len(bulk.bookmakers))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(keys), "ns/key")
}

// confirm is a cycle that confirms every snapshot of events 0..events-1, as the feed sends it.
func (b *bulk) confirm(t testing.TB, events int) (batches [][]byte) {
	t.Helper()
	from := b.head
	var entries []*feedlog.Entry
	add := func(e *feedlog.Entry, err error) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	at := timestamppb.New(bulkKickoff.Add(time.Duration(from) * time.Millisecond))
	for event := range events {
		for _, bookmaker := range b.bookmakers {
			b.head++
			k := b.id(bookmaker, event)
			add(feedlog.NewConfirmation(b.head, &oddscachev1.Confirmation{
				Snapshot: &oddscachev1.SnapshotKey{Bookmaker: k.Bookmaker, BookmakerEventId: k.ID}, LastConfirmedAt: at,
			}))
		}
	}
	const perBatch = 10_000 // about as many as a message of the feed has room for
	for len(entries) > 0 {
		some := entries[:min(perBatch, len(entries))]
		entries = entries[len(some):]
		to := some[len(some)-1].Revision
		batches, from = append(batches, encode(feedlog.Batch{From: from, To: to, Entries: some})), to
	}
	return batches
}
