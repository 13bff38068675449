package main

import (
	"math"
	"strings"

	"github.com/oddscache/oddscache/test/soak/plot"
)

// picture shows the run: what lookups took, what the processes needed, how far caches were behind.
func (r *results) picture() plot.Picture {
	figure := func(of func(*window) float64) (values []float64) {
		for _, w := range r.windows {
			values = append(values, of(w))
		}
		return values
	}
	scaled := func(unit float64, of func(need) float64, names ...string) (lines []plot.Line) {
		for _, p := range names {
			values := r.series(p, of)
			for i := range values {
				values[i] /= unit
			}
			lines = append(lines, plot.Line{Name: p, Values: values})
		}
		return lines
	}
	pair := processes[:5]
	p := plot.Picture{
		Title: "Soak: lines are kills (red), stops (orange), cut or frozen connections (blue), Postgres killed (black)",
		Step:  r.opts.window.Minutes(),
		Panels: []plot.Panel{
			{Title: "lookups, milliseconds from the instant they were due", Lines: []plot.Line{
				{Name: "p50", Values: figure(func(w *window) float64 { return float64(w.p50) / 1e6 })},
				{Name: "p99", Values: figure(func(w *window) float64 { return float64(w.p99) / 1e6 })},
			}},
			{Title: "errors that the retrying client saw, a window", Lines: []plot.Line{
				{Name: "errors", Values: figure(func(w *window) float64 { return float64(w.failed) })},
			}},
			{Title: "resident memory, MB", Lines: scaled(1e6, func(n need) float64 { return n.rss }, append(pair[:5:5], "postgres")...)},
			{Title: "live heap, MB, as the last collection left it", Lines: scaled(1e6, func(n need) float64 { return n.heap }, pair...)},
			{Title: "goroutines", Lines: scaled(1, func(n need) float64 { return n.goroutines }, pair...)},
			{Title: "most revisions that a cache was behind", Lines: []plot.Line{
				{Name: "revisions", Values: figure(func(w *window) float64 { return float64(w.behind) })},
			}},
			{Title: "database, MB", Lines: []plot.Line{
				{Name: "size", Values: figure(func(w *window) float64 {
					if w.database == 0 {
						return math.NaN()
					}
					return float64(w.database) / 1e6
				})},
			}},
		},
	}
	for _, e := range r.happened.events {
		color := "#1f77b4"
		switch {
		case e.name == "kill Postgres":
			color = "black"
		case strings.HasPrefix(e.name, "kill"):
			color = "red"
		case strings.HasPrefix(e.name, "stop"):
			color = "orange"
		}
		p.Marks = append(p.Marks, plot.Mark{At: e.at.Sub(r.began).Minutes(), Color: color})
	}
	return p
}
