package store_test

import (
	"testing"

	"github.com/oddscache/oddscache/pkg/feedlog"
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
			decoded, err := feedlog.DecodeBatch(encoded)
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
		var message []byte
		for _, part := range feedlog.EncodeBatch(feedlog.Batch{From: at, To: to, Entries: entries}) {
			message = append(message, part...)
		}
		body, _ := feedlog.BatchIn(message)
		batches, bytes, at = append(batches, body), bytes+int64(len(body)), to
	}
	return batches, bytes
}
