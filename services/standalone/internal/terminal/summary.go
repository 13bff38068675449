package terminal

import (
	"fmt"
	"strconv"
	"strings"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// discoveryLine says what the bookmakers list.
func discoveryLine(cycle int, d *oddscachev1.DiscoveryCompleted) string {
	listed := make([]string, 0, len(d.GetBookmakers()))
	for _, b := range d.GetBookmakers() {
		text := b.GetBookmaker() + " " + count(b.GetListed())
		if b.GetDiscoveryError() != "" {
			text = b.GetBookmaker() + " did not answer"
		}
		listed = append(listed, text)
	}
	return fmt.Sprintf("cycle %d: found %s events (%s), %s answers to fetch", cycle,
		count(d.GetEvents()), strings.Join(listed, ", "), count(d.GetDetails()))
}

// summaryLine says what a cycle did and what the cache holds after it.
func summaryLine(cycle int, c *oddscachev1.Cycle, stats *oddscachev1.GetStatsResponse) string {
	var changed, confirmed, rejected int64
	for _, b := range c.GetBookmakers() {
		changed += b.GetChanged()
		confirmed += b.GetConfirmed()
		rejected += b.GetRefused()
	}
	var s strings.Builder
	fmt.Fprintf(&s, "cycle %d: %s in %.1f s", cycle, status(c.GetStatus()),
		c.GetFinishedAt().AsTime().Sub(c.GetStartedAt().AsTime()).Seconds())
	if c.GetReason() != "" {
		fmt.Fprintf(&s, " (%s)", c.GetReason())
	}
	fmt.Fprintf(&s, ", %s events, %s snapshots changed and %s confirmed, %s markets changed, %s refused, %s events evicted",
		count(c.GetEvents()), count(changed), count(confirmed), count(c.GetMarketsChanged()), count(rejected),
		count(c.GetEvictedEvents()))
	if stats == nil {
		s.WriteString("; the cache did not answer")
		return s.String()
	}
	fmt.Fprintf(&s, "; cache %s with %s events, %s markets, %.1f MB",
		strings.TrimPrefix(stats.GetFreshness().GetState().String(), "FRESHNESS_STATE_"),
		count(stats.GetTotalEvents()), count(stats.GetTotalMarkets()), stats.GetEstimatedMemoryMb())
	return s.String()
}

// status is a cycle's status without the enum's prefix.
func status(s oddscachev1.CycleStatus) string { return strings.TrimPrefix(s.String(), "CYCLE_STATUS_") }

// count writes n with a comma between thousands.
func count(n int64) string {
	const group = 3
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var s strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%group == 0 {
			s.WriteByte(',')
		}
		s.WriteRune(d)
	}
	return sign + s.String()
}
