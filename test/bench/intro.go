package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// intro says what was measured where.
func (b *bench) intro() {
	b.report.Intro = []string{
		"Written by `make bench`. Do not edit.",
		fmt.Sprintf("%s, %d CPUs, %s; load average before the run %s. Client and gRPC servers are one process, as both cost the same "+
			"two cores either way; Redis and Postgres are processes of their own, whose CPU time is counted too. Everybody is asked over "+
			"loopback TCP (Postgres over its Unix socket) and answers the same bytes, %d events with the sizes of recorded ones: three "+
			"bookmakers, 519 markets, 1,268 outcomes. The client sends requests that were encoded before and takes answers as bytes.",
			cpuModel(), runtime.NumCPU(), runtime.Version(), loadAverage(), b.events),
		fmt.Sprintf("Contestants take turns, %v each, in %d interleaved rounds after one that is thrown away; figures are medians. Other "+
			"programs may run on the machine: ratios count, not the absolute figures.", b.slice, b.rounds),
		"What limits what, by profiles: a lookup by key waits once for memory (the table's line; a step through 32 MB stands beside it). An " +
			"answer with one market waits for the three snapshots' tables, markets and headers, which the bare server does not have. A full " +
			"sync writes all bytes to memory that the process never had, hashes them and walks through every market once; decoding goes " +
			"on beside applying, so it needs the second core. A confirmation is one map lookup, one step each in three trees and its share of " +
			"the event's new state. Beside lookups, the feed's work goes on in bursts of a quarter of a millisecond with rests four times " +
			"as long, an eviction's and a full sync's alike; what lookups wait for then is the collector, which marks both states of a " +
			"full sync. [What is missed](benchmarks-limits.md) has a page of its own, with what was tried.",
	}
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
