package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestFigureWithAHoleIsDrawnInStretches(t *testing.T) {
	t.Parallel()
	got := figure{"x", []float64{math.NaN(), 1, 2, math.NaN(), math.NaN(), 3}}.stretches(0.5)
	if len(got) != 2 || len(got[0]) != 2 || len(got[1]) != 1 || got[0][0].X != 0.75 || got[1][0].Y != 3 {
		t.Errorf("stretches %v", got)
	}
}

func TestPictureIsXMLThatNamesEveryFigure(t *testing.T) {
	t.Parallel()
	r := &results{opts: options{window: 10 * time.Second}, happened: &happened{events: []incident{{name: "kill a cache"}}}}
	for i := range 5 {
		r.windows = append(r.windows, &window{p50: time.Millisecond, p99: time.Duration(i) * time.Millisecond, failed: i})
	}
	svg, err := r.picture()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if _, err := svg.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(text.String())); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range r.panels() {
		if !strings.Contains(text.String(), p.title) {
			t.Errorf("no panel %q", p.title)
		}
	}
	if !strings.Contains(text.String(), "p99") {
		t.Error("the legend does not name the figures")
	}
}
