package obs

import (
	"fmt"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewRegistry returns a registry for one service, with the metrics of the Go runtime, of the process and of the
// build. Two services in one process have one each; the runtime's and the process's figures are then in both.
func NewRegistry(service string) (*prometheus.Registry, error) {
	build := ReadBuild()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "oddscache_build_info",
		Help: "What the running binary was built from; always 1.",
		ConstLabels: prometheus.Labels{
			"service": service, "version": build.Version, "revision": build.Revision, "go": build.Go,
		},
	})
	info.Set(1)
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		info, goCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering the process's metrics: %w", err)
		}
	}
	return registry, nil
}

// goCollector is the usual one, and go_gc_heap_live_bytes: what is really in use, which an estimate can be compared with.
func goCollector() prometheus.Collector {
	live := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(live))
}
