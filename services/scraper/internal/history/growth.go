package history

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Growth is by how much the history grows a day.
type Growth struct{ Rows, Bytes int64 }

// GrowthOf is the mean over the complete days that hold anything; before the first of them, today in proportion to
// how much of it there is history of. today is the beginning of the UTC day.
func GrowthOf(sizes upkeep.Sizes, today time.Time) Growth {
	var sum, now Growth
	days := int64(0)
	for _, d := range sizes.Days {
		switch {
		case d.Rows == 0:
		case d.Day.Before(today):
			days++
			sum.Rows, sum.Bytes = sum.Rows+d.Rows, sum.Bytes+d.Bytes
		case d.Day.Equal(today):
			now = Growth{Rows: d.Rows, Bytes: d.Bytes}
		}
	}
	switch {
	case days > 0:
		return Growth{Rows: sum.Rows / days, Bytes: sum.Bytes / days}
	case sizes.TodayShare > 0:
		return Growth{Rows: int64(float64(now.Rows) / sizes.TodayShare), Bytes: int64(float64(now.Bytes) / sizes.TodayShare)}
	default:
		return Growth{}
	}
}
