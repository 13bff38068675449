package evidence

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

const preamble = `# Mapping report

What the mapping makes of recorded answers: which outcomes of a competitor name the same bet as one of BetPawa's
(same market, line and name), and whether the prices agree. Two bookmakers never differ by much on one bet, so a price
that strays is a bet mapped to the wrong market. This page is written by ` + "`make mapping-report`" + `; how to add a
market is described in [mapping.md](mapping.md).
`

// WriteMarkdown writes a report as a page.
func WriteMarkdown(w io.Writer, report []Table) error {
	var b strings.Builder
	b.WriteString(preamble)
	for _, t := range report {
		level := "###"
		if !strings.Contains(t.Title, ": ") {
			level = "##"
		}
		fmt.Fprintf(&b, "\n%s %s\n\n", level, t.Title)
		if t.Note != "" {
			b.WriteString(t.Note + "\n\n")
		}
		markdownRow(&b, t.Head)
		b.WriteString("|" + strings.Repeat(" --- |", len(t.Head)) + "\n")
		for _, row := range t.Rows {
			markdownRow(&b, row)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func markdownRow(b *strings.Builder, cells []string) {
	escape := strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "\n", " ")
	for _, cell := range cells {
		b.WriteString("| " + escape.Replace(cell) + " ")
	}
	b.WriteString("|\n")
}

// WriteText writes a report for a terminal.
func WriteText(w io.Writer, report []Table) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range report {
		fmt.Fprintf(tw, "%s\n", strings.ToUpper(t.Title[:1])+t.Title[1:])
		if t.Note != "" {
			fmt.Fprintf(tw, "%s\n", t.Note)
		}
		fmt.Fprintln(tw, "  "+strings.Join(t.Head, "\t"))
		for _, row := range t.Rows {
			fmt.Fprintln(tw, "  "+strings.Join(row, "\t"))
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
