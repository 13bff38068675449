package main

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of the picture.
const (
	pictureWidth = 10 * vg.Inch
	panelHeight  = 1.7 * vg.Inch
	legendWidth  = 1.2 * vg.Inch
	margin       = vg.Length(8)
)

// pictureTitle explains the marks.
const pictureTitle = "Soak: lines are kills (red), stops (orange), cut or frozen connections (blue), Postgres killed (black)"

// lineColors tell the lines of a panel apart.
var lineColors = []color.Color{
	color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 255},
	color.RGBA{R: 0xd6, G: 0x27, B: 0x28, A: 255},
	color.RGBA{R: 0x2c, G: 0xa0, B: 0x2c, A: 255},
	color.RGBA{R: 0x94, G: 0x67, B: 0xbd, A: 255},
	color.RGBA{R: 0xff, G: 0x7f, B: 0x0e, A: 255},
	color.RGBA{R: 0x8c, G: 0x56, B: 0x4b, A: 255},
}

// panel is figures over time that share an axis, beginning at 0.
type panel struct {
	title   string
	figures []figure
}

// figure has a value for each window. A NaN is a hole.
type figure struct {
	name   string
	values []float64
}

// panels show what lookups took, what the processes needed, and how far caches were behind.
func (r *results) panels() []panel {
	values := func(of func(*window) float64) (all []float64) {
		for _, w := range r.windows {
			all = append(all, of(w))
		}
		return all
	}
	needs := func(unit float64, of func(need) float64, names ...string) (all []figure) {
		for _, name := range names {
			series := r.series(name, of)
			for i := range series {
				series[i] /= unit
			}
			all = append(all, figure{name, series})
		}
		return all
	}
	services := processes[:5:5]
	return []panel{
		{"lookups, milliseconds from the instant they were due", []figure{
			{"p50", values(func(w *window) float64 { return float64(w.p50) / 1e6 })},
			{"p99", values(func(w *window) float64 { return float64(w.p99) / 1e6 })},
		}},
		{"errors that the retrying client saw, a window", []figure{
			{"errors", values(func(w *window) float64 { return float64(w.failed) })},
		}},
		{"resident memory, MB", needs(1e6, func(n need) float64 { return n.rss }, append(services, "postgres")...)},
		{"live heap, MB, as the last collection left it", needs(1e6, func(n need) float64 { return n.heap }, services...)},
		{"goroutines", needs(1, func(n need) float64 { return n.goroutines }, services...)},
		{"most revisions that a cache was behind", []figure{
			{"revisions", values(func(w *window) float64 { return float64(w.behind) })},
		}},
		{"database, MB", []figure{{"size", values(func(w *window) float64 {
			if w.database == 0 {
				return math.NaN()
			}
			return float64(w.database) / 1e6
		})}}},
	}
}

// mark is an instant at which a fault began.
type mark struct {
	minute float64
	color  color.Color
}

// marks are the faults, in the colors that the title explains.
func (r *results) marks() (all []mark) {
	for _, e := range r.happened.events {
		c := color.NRGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 90}
		switch {
		case e.name == "kill Postgres":
			c = color.NRGBA{A: 90}
		case strings.HasPrefix(e.name, "kill"):
			c = color.NRGBA{R: 255, A: 90}
		case strings.HasPrefix(e.name, "stop"):
			c = color.NRGBA{R: 255, G: 165, A: 90}
		}
		all = append(all, mark{e.at.Sub(r.began).Minutes(), c})
	}
	return all
}

