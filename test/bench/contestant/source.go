package contestant

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/oddscache/oddscache/test/bench/world"
)

// Source is a feed in a process of its own, over a world whose second half comes and goes.
type Source struct {
	// Addr is the feed's.
	Addr string

	child *child
}

// Deed is what a source can be told to do.
type Deed string

// The deeds.
const (
	PlanEviction Deed = "plan"  // make the cycle end that evicts the second half of the events, and do not show it
	Evict        Deed = "evict" // write what was planned
	PutBack      Deed = "back"  // write the second half again
	LoseHistory  Deed = "lose"  // begin a new epoch: every cache that comes back gets a full sync
)

// lowest priority: what a source does it would do on another machine.
const lowest = 19

// NewSource starts a source of small events; it returns when they are made.
func NewSource(ctx context.Context, events int) (*Source, error) {
	child, err := startChild(ctx, lowest, "-serve-source", fmt.Sprint(events))
	if err != nil {
		return nil, err
	}
	s := &Source{child: child}
	if s.Addr, err = child.readLine(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Do tells the source to do something, and returns the epoch and revision at which it is then.
func (s *Source) Do(d Deed) (epoch string, revision int64, err error) {
	if _, err := fmt.Fprintln(s.child.in, d); err != nil {
		return "", 0, fmt.Errorf("telling the source to %s: %w", d, err)
	}
	line, err := s.child.readLine()
	if err == nil {
		_, err = fmt.Sscan(line, &epoch, &revision)
	}
	if err != nil {
		return "", 0, fmt.Errorf("source after %s (%q): %w", d, line, err)
	}
	return epoch, revision, nil
}

// Close ends the source.
func (s *Source) Close() error { return s.child.stop() }

// ServeSource is what the child process of NewSource does.
func ServeSource(events int, in io.Reader, out io.Writer) (err error) {
	w, err := world.New(world.Small(), events)
	if err != nil {
		return err
	}
	feed, err := NewFeed(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, feed.Close()) }()
	fmt.Fprintln(out, feed.Addr)
	evict := func() error { return errors.New("no eviction was planned") }
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var err error
		switch Deed(lines.Text()) {
		case PlanEviction:
			evict = w.CycleEnd(events/2, events)
		case Evict:
			err = evict()
		case PutBack:
			for i := events / 2; i < events && err == nil; i++ {
				err = w.Put(i)
			}
		case LoseHistory:
			feed.LoseHistory()
		default:
			err = fmt.Errorf("%q is no deed", lines.Text())
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, w.Epoch(), w.Head())
	}
	return nil
}
