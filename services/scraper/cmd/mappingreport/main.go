// Command mappingreport reads recorded answers and shows what the mapping makes of them: as text on standard output
// and, with -markdown, as a page too. It exits with 1 if a price strays or a name is not BetPawa's.
//
// It is not part of the running scraper and sends no requests to bookmakers.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "mappingreport: %v\n", err)
		os.Exit(1)
	}
}

// errEvidence is what a report ends with that shows a bet mapped to the wrong market.
var errEvidence = errors.New("the recorded prices speak against the mapping")

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mappingreport", flag.ContinueOnError)
	folder := flags.String("recorded", "", "folder that holds one folder of recorded answers an event")
	page := flags.String("markdown", "", "file to write the report to as Markdown; none if empty")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	if *folder == "" {
		return errors.New("-recorded names no folder")
	}
	table, err := mapping.Default()
	if err != nil {
		return err
	}
	events, err := evidence.ReadRecorded(*folder, table)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("%s holds no recorded answers", *folder)
	}
	report := evidence.Report(table, events)
	if err := evidence.WriteText(out, report); err != nil {
		return err
	}
	if *page != "" {
		if err := writePage(*page, report); err != nil {
			return err
		}
	}
	if n := evidence.Strays(table, events); n > 0 {
		return fmt.Errorf("%w: %d outcomes", errEvidence, n)
	}
	return nil
}

func writePage(name string, report []evidence.Table) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("creating the page: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return evidence.WriteMarkdown(file, report)
}
