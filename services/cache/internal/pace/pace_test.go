package pace_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/cache/internal/pace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unit is how long the work between two steps takes here.
const unit = 10 * time.Microsecond

// work does some units and returns how long they took, pauses included.
func work(p *pace.Pacer, units int) time.Duration {
	began := time.Now()
	for range units {
		<-time.After(unit) // a bubble's time
		p.Step()
	}
	return time.Since(began)
}

func TestWorkPausesBesideLookups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lookups atomic.Int64
		p := pace.New(func() int64 { return lookups.Add(1) }) // some at every pause
		const bursts = 10
		units := bursts*int(pace.Burst/unit) + 1
		took := work(p, units)
		if want := time.Duration(units) * unit * (1 + pace.PausePerWork); took > want || took < want*9/10 {
			t.Errorf("%d units of %v took %v, want about %v", units, unit, took, want)
		}
	})
}

func TestWorkThatNobodyWaitsForDoesNotPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(func() int64 { return 7 })
		work(p, 3*int(pace.Burst/unit)) // the lookups before it began count once
		if took := work(p, 1000); took != 1000*unit {
			t.Errorf("took %v, want %v", took, 1000*unit)
		}
	})
}

func TestShortWorkDoesNotPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lookups atomic.Int64
		p := pace.New(func() int64 { return lookups.Add(1) })
		few := int(pace.Burst/unit) - 1
		for range 20 { // batches of the feed, as they come
			if took := work(p, few); took != time.Duration(few)*unit {
				t.Fatalf("%d units took %v", few, took)
			}
			<-time.After(time.Second)
		}
	})
}
