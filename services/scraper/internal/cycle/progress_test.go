package cycle

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func kind(s Step) string {
	switch {
	case s.Started != nil:
		return "started"
	case s.Discovered != nil:
		return "discovered"
	case s.Fetched != nil:
		return "fetched"
	case s.Stored != nil:
		return "stored"
	default:
		return "ended"
	}
}

func TestLateWatcherIsSentTheRunningCycleFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p Progress
		p.publish(Step{Started: &struct{}{}})
		p.publish(Step{Discovered: &Discovered{}})
		p.publish(Step{Fetched: &Fetched{Done: 1}})
		p.publish(Step{Stored: &Stored{}})
		p.publish(Step{Fetched: &Fetched{Done: 2}})
		var sent []string
		var done int
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = p.Watch(ctx, func(s Step) error {
				sent = append(sent, kind(s))
				if s.Fetched != nil {
					done = s.Fetched.Done
				}
				return nil
			})
		}()
		synctest.Wait()
		p.publish(Step{Ended: &store.Cycle{}})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if diff := cmp.Diff([]string{"started", "discovered", "fetched", "ended"}, sent); diff != "" || done != 2 {
			t.Errorf("%s; fetched %d", diff, done)
		}
		if len(p.recent) != 0 || len(p.watchers) != 0 {
			t.Errorf("%d steps and %d watchers left", len(p.recent), len(p.watchers))
		}
	})
}

func TestSlowWatcherIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p Progress
		release := make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			ended <- p.Watch(t.Context(), func(Step) error { <-release; return nil })
		}()
		synctest.Wait()
		for range watchBuffer + 2 {
			p.publish(Step{Stored: &Stored{}})
		}
		close(release)
		if err := <-ended; !errors.Is(err, ErrSlowWatcher) {
			t.Errorf("watch ended with %v", err)
		}
	})
}
