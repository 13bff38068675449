// Package terminal shows what cycles do to somebody who watches: a progress bar where the output is a terminal, plain
// lines where it is a file or a pipe, and one summary line a cycle in both.
//
// It is not for logs, which have a writer of their own (but see Display.Write), and it asks nobody: what there is to
// show is handed to it.
package terminal

import (
	"io"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8/cwriter"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Display shows cycles. Use New, and Close when nothing is shown any more. Its methods may be called by several
// goroutines.
type Display struct {
	mu    sync.Mutex // guards what follows, and keeps lines whole
	out   io.Writer  // where lines go; above the bar where there is one
	meter meter
	cycle int    // number of the cycle that is shown, counted from 1 since the display was made
	id    string // its cycle_id
}

// meter shows how far the running cycle is.
type meter interface {
	// begin is called when the number of events is known.
	begin(cycle int, events int64)
	// advance is called with the events fetched and the snapshots stored so far.
	advance(fetched, stored int64)
	// end is called when the cycle has ended, and once more at the very end.
	end()
	// close waits until everything is written.
	close()
}

// New makes a display on out, with a bar if out is a terminal.
func New(out io.Writer) *Display {
	if file, ok := out.(*os.File); ok && cwriter.IsTerminal(int(file.Fd())) {
		bar := newBarMeter(out)
		return &Display{out: bar.bars, meter: bar}
	}
	return &Display{out: out, meter: &lineMeter{out: out}}
}

// Line prints one line.
func (d *Display) Line(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lineLocked(text)
}

// lineLocked prints a line. A terminal that went away is no reason to stop the services, so errors are dropped.
func (d *Display) lineLocked(text string) { _, _ = io.WriteString(d.out, text+"\n") }

// Write prints b, which has to be whole lines, for a log handler that shares the terminal.
func (d *Display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.Write(b) //nolint:wrapcheck // an io.Writer hands on what the writer below it says
}

// Show shows one step of a cycle, all but its end: Ended does that, since the line also tells about the cache.
func (d *Display) Show(p *oddscachev1.WatchProgressResponse) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.GetCycleId() != d.id {
		d.cycle++
		d.id = p.GetCycleId()
		d.meter.end()
	}
	switch step := p.GetStep().(type) {
	case *oddscachev1.WatchProgressResponse_DiscoveryCompleted:
		d.lineLocked(discoveryLine(d.cycle, step.DiscoveryCompleted))
		d.meter.begin(d.cycle, step.DiscoveryCompleted.GetEvents())
	case *oddscachev1.WatchProgressResponse_EventsFetched:
		d.meter.advance(step.EventsFetched.GetEventsDone(), 0)
	case *oddscachev1.WatchProgressResponse_BatchStored:
		d.meter.advance(0, step.BatchStored.GetChanged()+step.BatchStored.GetConfirmed())
	}
}

// Ended shows the end of a cycle: what it did, and what the cache holds now. stats may be nil when the cache did not
// answer.
func (d *Display) Ended(c *oddscachev1.Cycle, stats *oddscachev1.GetStatsResponse) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.GetCycleId() != d.id {
		d.cycle++
		d.id = c.GetCycleId()
	}
	d.meter.end()
	d.lineLocked(summaryLine(d.cycle, c, stats))
}

// Close ends the bar and waits until everything is written.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.meter.end()
	d.meter.close()
}
