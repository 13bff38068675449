package terminal

import (
	"fmt"
	"io"
)

// quarters is how often a cycle says how far it is.
const quarters = 4

// lineMeter prints a line after each quarter of a cycle's events.
type lineMeter struct {
	out      io.Writer
	cycle    int
	events   int64
	reported int64 // quarters printed so far
}

func (m *lineMeter) begin(cycle int, events int64) { m.cycle, m.events, m.reported = cycle, events, 0 }

func (m *lineMeter) advance(fetched, _ int64) {
	if m.events <= 0 {
		return
	}
	done := fetched * quarters / m.events
	if done <= m.reported {
		return
	}
	m.reported = done
	fmt.Fprintf(m.out, "cycle %d: fetched %d of %d events\n", m.cycle, fetched, m.events)
}

func (m *lineMeter) end() { m.events = 0 }

func (m *lineMeter) close() {}
