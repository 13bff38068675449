// Package reload keeps a value that is made of files, and makes another one when their contents change: certificates and
// tokens are replaced without a restart.
//
// Files are read every few seconds and compared by content. That sees what modification times and notifications miss
// (mounted secrets are swapped by a symlink), and a few kilobytes cost nothing. It is not for files that grow.
package reload

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DefaultEvery is how often files are read.
const DefaultEvery = 5 * time.Second

// Options say what is kept. Name, Files and Logger are needed.
type Options struct {
	// Name tells values apart in logs and metrics: "tls", "tokens".
	Name string
	// Files are read together; what they hold makes one value. An empty path stands for no file and reads as nil.
	Files []string
	// Every is how often they are read. DefaultEvery when 0.
	Every time.Duration
	// Logger gets a line for each change, and for each content that could not be used.
	Logger *slog.Logger
}

// Value is the newest value that could be made of the files. Use Open.
type Value[T any] struct {
	options Options
	parse   func(contents [][]byte) (T, error)
	current atomic.Pointer[T]
	reloads *prometheus.CounterVec

	mu    sync.Mutex        // held while reading
	tried [sha256.Size]byte // content that was last parsed, or the failure to read it
}

// Open reads the files and makes the value, or fails. parse is not called by two goroutines at once; its errors are
// logged, and so hold nothing that is secret.
func Open[T any](o Options, parse func(contents [][]byte) (T, error)) (*Value[T], error) {
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	v := &Value[T]{options: o, parse: parse, reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oddscache_reloads_total",
		Help: "Changes of files with certificates or tokens, by whether the new content is used. " +
			"After a failed one the old content stays in use.",
		ConstLabels: prometheus.Labels{"files": o.Name},
	}, []string{"result"})}
	for _, result := range []string{"used", "failed"} {
		v.reloads.WithLabelValues(result)
	}
	contents, sum, err := read(o.Files)
	if err == nil {
		var first T
		if first, err = parse(contents); err == nil {
			v.tried = sum
			v.current.Store(&first)
			return v, nil
		}
	}
	return nil, fmt.Errorf("reading the files of %s: %w", o.Name, err)
}

// Get returns the value.
func (v *Value[T]) Get() T { return *v.current.Load() }

// Run reads the files again and again until ctx ends, and returns nil then.
func (v *Value[T]) Run(ctx context.Context) error {
	tick := time.NewTicker(v.options.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.Refresh(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// Refresh reads the files now. Content that cannot be used is counted and logged once, and leaves the value as it is.
func (v *Value[T]) Refresh(ctx context.Context) {
	v.mu.Lock()
	defer v.mu.Unlock()
	contents, sum, err := read(v.options.Files)
	if sum == v.tried {
		return
	}
	v.tried = sum
	var next T
	if err == nil {
		next, err = v.parse(contents)
	}
	if err != nil {
		v.reloads.WithLabelValues("failed").Inc()
		v.options.Logger.ErrorContext(ctx, "changed files cannot be used, the old content stays in use",
			"files", v.options.Name, "error", err)
		return
	}
	v.current.Store(&next)
	v.reloads.WithLabelValues("used").Inc()
	v.options.Logger.InfoContext(ctx, "changed files are in use", "files", v.options.Name)
}

// read reads the files and sums their contents up. The sum of a failure is one of its text, so that a failure that
// lasts is one change.
func read(files []string) (contents [][]byte, sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, file := range files {
		var content []byte
		if file != "" {
			if content, err = os.ReadFile(file); err != nil {
				return nil, sha256.Sum256([]byte(err.Error())), err //nolint:wrapcheck // it says what and which file
			}
		}
		contents = append(contents, content)
		_, _ = fmt.Fprintf(h, "%d ", len(content)) // a hash takes what it is given
		_, _ = h.Write(content)
	}
	return contents, [sha256.Size]byte(h.Sum(nil)), nil
}

// Describe implements prometheus.Collector.
func (v *Value[T]) Describe(ch chan<- *prometheus.Desc) { v.reloads.Describe(ch) }

// Collect implements prometheus.Collector.
func (v *Value[T]) Collect(ch chan<- prometheus.Metric) { v.reloads.Collect(ch) }
