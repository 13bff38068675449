package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
	"github.com/oddscache/oddscache/test/bench/world"
	"github.com/oddscache/oddscache/test/benchcycle/report"
)

// options are the flags.
type options struct {
	events   int
	many     int
	rounds   int
	slice    time.Duration
	callers  int
	streams  int
	window   int
	only     string
	markdown string
	profile  string
}

// wants reports whether a part was asked for.
func (o options) wants(part string) bool {
	return o.only == "" || strings.Contains(","+o.only+",", ","+part+",")
}

// bench is one run of the program.
type bench struct {
	options
	report       *report.Report
	requirements *report.Table // what the project asks of itself
}

// run measures and reports.
func run(ctx context.Context, o options) error {
	b := &bench{options: o, report: &report.Report{Title: "Benchmarks"}}
	b.intro()
	b.requirements = &report.Table{
		Title: "What the project asks of itself", Note: "Ratios within this run, of medians over the rounds.",
		Head: []string{"what", "asked", "measured", ""},
	}
	if o.wants("lookups") || o.wants("latency") || o.wants("streams") || o.wants("clients") {
		if err := b.contest(ctx); err != nil {
			return err
		}
	}
	if o.wants("inprocess") {
		if err := b.inProcess(ctx); err != nil {
			return err
		}
	}
	if o.wants("apply") || o.wants("memory") {
		if err := b.large(ctx); err != nil {
			return err
		}
	}
	if o.wants("interference") {
		if err := b.interference(ctx); err != nil {
			return err
		}
	}
	b.report.Tables = append([]*report.Table{b.requirements}, b.report.Tables...)
	if err := b.report.Text(os.Stdout); err != nil {
		return err
	}
	if o.markdown == "" {
		return nil
	}
	if err := os.WriteFile(o.markdown, []byte(b.report.Markdown()), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// contest lets all contestants answer the same lookups.
func (b *bench) contest(ctx context.Context) (err error) {
	logProgress("making events")
	w, err := world.New(world.Recorded(), b.events)
	if err != nil {
		return err
	}
	feed, err := contestant.NewFeed(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, feed.Close()) }()
	var all []*contestant.Contestant
	defer func() {
		for _, c := range all {
			err = errors.Join(err, c.Close())
		}
	}()
	cache, err := contestant.NewCache(ctx, feed, b.events)
	if err != nil {
		return err
	}
	all = append(all, cache)
	responses, err := contestant.ReadResponses(ctx, cache, b.events)
	if err != nil {
		return err
	}
	for _, start := range []func() (*contestant.Contestant, error){
		func() (*contestant.Contestant, error) { return contestant.NewBare(responses) },
		func() (*contestant.Contestant, error) { return contestant.NewMarshalling(responses) },
		func() (*contestant.Contestant, error) { return contestant.NewRedis(ctx, responses) },
		func() (*contestant.Contestant, error) { return contestant.NewPostgres(ctx, responses) },
	} {
		c, err := start()
		if errors.Is(err, contestant.ErrMissing) {
			b.report.Intro = append(b.report.Intro, fmt.Sprintf("A contestant is missing: %v.", err))
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	if b.wants("lookups") || b.wants("latency") {
		if err := b.lookups(ctx, all, responses); err != nil {
			return err
		}
	}
	if b.wants("streams") {
		if err := b.pipelines(ctx, all, responses); err != nil {
			return err
		}
	}
	if b.wants("clients") {
		return b.clients(ctx, cache)
	}
	return nil
}

// logProgress tells what is going on; the tables come at the end.
func logProgress(what string) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), what)
}
