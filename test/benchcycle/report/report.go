// Package report puts a benchmark's figures beside what they are asked to be, as a table for the terminal and as
// Markdown.
//
// It is not for measuring.
package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Table is one table of a report.
type Table struct {
	Title string
	Note  string // a paragraph below the title; may be empty
	Head  []string
	Rows  [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Report is tables in order.
type Report struct {
	Title  string
	Intro  []string // paragraphs
	Tables []*Table
}

// Table begins a new table.
func (r *Report) Table(title, note string, head ...string) *Table {
	t := &Table{Title: title, Note: note, Head: head}
	r.Tables = append(r.Tables, t)
	return t
}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	for _, t := range r.Tables {
		fmt.Fprintf(w, "\n%s\n", t.Title)
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(columns, strings.Join(t.Head, "\t"))
		for _, row := range t.Rows {
			fmt.Fprintln(columns, strings.Join(row, "\t"))
		}
		if err := columns.Flush(); err != nil {
			return fmt.Errorf("writing the table %q: %w", t.Title, err)
		}
	}
	return nil
}

// Markdown is the report as a page.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", r.Title)
	for _, p := range r.Intro {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "\n## %s\n\n", t.Title)
		if t.Note != "" {
			fmt.Fprintf(&b, "%s\n\n", t.Note)
		}
		line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
		line(t.Head)
		line(strings.Split(strings.Repeat("---,", len(t.Head)-1)+"---", ","))
		for _, row := range t.Rows {
			line(row)
		}
	}
	return b.String()
}

// Verdict says whether a figure is what it is asked to be.
func Verdict(ok bool) string {
	if ok {
		return "met"
	}
	return "MISSED"
}

// Seconds is a duration in seconds.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// Millis is a duration in milliseconds.
func Millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// MB is a number of bytes in 10^6.
func MB(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// Count is a number.
func Count[T int | int64](n T) string { return fmt.Sprint(n) }
