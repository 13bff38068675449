// Command soak lets the real binaries run for a while as they would in production, only worse: cycles every ten seconds,
// odds that move, kickoffs that pass, three caches, a scraper and a standby, lookups and watches at half of what the
// machine can do, and processes that are killed and connections that are cut at random all the while.
//
// It holds every answer to what was answered before, measures what the processes need, and ends with a verdict on each
// claim, a table of its windows (-csv), a page (-markdown) and a picture (-plot).
//
// It is not for faults at chosen places of the write path (test/faults), nor for how fast the cache is (test/bench).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	duration   time.Duration
	window     time.Duration
	interval   time.Duration
	faultEvery time.Duration
	events     int
	watches    int
	sessions   int
	callers    int
	share      float64
	seed       uint64
	csv        string
	markdown   string
	plot       string
	logs       string
}

// validate reports everything that is wrong at once.
func (o options) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.duration < 4*o.window {
		bad("duration is %v (must be at least four windows of %v)", o.duration, o.window)
	}
	if o.window < time.Second || o.interval < time.Second || o.faultEvery < time.Second {
		bad("window is %v, interval %v, fault-every %v (must be at least 1s each)", o.window, o.interval, o.faultEvery)
	}
	if o.events < 50 || o.events > 5000 {
		bad("events is %d (must be 50 to 5000)", o.events)
	}
	if o.watches < 1 || o.sessions < 1 || o.callers < 1 {
		bad("watches is %d, sessions %d, callers %d (must be at least 1 each)", o.watches, o.sessions, o.callers)
	}
	if o.share <= 0 || o.share > 1 {
		bad("share is %g (must be above 0 and at most 1)", o.share)
	}
	return errors.Join(errs...)
}

// errMissed says that a claim does not hold.
var errMissed = errors.New("a claim was missed, see the verdicts")

func main() {
	var o options
	flag.DurationVar(&o.duration, "duration", 20*time.Minute, "how long the load and the faults last")
	flag.DurationVar(&o.window, "window", 10*time.Second, "time that one row of figures is about")
	flag.DurationVar(&o.interval, "interval", 10*time.Second, "time between the starts of cycles")
	flag.DurationVar(&o.faultEvery, "fault-every", 10*time.Second, "mean time between the end of a fault and the next")
	flag.IntVar(&o.events, "events", 380, "upcoming events of the simulated bookmakers")
	flag.IntVar(&o.watches, "watches", 16, "open watches; one in eight gets all markets")
	flag.IntVar(&o.sessions, "sessions", 8, "clients that read what they have read, or newer, at any replica")
	flag.IntVar(&o.callers, "callers", 32, "callers while the capacity is measured")
	flag.Float64Var(&o.share, "share", 0.5, "part of the measured capacity that is asked for")
	flag.Uint64Var(&o.seed, "seed", 1, "what the faults and changes are drawn from")
	flag.StringVar(&o.csv, "csv", "", "file for the windows' figures")
	flag.StringVar(&o.markdown, "markdown", "", "file for the report")
	flag.StringVar(&o.plot, "plot", "", "file for the picture, .svg; a .png is put beside it where rsvg-convert is installed")
	flag.StringVar(&o.logs, "logs", "", "folder that keeps the processes' output; a temporary one by default")
	flag.Parse()
	err := o.validate()
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = soak(ctx, o)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		fmt.Fprintf(os.Stderr, "to repeat it: go run ./test/soak -seed %d %s\n", o.seed, strings.Join(os.Args[1:], " "))
		os.Exit(1)
	}
}

// logf tells what is going on; the figures come at the end.
func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}
