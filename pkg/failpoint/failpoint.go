// Package failpoint lets a process die, stop or stall at a named point of its code, for tests of faults.
//
// No source file calls it. A line of its own marks a point,
//
//	//failpoint:store.before_commit
//	//failpoint:feed.mid_full if b.More
//
// and the tests that build a program with failpoints (test/faults) turn it into a call of [Inject], by way of the go
// command's -overlay.
//
// FAILPOINTS arms points: "store.before_commit=kill;feed.before_batch=stall:2s@3" kills the process where it is about
// to commit, and lets the third batch wait for two seconds. Every armed point acts once.
package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Env is the variable that arms points.
const Env = "FAILPOINTS"

// Hit is what a line to standard error begins with when a point acts; the point's name follows.
const Hit = "failpoint acts: "

// What a point can do.
const (
	Kill  = "kill"  // SIGKILL to the own process
	Stop  = "stop"  // SIGSTOP to the own process; the test sends SIGCONT
	Stall = "stall" // only the goroutine that came by waits: "stall:2s"
)

// point is one that is armed.
type point struct {
	action string
	stall  time.Duration

	mu   sync.Mutex
	left int // visits until it acts; 0 when it did
}

// armed reads the environment once; a program that is not a test's has none and pays a map lookup.
var armed = sync.OnceValue(func() map[string]*point { //nolint:gochecknoglobals // the code that calls Inject has no place for a value
	points, err := parse(os.Getenv(Env))
	if err != nil {
		panic(err) // a test that arms nothing would show nothing
	}
	return points
})

// Inject is a point.
func Inject(name string) {
	p := armed()[name]
	if p == nil || !p.visit() {
		return
	}
	fmt.Fprintln(os.Stderr, Hit+name)
	switch p.action {
	case Kill:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case Stop:
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case Stall:
		<-time.After(p.stall)
	}
}

// visit counts, and reports whether the point acts now.
func (p *point) visit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left--
	return p.left == 0
}

// parse reads points as Env holds them.
func parse(text string) (map[string]*point, error) {
	points := make(map[string]*point)
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, action, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("failpoint %q has no action", part)
		}
		p := &point{left: 1}
		if before, visits, counted := strings.Cut(action, "@"); counted {
			n, err := strconv.Atoi(visits)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("failpoint %q: %q is no number of visits", part, visits)
			}
			action, p.left = before, n
		}
		kind, length, _ := strings.Cut(action, ":")
		switch kind {
		case Kill, Stop:
		case Stall:
			d, err := time.ParseDuration(length)
			if err != nil {
				return nil, fmt.Errorf("failpoint %q: %w", part, err)
			}
			p.stall = d
		default:
			return nil, fmt.Errorf("failpoint %q: %q is no action", part, kind)
		}
		p.action = kind
		points[name] = p
	}
	return points, nil
}
