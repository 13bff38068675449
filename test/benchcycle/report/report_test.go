package report_test

import (
	"strings"
	"testing"

	"github.com/oddscache/oddscache/test/benchcycle/report"
)

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report.Report{Title: "Cycles", Intro: []string{"One run."}}
	table := r.Table("Figures", "In seconds.", "figure", "measured")
	table.Add("cycle", "70.1")
	table.Add("writing", "2")
	const markdown = `# Cycles

One run.

## Figures

In seconds.

| figure | measured |
| --- | --- |
| cycle | 70.1 |
| writing | 2 |
`
	if got := r.Markdown(); got != markdown {
		t.Errorf("Markdown is\n%s\nwant\n%s", got, markdown)
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if want := "\nFigures\nfigure   measured\ncycle    70.1\nwriting  2\n"; text.String() != want {
		t.Errorf("text is %q, want %q", text.String(), want)
	}
}
