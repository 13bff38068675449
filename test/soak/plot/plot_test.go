package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/test/soak/plot"
)

func TestPictureIsXMLWithALineForEachStretch(t *testing.T) {
	t.Parallel()
	p := plot.Picture{
		Title: `a <b> & "c"`, Step: 0.5, Marks: []plot.Mark{{At: 1, Color: "red"}},
		Panels: []plot.Panel{{Title: "p99 < 10", Lines: []plot.Line{{Name: "x & y", Values: []float64{1, 2, math.NaN(), 3}}}}},
	}
	lines := 0
	for decoder := xml.NewDecoder(strings.NewReader(p.SVG())); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, is := token.(xml.StartElement); is && start.Name.Local == "polyline" {
			lines++
		}
	}
	if lines != 2 {
		t.Errorf("the line is drawn in %d stretches, want 2: it has a hole", lines)
	}
}
