package feedmodel

import (
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Few keys make moves, evictions and their overlaps frequent.
var (
	allSrIDs = []string{"101", "102", "103", "104"}
	rivals   = []ID{{"sportybet", "s1"}, {"sportybet", "s2"}, {"bet9ja", "b1"}, {"bet9ja", "b2"}}
	paws     = []string{"p1", "p2", "p3"}
	allIDs   = append([]ID{{betpawa, "p1"}, {betpawa, "p2"}, {betpawa, "p3"}}, rivals...)
)

// replicas is how many caches follow.
const replicas = 3

// begin is where the domain's clock starts.
var begin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Bounds of a history's length, before the operations that every history ends with.
const (
	minOps = 55
	maxOps = 90
)

// Histories draws histories. In those with drops batches are lost now and then, which no transport does.
func Histories(drops bool) *rapid.Generator[[]Op] {
	return rapid.Custom(func(t *rapid.T) []Op {
		ops := rapid.SliceOfN(rapid.Custom(drawOp), minOps, maxOps).Draw(t, "ops")
		for i := range ops {
			if drops && i%16 == 8 {
				ops[i] = Op{Kind: Drop, Replica: drawReplica(t), N: rapid.IntRange(0, 2).Draw(t, "batch")}
			}
		}
		return append(ops, Op{Kind: Settle})
	})
}

// weighted is the kinds by how often they are drawn.
var weighted = func() []Kind {
	var kinds []Kind
	for _, w := range []struct {
		kind  Kind
		times int
	}{
		{PutEvent, 12},
		{Postpone, 5},
		{PutContent, 13},
		{Confirm, 10},
		{EndCycle, 7},
		{Hours, 5},
		{Clocks, 4},
		{Wait, 5},
		{Tap, 8},
		{Deliver, 12},
		{Cut, 8},
		{Sever, 4},
		{Freeze, 1},
		{Thaw, 1},
		{Restart, 4},
		{Kill, 1},
		{Stall, 1},
		{CrashBefore, 1},
		{CrashAfter, 1},
		{UnknownDone, 1},
		{UnknownNot, 1},
		{Backup, 1},
		{Restore, 1},
		{Watch, 3},
		{Settle, 2},
	} {
		for range w.times {
			kinds = append(kinds, w.kind)
		}
	}
	// rapid prefers what stands in front; mixed, that is no kind in particular.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
}()

func drawOp(t *rapid.T) Op {
	o := Op{Kind: rapid.SampledFrom(weighted).Draw(t, "kind")}
	switch o.Kind {
	case PutEvent, Postpone, PutContent, Confirm, EndCycle:
		tx := []Op{drawWrite(t, o.Kind)}
		if o.Kind != EndCycle && rapid.IntRange(0, 4).Draw(t, "alone") == 0 {
			tx = append(tx, drawTx(t)...)
		}
		o.Tx = tx
	case CrashBefore, CrashAfter, UnknownDone, UnknownNot:
		o.Tx = drawTx(t)
	case Hours:
		// Mostly what makes an event's grace pass; sometimes what a cycle end is kept for.
		o.D = time.Duration(rapid.SampledFrom([]int{1, 1, 2, 2, 3, 90, 180}).Draw(t, "hours")) * time.Hour
	case Clocks: // as often right as wrong
		o.D = time.Duration(rapid.SampledFrom([]int{0, 0, 0, 0, 3, 30, 72, -3}).Draw(t, "hours")) * time.Hour
		o.Yes = rapid.Bool().Draw(t, "noticed")
	case Wait:
		o.D = time.Duration(rapid.SampledFrom([]int{1, 50, 200, 1000, 3000, 5000}).Draw(t, "ms")) * time.Millisecond
	case Tap:
		o.Replica, o.Yes = drawReplica(t), rapid.IntRange(0, 2).Draw(t, "open") == 0
	case Deliver:
		o.Replica, o.N = drawReplica(t), rapid.IntRange(1, 4).Draw(t, "messages")
	case Cut, Drop:
		o.Replica, o.N = drawReplica(t), rapid.IntRange(0, 6).Draw(t, "messages")
	case Sever, Freeze, Thaw, Watch:
		o.Replica = drawReplica(t)
	case Restart:
		o.Replica, o.Yes = drawReplica(t), rapid.Bool().Draw(t, "slow")
	case Stall:
		o.D = time.Duration(rapid.SampledFrom([]int{500, 2500, 3200, 30000}).Draw(t, "ms")) * time.Millisecond
	case Kill:
		o.N = rapid.IntRange(0, 1).Draw(t, "same")
	case Restore:
		o.Yes = rapid.Bool().Draw(t, "timeline")
	case Backup, Settle:
	}
	return o
}

func drawReplica(t *rapid.T) int { return rapid.IntRange(0, replicas-1).Draw(t, "replica") }

func drawTx(t *rapid.T) []Op {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Op {
		return drawWrite(t, rapid.SampledFrom([]Kind{PutEvent, PutContent, PutContent, Confirm, Postpone}).Draw(t, "kind"))
	}), 1, 5).Draw(t, "tx")
}

func drawWrite(t *rapid.T, kind Kind) Op {
	o := Op{Kind: kind}
	switch kind {
	case PutEvent:
		o.Event, o.N = drawEvent(t), drawKickoff(t)
	case Postpone:
		o.SrID, o.N = rapid.SampledFrom(allSrIDs).Draw(t, "sr_id"), drawKickoff(t)
	case PutContent, Confirm:
		o.ID = rapid.SampledFrom(allIDs).Draw(t, "id")
		o.N = rapid.IntRange(0, 3).Draw(t, "markets")
	default: // EndCycle
		o.Yes = rapid.IntRange(0, 3).Draw(t, "succeeds") > 0
	}
	return o
}

// drawKickoff draws hours from the domain's now, which is grace away from eviction and from none.
func drawKickoff(t *rapid.T) int { return rapid.IntRange(-3, 6).Draw(t, "hours") }

func drawEvent(t *rapid.T) *oddscachev1.Event {
	e := &oddscachev1.Event{
		SrId:       rapid.SampledFrom(allSrIDs).Draw(t, "sr_id"),
		Country:    rapid.SampledFrom([]string{"Kenya", "Nigeria"}).Draw(t, "country"),
		Tournament: "Premier League",
	}
	e.Name = "Event " + e.GetSrId()
	if i := rapid.IntRange(0, len(paws)).Draw(t, "betpawa"); i < len(paws) {
		e.BetpawaEventId = paws[i]
	}
	for _, bookmaker := range []string{"bet9ja", "sportybet"} {
		of := slices.DeleteFunc(slices.Clone(rivals), func(id ID) bool { return id.Bookmaker != bookmaker })
		if i := rapid.IntRange(0, len(of)).Draw(t, bookmaker); i < len(of) {
			e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: of[i].ID})
		}
	}
	return e
}
