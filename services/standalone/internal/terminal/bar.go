package terminal

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// barWidth is the width of the bar itself, without the texts beside it, in columns.
const barWidth = 40

// barMeter draws a bar for the running cycle; lines are printed above it.
type barMeter struct {
	bars   *mpb.Progress
	bar    *mpb.Bar // nil between cycles
	stored atomic.Int64
}

// newBarMeter draws on out, which the options may treat as a terminal even if it is none.
func newBarMeter(out io.Writer, options ...mpb.ContainerOption) *barMeter {
	options = append([]mpb.ContainerOption{mpb.WithOutput(out), mpb.WithWidth(barWidth)}, options...)
	return &barMeter{bars: mpb.New(options...)}
}

func (m *barMeter) begin(cycle int, events int64) {
	m.stored.Store(0)
	m.bar = m.bars.AddBar(events,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(
			decor.Name(fmt.Sprintf("cycle %d ", cycle)),
			decor.CountersNoUnit("%d/%d events "),
		),
		mpb.AppendDecorators(
			decor.Any(func(decor.Statistics) string { return fmt.Sprintf(" %d stored ", m.stored.Load()) }),
			decor.Elapsed(decor.ET_STYLE_MMSS),
		),
	)
}

func (m *barMeter) advance(fetched, stored int64) {
	m.stored.Add(stored)
	if m.bar != nil && fetched > 0 {
		m.bar.SetCurrent(fetched)
	}
}

func (m *barMeter) end() {
	if m.bar == nil {
		return
	}
	// A cycle may end before all events were fetched; a bar that is complete already ignores this.
	m.bar.Abort(true)
	m.bar.Wait()
	m.bar = nil
}

func (m *barMeter) close() { m.bars.Shutdown() }
