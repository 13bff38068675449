// Package plot draws figures over time as an SVG picture: panels one below the other, each with lines, and marks that go
// through all of them.
//
// It draws what it is given; it is not for other shapes than lines.
package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Line is one figure over time. A NaN is a hole.
type Line struct {
	Name   string
	Values []float64 // one for each step
}

// Panel is lines that share an axis beginning at 0.
type Panel struct {
	Title string
	Lines []Line
}

// Picture is panels over the same time.
type Picture struct {
	Title  string
	Step   float64 // minutes between two values
	Panels []Panel
	Marks  []Mark
}

// Mark is an instant at which something happened.
type Mark struct {
	At    float64 // minutes
	Color string
}

// Sizes in pixels.
const (
	width  = 960
	left   = 76
	right  = 190
	top    = 40
	height = 120 // of a panel
	gap    = 46
)

// colors tell the lines of a panel apart.
var colors = []string{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f"}

// SVG writes the picture.
func (p Picture) SVG() string {
	var b strings.Builder
	total := top + len(p.Panels)*(height+gap)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="DejaVu Sans, sans-serif" font-size="11">`+"\n",
		width, total, width, total)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%d" y="20" font-size="14">%s</text>`+"\n", left, html.EscapeString(p.Title))
	steps := 0
	for _, panel := range p.Panels {
		for _, l := range panel.Lines {
			steps = max(steps, len(l.Values))
		}
	}
	for i, panel := range p.Panels {
		p.panel(&b, panel, float64(top+i*(height+gap)+12), float64(steps)*p.Step)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws one panel whose upper edge is at y. minutes is what the picture's width stands for.
func (p Picture) panel(b *strings.Builder, panel Panel, y, minutes float64) {
	const plotted = width - left - right
	largest := 0.0
	for _, l := range panel.Lines {
		for _, v := range l.Values {
			if !math.IsNaN(v) {
				largest = math.Max(largest, v)
			}
		}
	}
	unit := nice(largest)
	ceiling := math.Max(math.Ceil(largest/unit), 1) * unit
	x := func(minute float64) float64 { return left + minute/minutes*plotted }
	at := func(v float64) float64 { return y + height - v/ceiling*height }
	fmt.Fprintf(b, `<text x="%d" y="%.1f" font-weight="bold">%s</text>`+"\n", left, y-6, html.EscapeString(panel.Title))
	for v := 0.0; v <= ceiling*1.001; v += unit {
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n",
			left, left+plotted, at(v), at(v), left-6, at(v)+4, math.Round(v*1000)/1000)
	}
	for m, every := 0.0, nice(minutes*2)/2; m <= minutes*1.001; m += every {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%g min</text>`+"\n", x(m), y+height+14, math.Round(m*100)/100)
	}
	for _, m := range p.Marks {
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-opacity="0.35"/>`+"\n", x(m.At), x(m.At), y, y+height, m.Color)
	}
	for i, l := range panel.Lines {
		color := colors[i%len(colors)]
		var points []string
		flush := func() {
			if len(points) > 0 {
				fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`+"\n", color, strings.Join(points, " "))
			}
			points = nil
		}
		for k, v := range l.Values {
			if math.IsNaN(v) {
				flush()
				continue
			}
			points = append(points, fmt.Sprintf("%.1f,%.1f", x((float64(k)+0.5)*p.Step), at(v)))
		}
		flush()
		fmt.Fprintf(b, `<text x="%d" y="%.1f" fill="%s">%s</text>`+"\n", left+plotted+10, y+12+14*float64(i), color, html.EscapeString(l.Name))
	}
}

// nice is 1, 2 or 5 times a power of ten, such that a largest value needs three to six of them.
func nice(largest float64) float64 {
	if largest <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(largest)))
	for _, part := range []float64{0.2, 0.5, 1} {
		if largest/(unit*part) <= 6 {
			return unit * part
		}
	}
	return unit * 2
}
