package watch_test

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
)

// kind is what a step of a history does.
type kind int

const (
	write   kind = iota // to the world
	follow              // a replica catches up
	swap                // a replica is rebuilt from the source's log
	take                // the consumer takes some messages
	cut                 // the consumer goes to another replica, or the same
	restart             // the consumer forgets everything and begins again
	pass                // time goes by
)

// step is one of a drawn history.
type step struct {
	kind     kind
	op       feedtest.Op
	replica  int
	n        int
	atSynced bool // resume at the newest synced, not at the newest message
}

// String is the step in a failed test's output.
func (s step) String() string {
	name := []string{"write", "follow", "swap", "take", "cut", "restart", "pass"}[s.kind]
	if s.kind == write {
		return "write " + s.op.Name
	}
	return fmt.Sprintf("%s on %d, %d, at synced %t", name, s.replica, s.n, s.atSynced)
}

// plan is a history.
type plan struct {
	filter filter
	steps  []step
}

var kickoffs = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func drawPlan(t *rapid.T) plan {
	p := plan{}
	of := func(name string, n int) bool { return rapid.IntRange(1, n).Draw(t, name) == 1 }
	w := &p.filter.watch
	if of("country", 4) {
		w.Country = "Kenya"
	}
	if of("tournament", 6) {
		w.Tournament = "Cup"
	}
	if of("from", 3) {
		w.From = kickoffs.Add(2 * time.Hour)
	}
	if of("to", 4) {
		w.To = kickoffs.Add(5 * time.Hour)
	}
	if of("ids", 4) {
		w.SrIDs = map[string]struct{}{"101": {}, "103": {}, "999": {}}
	}
	if of("bookmakers", 3) {
		w.Bookmakers = []string{"sportybet", "betpawa"}
	}
	if of("markets", 4) {
		p.filter.marketIDs = []string{"3743", "5000"}
	}
	w.Confirmations = of("confirmations", 2)
	kinds := []kind{write, write, write, write, follow, follow, follow, swap, take, take, take, cut, cut, restart, pass}
	for range rapid.IntRange(20, 100).Draw(t, "steps") {
		s := step{
			kind: rapid.SampledFrom(kinds).Draw(t, "kind"), replica: rapid.IntRange(0, 1).Draw(t, "replica"),
			n: rapid.IntRange(1, 6).Draw(t, "n"), atSynced: rapid.Bool().Draw(t, "at synced"),
		}
		if s.kind == write {
			s.op = feedtest.DrawOp(t)
		}
		p.steps = append(p.steps, s)
		if of("farewell", 20) {
			p.steps = append(p.steps, drawFarewell(t)...)
		}
	}
	return p
}

// drawFarewell draws what a replica finds hard to get right: an event that passes most filters, or none, becomes one of
// the other kind and is evicted, while replicas and consumer see all of it or only a part.
func drawFarewell(t *rapid.T) []step {
	id := rapid.SampledFrom(feedtest.AllSrIDs()).Draw(t, "farewell of")
	face := func(country string, hours int) step {
		e := &oddscachev1.Event{SrId: id, Country: country, Tournament: "Cup", Kickoff: timestamppb.New(kickoffs.Add(time.Duration(hours) * time.Hour))}
		return step{kind: write, op: feedtest.Op{Name: fmt.Sprint("farewell ", e), Do: func(w *feedtest.World) { w.PutEvent(e) }}}
	}
	faces := []step{face("Kenya", 3), face("Nigeria", 1)}
	if rapid.Bool().Draw(t, "the other way") {
		slices.Reverse(faces)
	}
	end := step{kind: write, op: feedtest.Op{Name: "farewell", Do: func(w *feedtest.World) { w.EndCycle(kickoffs.Add(4 * time.Hour)) }}}
	var steps []step
	for _, s := range []step{faces[0], faces[1], end} {
		steps = append(steps, s)
		for range rapid.IntRange(0, 3).Draw(t, "between") {
			steps = append(steps, step{
				kind:    rapid.SampledFrom([]kind{follow, follow, take, cut}).Draw(t, "kind"),
				replica: rapid.IntRange(0, 1).Draw(t, "replica"), n: rapid.IntRange(1, 6).Draw(t, "n"),
			})
		}
	}
	return steps
}
