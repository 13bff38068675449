package feedmodel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// coverage is what one history brought about.
type coverage struct {
	operations, quiet int
	resumes, fulls    int
	takeover          bool
	restored          bool

	evicted, moved, postponed, confirmed []span // what transactions did
	resumedEviction, resumedMove         bool
	resumedPostponement                  bool
	corrected                            bool
	fullDuringConfirmations, cutFull     bool
	tooOld                               bool
}

// span is a committed block (from, to] and when it was written.
type span struct {
	epoch    string
	from, to int64
}

func newCoverage() *coverage { return &coverage{} }

// wrote notes what a committed transaction did.
func (c *coverage) wrote(w *world, from, to int64, did effect) {
	c.corrected = c.corrected || did.corrected
	t, _ := w.db.read()
	s := span{t.epoch, from, to}
	for is, list := range map[*[]span]bool{&c.evicted: did.evicted, &c.moved: did.moved, &c.postponed: did.postponed, &c.confirmed: did.confirmed} {
		if list && to > from {
			*is = append(*is, s)
		}
	}
}

// streams notes what the streams of a history went across.
func (c *coverage) streams(streams []*history.Stream) {
	for _, s := range streams {
		if s.Start == nil {
			continue
		}
		epoch, head := s.Start.GetEpoch(), s.Start.GetHeadRevision()
		if !s.Full() {
			c.resumes++
			across := func(spans []span) bool {
				return slices.ContainsFunc(spans, func(x span) bool {
					return x.epoch == epoch && x.to > s.Subscribe.GetRevision() && x.to <= head
				})
			}
			c.resumedEviction = c.resumedEviction || across(c.evicted)
			c.resumedMove = c.resumedMove || across(c.moved)
			c.resumedPostponement = c.resumedPostponement || across(c.postponed)
			continue
		}
		c.fulls++
		if s.Start.GetReason().String() == "START_REASON_TOO_OLD" {
			c.tooOld = true
		}
		batches, reached := 0, int64(0)
		for _, m := range s.Messages {
			if m.Progress.GetCaughtUp() {
				break
			}
			if m.Batch != nil {
				batches, reached = batches+1, m.Batch.To
			}
		}
		if batches > 0 && !s.CaughtUp {
			c.cutFull = true
		}
		if slices.ContainsFunc(c.confirmed, func(x span) bool { return x.epoch == epoch && x.to > head && x.to <= reached }) {
			c.fullDuringConfirmations = true
		}
	}
}

// Coverage adds histories up.
type Coverage struct {
	Histories  int
	operations []int
	classes    map[string]int
	resumes    int
	fulls      int
	quiet      int
}

// required are the classes that at least one history in a hundred must have.
var required = []string{
	"resume across an eviction", "resume across a move", "resume across a postponement",
	"FULL during confirmations", "cut inside a FULL", "takeover", "stamp or cutoff of the future corrected",
}

// Add adds a history.
func (c *Coverage) Add(h *coverage) {
	if c.classes == nil {
		c.classes = make(map[string]int)
	}
	c.Histories++
	c.operations = append(c.operations, h.operations)
	c.resumes, c.fulls, c.quiet = c.resumes+h.resumes, c.fulls+h.fulls, c.quiet+h.quiet
	for class, is := range map[string]bool{
		required[0]: h.resumedEviction, required[1]: h.resumedMove, required[2]: h.resumedPostponement,
		required[3]: h.fullDuringConfirmations, required[4]: h.cutFull, required[5]: h.takeover, required[6]: h.corrected,
		"history lost": h.restored, "FULL because of age": h.tooOld,
	} {
		if is {
			c.classes[class]++
		}
	}
}

// Median is the median number of operations.
func (c *Coverage) Median() int {
	slices.Sort(c.operations)
	return c.operations[len(c.operations)/2]
}

// String is the table that a test prints.
func (c *Coverage) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d histories, median of %d operations, %d quiet points, %d resumes, %d full syncs\n",
		c.Histories, c.Median(), c.quiet, c.resumes, c.fulls)
	for _, class := range append(slices.Clone(required), "history lost", "FULL because of age") {
		fmt.Fprintf(&b, "%6.2f %%  %s\n", 100*float64(c.classes[class])/float64(c.Histories), class)
	}
	return b.String()
}

// Missing are the required classes that fewer than one history in a hundred had.
func (c *Coverage) Missing() []string {
	return slices.DeleteFunc(slices.Clone(required), func(class string) bool { return 100*c.classes[class] >= c.Histories })
}
