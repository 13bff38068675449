package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// processes are all of which figures are read, in the order of the tables.
var processes = []string{"cache-0", "cache-1", "cache-2", "scraper-0", "scraper-1", "postgres", "bookiesim", "client"}

// report writes what the run showed. Its error is errMissed when a claim does not hold.
func (r *results) report() error {
	page := r.page()
	held := r.verdicts(page.Tables[0])
	if err := page.Text(os.Stdout); err != nil {
		return err
	}
	for what, n := range r.lookups.failed {
		logf("%d times: %s", n, what)
	}
	for what, last := range r.stats.last {
		logf("%s: %s", what, last)
	}
	for _, line := range r.complain {
		logf("in a log: %s", line)
	}
	if r.opts.csv != "" {
		if err := r.writeCSV(r.opts.csv); err != nil {
			return err
		}
	}
	if r.opts.plot != "" {
		if err := r.writePlot(r.opts.plot); err != nil {
			return err
		}
		page.Intro = append(page.Intro, fmt.Sprintf("![latencies, memory, goroutines, revisions behind and database size over the run](%s)",
			filepath.Base(r.opts.plot)))
	}
	if r.opts.markdown != "" {
		if err := os.WriteFile(r.opts.markdown, []byte(page.Markdown()), 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if !held {
		return errMissed
	}
	return nil
}

// page is the report; the first table waits for the verdicts.
func (r *results) page() *report.Report {
	o := r.opts
	page := &report.Report{Title: "Soak", Intro: []string{
		"`make soak` lets the real binaries run as in production, only worse: a scraper and a standby, three caches, Postgres and the " +
			"simulated bookmakers, each a process of its own, and one consumer's program. Odds move all the time, kickoffs pass, so that events " +
			"are evicted and new ones come, ids change. Processes are killed and connections cut at random. Everything is drawn from a seed.",
		"`make soak` writes this page and its picture. `make soak ARGS='-duration 2m'` is a short run that writes nothing; " +
			"`make soak ARGS=-help` lists the settings.",
		fmt.Sprintf("This run: %v from %s UTC, seed %d, a cycle every %v, %d events, a fault every %v on average, %d watches, %d sessions. "+
			"Capacity, measured before the faults with the watches, the sessions and the cycles under way: %.0f lookups/s. Asked for: %.0f/s, in an "+
			"open loop: a latency counts from the instant at which the lookup was due.",
			o.duration, r.began.UTC().Format("2006-01-02 15:04"), o.seed, o.interval, o.events, o.faultEvery, o.watches, o.sessions, r.capacity.Rate(), r.rate),
		fmt.Sprintf("Everything shares one machine with %d cores, whose load averages before the start were %s: latencies are those of programs "+
			"that compete for it, the one that asks included.", runtime.NumCPU(), r.busy),
		"A lookup is one that must be answered: for an event that every cache lists, far from its kickoff. *Not found* counts as an error, " +
			"as does an answer about something else. A session passes the newest revision that it was answered as `min_revision`, at whichever " +
			"cache it is led to, and must never see anything older. Each watch is resumed wherever it is led, and compared with lookups every " +
			"five seconds and with everything in the end. `cache-0` is cut off like the others but never killed, so its memory is that of a " +
			"process that lives through; the others' begins anew with each start.",
	}}
	page.Table("Verdicts", "", "claim", "seen", "")
	r.lookupTable(page)
	r.needTable(page)
	r.faultTable(page)
	return page
}

func (r *results) lookupTable(page *report.Report) {
	t := page.Table("Lookups", "Medians over the windows, and the worst window.", "", "p50", "p99", "longest")
	var p50, p99, longest []float64
	for _, w := range r.windows {
		p50, p99, longest = append(p50, float64(w.p50)/1e6), append(p99, float64(w.p99)/1e6), append(longest, float64(w.longest)/1e6)
	}
	ms := func(v float64) string { return fmt.Sprintf("%.1f ms", v) }
	t.Add("median of the windows", ms(median(p50)), ms(median(p99)), ms(median(longest)))
	t.Add("worst window", ms(slices.Max(p50)), ms(slices.Max(p99)), ms(slices.Max(longest)))
	k := page.Table("What was asked", "", "rpc", "answers")
	for i, kind := range kinds {
		k.Add(kind.name, fmt.Sprint(r.lookups.requested[i].Load()))
	}
	k.Add("GetEvent with min_revision, by sessions", fmt.Sprint(r.stats.responses.Load()))
	k.Add("WatchEvents, messages", fmt.Sprint(r.stats.messages.Load()))
}

func (r *results) needTable(page *report.Report) {
	t := page.Table("What the processes needed", "Mean over the second half of the run, and the change along a straight line fitted to it. "+
		"The live heap is what the last collection left. Postgres is the sum of its processes, shared pages counted once.",
		"process", "starts", "resident", "change", "live heap", "change", "goroutines", "change")
	cells := func(f fit, unit float64) []string {
		if f.n == 0 {
			return []string{"–", "–"}
		}
		return []string{fmt.Sprintf("%.1f", f.mean/unit), fmt.Sprintf("%+.1f %%", 100*f.relative())}
	}
	for _, p := range processes {
		row := []string{p, fmt.Sprint(r.windows[len(r.windows)-1].needs[p].starts)}
		row = append(row, cells(fitLine(r.half(p, func(n need) float64 { return n.rss })), 1e6)...)
		row = append(row, cells(fitLine(r.half(p, func(n need) float64 { return n.heap })), 1e6)...)
		row = append(row, cells(fitLine(r.half(p, func(n need) float64 { return n.goroutines })), 1)...)
		if row[2] != "–" {
			row[2] += " MB"
		}
		if row[4] != "–" {
			row[4] += " MB"
		}
		t.Add(row...)
	}
	first, last := r.windows[0], r.windows[len(r.windows)-1]
	d := page.Table("Revisions and database", "The database grows by the history of odds, which is kept for 14 days.", "", "first window", "last window")
	d.Add("database", report.MB(first.database), report.MB(last.database))
	d.Add("revision", fmt.Sprint(first.revision), fmt.Sprint(last.revision))
	var behind []float64
	for _, w := range r.windows {
		behind = append(behind, float64(w.behind))
	}
	d.Add("most revisions behind: median of the windows, worst window", fmt.Sprintf("%.0f", median(behind)), fmt.Sprintf("%.0f", slices.Max(behind)))
}

func (r *results) faultTable(page *report.Report) {
	t := page.Table("Faults", "Over is when the process was started again and, for a cache, live.", "fault", "times", "longest until over")
	counts, longest := r.happened.counts()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.Add(name, fmt.Sprint(counts[name]), report.Seconds(longest[name]))
	}
	t.Add("kickoffs brought forward", fmt.Sprint(r.changes.kickedOff), "–")
	t.Add("events under a new id at a bookmaker", fmt.Sprint(r.changes.recreated), "–")
	t.Add("events not listed by a bookmaker for a while", fmt.Sprint(r.changes.vanished), "–")
}

// writeCSV writes a row for each window.
func (r *results) writeCSV(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the windows: %w", err)
	}
	head := []string{"second", "asked", "failed", "p50_ms", "p99_ms", "longest_ms", "revisions_behind", "revision", "database_bytes", "events", "faults"}
	for _, p := range processes {
		head = append(head, p+"_rss", p+"_heap", p+"_goroutines", p+"_starts")
	}
	rows := [][]string{head}
	for _, w := range r.windows {
		row := []string{
			fmt.Sprintf("%.0f", w.from.Sub(r.began).Seconds()), fmt.Sprint(w.requested), fmt.Sprint(w.failed), fmt.Sprintf("%.3f", float64(w.p50)/1e6),
			fmt.Sprintf("%.3f", float64(w.p99)/1e6), fmt.Sprintf("%.3f", float64(w.longest)/1e6), fmt.Sprint(w.behind), fmt.Sprint(w.revision),
			fmt.Sprint(w.database), fmt.Sprint(w.events), strings.Join(w.faults, "; "),
		}
		for _, p := range processes {
			n := w.needs[p]
			row = append(row, fmt.Sprintf("%.0f", n.rss), fmt.Sprintf("%.0f", n.heap), fmt.Sprintf("%.0f", n.goroutines), fmt.Sprint(n.starts))
		}
		rows = append(rows, row)
	}
	if err := csv.NewWriter(file).WriteAll(rows); err != nil {
		return fmt.Errorf("writing the windows: %w", err)
	}
	return file.Close()
}
