// Package limit decides when a request to a bookmaker may be sent: at most so many at once, evenly spaced, fewer and
// further apart after the bookmaker throttled.
//
// It is not for sending requests, nor for deciding what an answer means or whether to retry: package fetch does
// that, and reports the outcome here.
//
// A Group holds one Limiter a bookmaker behind one lock, because an event takes the slots of all its bookmakers in
// one step. What always holds, whatever the callers do:
//
//   - In flight: a limiter has never more permits out than Slots, and grants none while as many are out as it allows
//     at that moment (1 ≤ allowed ≤ Slots). Shrinking takes nothing back from those who hold a permit.
//   - Spacing: two sends of one limiter lie at least its spacing of that moment apart. A retry is a send (Pace).
//   - Pause: between a throttling and the end of its pause nothing is sent.
//   - All or nothing: AcquireAll hands out the permits of a group at one instant. Nobody holds one while waiting for
//     another, so there is no deadlock, and captures of one event start together.
//   - Order: waiters are served in the order of arrival. A later one overtakes only with what the earlier ones
//     cannot use yet, and always leaves the first in line at a bookmaker one slot at the event's other bookmakers,
//     so that nobody starves.
//   - Wait timeout: AcquireAll never waits longer than the wait timeout for a bookmaker that is backed off, and not at all
//     for one that is down.
//   - Once a round trip: the allowance is halved at most once for all requests that were sent before the halving;
//     it grows again by one for each allowance's worth of good answers to requests sent after it. Answers that are
//     good but slow make it small at once, and never grow it.
//   - Nothing leaks: a cancelled waiter holds nothing, a permit that is released twice counts once, and there is no
//     goroutine to stop.
package limit
