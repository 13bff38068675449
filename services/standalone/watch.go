package standalone

import (
	"context"
	"fmt"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

const (
	// rewatch is the pause before progress is watched again after the scraper ended the stream.
	rewatch = 200 * time.Millisecond
	// visibleWithin bounds the wait for the cache to show what a cycle stored; it takes milliseconds.
	visibleWithin = 30 * time.Second
	// visiblePoll is how often the cache is asked meanwhile.
	visiblePoll = 20 * time.Millisecond
)

// watch shows what cycles do until ctx ends. A stream that breaks is opened again: before the scraper has the lease,
// and when it loses it, that is nothing unusual.
func (s *session) watch(ctx context.Context, p *pair) error {
	pause := time.NewTicker(rewatch)
	defer pause.Stop()
	for {
		err := s.watchOnce(ctx, p)
		if ctx.Err() != nil {
			return nil
		}
		s.log.Debug("watching progress again", "error", err)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// watchOnce shows the steps of one stream.
func (s *session) watchOnce(ctx context.Context, p *pair) error {
	stream, err := p.scraper.WatchProgress(ctx, &oddscachev1.WatchProgressRequest{})
	if err != nil {
		return fmt.Errorf("watching progress: %w", err)
	}
	for {
		step, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("receiving progress: %w", err)
		}
		ended := step.GetCycleEnded().GetCycle()
		if ended == nil {
			s.display.Show(step)
			continue
		}
		stats, err := awaitVisible(ctx, p.cache, ended.GetRevision())
		if err != nil {
			s.log.Warn("cache does not show the cycle", "cycle", ended.GetCycleId(), "revision", ended.GetRevision(), "error", err)
		}
		s.display.Ended(ended, stats)
		if stats.GetTotalEvents() > 0 {
			s.announce(ctx, p)
		}
	}
}

// awaitVisible waits until the cache shows a revision and returns its numbers.
func awaitVisible(
	ctx context.Context, cache oddscachev1.OddsCacheServiceClient, revision int64,
) (*oddscachev1.GetStatsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, visibleWithin)
	defer cancel()
	poll := time.NewTicker(visiblePoll)
	defer poll.Stop()
	for {
		stats, err := cache.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if err != nil {
			return nil, fmt.Errorf("asking the cache for its numbers: %w", err)
		}
		f := stats.GetFreshness()
		if f.GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE && f.GetRevision() >= revision {
			return stats, nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for revision %d, the cache is at %d: %w", revision, f.GetRevision(), ctx.Err())
		}
	}
}
