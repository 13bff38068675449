package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// within is what is asked of work inside the cache, which the Go benchmarks of its packages measure.
type within struct {
	benchmark string // its name in the benchmarks' output
	unit      string
	what      string
	most      float64
}

func requirementsWithin() []within {
	return []within{
		{"BenchmarkLookup/sr_id", "ns/op", "lookup by SportRadar's id among 100,000 events, ns", 150},
		{"BenchmarkLookup/betpawa_event_id", "ns/op", "lookup by BetPawa's id, ns", 150},
		{"BenchmarkLookup/competitor_event", "ns/op", "lookup by a competitor's id, ns", 150},
		{"BenchmarkLookup/competitor_event", "allocs/op", "allocations of a lookup", 0},
		{"BenchmarkOneMarket", "ns/op", "filter of one market in three snapshots, ns", 1000},
		{"BenchmarkConfirmation", "ns/confirmation", "confirmation, decoded and applied, ns", 1000},
		{"BenchmarkConfirmation", "B/confirmation", "bytes allocated for a confirmation, whatever its snapshot's size", 512},
	}
}

// inProcess runs the Go benchmarks of the cache's packages and judges their medians.
func (b *bench) inProcess(ctx context.Context) error {
	logProgress("the cache's own benchmarks")
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^Benchmark(Lookup|OneMarket|Confirmation)$", "-benchmem",
		"-benchtime=300ms", fmt.Sprint("-count=", max(5, b.rounds)), "./services/cache/internal/store", "./services/cache/internal/frame")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("running %v: %w", cmd.Args, err)
	}
	t := b.report.Table("Inside the cache", "Go benchmarks of its packages. Lookups ask for the 100,000 events in random order, "+
		"so that they wait for memory; beside them stands what one step through as much memory takes on this machine.",
		"what", "unit", "median")
	measured, order := parseBenchmarks(out)
	for _, name := range order {
		if strings.HasSuffix(name.unit, "/op") && name.unit != "ns/op" || name == (figure{"BenchmarkConfirmation", "ns/op"}) {
			continue // judged below, or of a whole cycle
		}
		t.Add(strings.TrimPrefix(name.benchmark, "Benchmark"), name.unit, fmt.Sprintf("%.1f", middle(measured[name])))
	}
	for _, one := range requirementsWithin() {
		values := measured[figure{one.benchmark, one.unit}]
		if len(values) == 0 {
			return fmt.Errorf("%s told no %s", one.benchmark, one.unit)
		}
		b.requireAtMost(one.what, one.most, middle(values))
	}
	return nil
}

func middle(values []float64) float64 { return median(values, func(v float64) float64 { return v }) }

// figure is one thing that one benchmark measures.
type figure struct{ benchmark, unit string }

// parseBenchmarks reads the output of go test: name, iterations, then pairs of value and unit.
func parseBenchmarks(out []byte) (all map[figure][]float64, order []figure) {
	all = make(map[figure][]float64)
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if cut := strings.LastIndexByte(name, '-'); cut > 0 { // the number of processors
			name = name[:cut]
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			f := figure{name, fields[i+1]}
			if all[f] == nil {
				order = append(order, f)
			}
			all[f] = append(all[f], value)
		}
	}
	return all, order
}