// draw draws one panel; step is the minutes between two values.
func (p panel) draw(step, minutes float64, marks []mark) (*plot.Plot, plot.Legend, error) {
	drawn, legend := plot.New(), plot.NewLegend()
	drawn.Title.Text, drawn.Title.TextStyle.Font.Size = p.title, vg.Length(10)
	drawn.X.Min, drawn.X.Max, drawn.Y.Min = 0, minutes, 0
	drawn.X.Tick.Marker = plot.TickerFunc(func(lo, hi float64) []plot.Tick {
		ticks := plot.DefaultTicks{}.Ticks(lo, hi)
		for i, t := range ticks {
			if !t.IsMinor() {
				ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 4, 64) + " min"
			}
		}
		return ticks
	})
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	drawn.Add(grid)
	legend.Top, legend.Left, legend.Padding, legend.TextStyle.Font.Size = true, true, vg.Length(3), vg.Length(9)
	highest := 1.0
	for i, f := range p.figures {
		var all plotter.XYs
		for n, stretch := range f.stretches(step) {
			line, err := plotter.NewLine(stretch)
			if err != nil {
				return nil, legend, fmt.Errorf("drawing %s: %w", f.name, err)
			}
			line.Color = lineColors[i%len(lineColors)]
			drawn.Add(line)
			if n == 0 {
				legend.Add(f.name, line)
			}
			all = append(all, stretch...)
		}
		for _, point := range all {
			highest = max(highest, point.Y)
		}
	}
	drawn.X.Min, drawn.X.Max, drawn.Y.Min, drawn.Y.Max = 0, minutes, 0, highest*1.05
	for _, m := range marks {
		line, err := plotter.NewLine(plotter.XYs{{X: m.minute, Y: 0}, {X: m.minute, Y: drawn.Y.Max}})
		if err != nil {
			return nil, legend, fmt.Errorf("drawing a fault: %w", err)
		}
		line.Color = m.color
		drawn.Add(line)
	}
	return drawn, legend, nil
}

// stretches are the figure's values between its holes, each in the middle of its window.
func (f figure) stretches(step float64) (all []plotter.XYs) {
	var stretch plotter.XYs
	for i, v := range f.values {
		if !math.IsNaN(v) {
			stretch = append(stretch, plotter.XY{X: (float64(i) + 0.5) * step, Y: v})
		}
		if last := i == len(f.values)-1; len(stretch) > 0 && (last || math.IsNaN(v)) {
			all, stretch = append(all, stretch), nil
		}
	}
	return all
}

// picture draws the panels one below the other.
func (r *results) picture() (*vgsvg.Canvas, error) {
	plot.DefaultFont.Variant = "Sans"
	step := r.opts.window.Minutes()
	panels := r.panels()
	plots, legends := make([][]*plot.Plot, len(panels)), make([]plot.Legend, len(panels))
	for i, p := range panels {
		drawn, legend, err := p.draw(step, step*float64(len(r.windows)), r.marks())
		if err != nil {
			return nil, err
		}
		plots[i], legends[i] = []*plot.Plot{drawn}, legend
	}
	plots[0][0].Title.Text = pictureTitle + "\n\n" + plots[0][0].Title.Text
	svg := vgsvg.New(pictureWidth, panelHeight*vg.Length(len(panels)))
	whole := draw.New(svg)
	whole.SetColor(color.White)
	whole.Fill(whole.Path())
	whole = draw.Crop(whole, margin, -margin, margin, -margin)
	tiles := draw.Tiles{Rows: len(panels), Cols: 1, PadY: margin}
	for i, canvas := range plot.Align(plots, tiles, draw.Crop(whole, 0, -legendWidth, 0, 0)) {
		plots[i][0].Draw(canvas[0])
		beside := canvas[0]
		beside.Min.X, beside.Max.X = whole.Max.X-legendWidth+margin, whole.Max.X
		beside.Max.Y -= 2 * margin
		legends[i].Draw(beside)
	}
	return svg, nil
}

// writePlot draws the picture, and the same as PNG where a program for that is installed.
func (r *results) writePlot(path string) error {
	svg, err := r.picture()
	if err != nil {
		return err
	}
	var text strings.Builder
	if _, err := svg.WriteTo(&text); err != nil {
		return fmt.Errorf("encoding the picture: %w", err)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	png := strings.TrimSuffix(path, ".svg") + ".png"
	out, err := exec.Command("rsvg-convert", "-z", "1.5", "-o", png, path).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		logf("no rsvg-convert (Debian: librsvg2-bin): the picture is %s alone", path)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("converting the picture: %w\n%s", err, out)
	}
	return nil
}
