package replica_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// TestATransactionOfSeveralBatchesIsVisibleAsOne looks at lookups between the batches of a transaction that is larger
// than one of them.
func TestATransactionOfSeveralBatchesIsVisibleAsOne(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		large := feedtest.Market("3743", .5, 2)
		write := func(name string) {
			large.Name = name + strings.Repeat(" ", 200_000)
			b.world.Tx(func() {
				for i := range 8 { // 24 snapshots of 200 kB: five batches
					e := &oddscachev1.Event{SrId: fmt.Sprint(i), BetpawaEventId: fmt.Sprint("p", i), Kickoff: timestamppb.New(b.world.Now)}
					for _, bookmaker := range []string{"bet9ja", "sportybet"} {
						e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: fmt.Sprint(i)})
					}
					b.world.PutEvent(e)
					b.world.PutSnapshot(feedtest.ID{Bookmaker: feedtest.Betpawa, ID: fmt.Sprint("p", i)}, large)
					b.world.PutSnapshot(feedtest.ID{Bookmaker: "bet9ja", ID: fmt.Sprint(i)}, large)
					b.world.PutSnapshot(feedtest.ID{Bookmaker: "sportybet", ID: fmt.Sprint(i)}, large)
				}
			})
		}
		write("first")
		b.settle(time.Second)
		b.follows(store.Live)
		first := b.world.Log.View().Head

		batches := make(chan int64, 100) // revisions that lookups saw before each further batch
		b.source.Inject(func(m any) feedtest.Fault {
			if batch, is := m.(feedlog.Batch); is && batch.From > first {
				<-time.After(100 * time.Millisecond) // the replica has done with the batch before
				v, err := b.store.View()
				if err != nil {
					t.Error(err)
				}
				batches <- v.Revision()
			}
			return feedtest.Pass
		})
		write("second")
		b.settle(3 * time.Second)
		b.follows(store.Live)
		if got := b.source.Acked(); got != b.world.Log.View().Head {
			t.Errorf("acknowledged %d, want %d", got, b.world.Log.View().Head)
		}
		close(batches)
		n := 0
		for revision := range batches {
			n++
			if revision != first {
				t.Errorf("between two batches of a transaction lookups saw revision %d, want %d", revision, first)
			}
		}
		if n < 3 {
			t.Errorf("only %d batches followed the first", n)
		}
	})
}
