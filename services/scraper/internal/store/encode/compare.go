package encode

import (
	"bytes"
	"slices"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Comparison is what a capture turns out to be beside what is committed.
type Comparison struct {
	// Reason is why the capture is rejected as a whole; empty when it is not. Then Content is not filled in.
	Reason  odds.Reason
	Content Content
	// Same reports that the capture is what is committed, byte by byte.
	Same bool
	// Rejected counts the markets and outcomes that cannot be stored; nil when there are none. The rest stands.
	Rejected odds.Rejections
	// Defects describe what was rejected as odds.InternalCheck.
	Defects []string
}

// Compare lays a capture over the committed markets of its snapshot; nil when no snapshot is committed. Markets that
// cannot be stored are taken out of c.Markets and noted in c.Unread, since they are offered all the same. An error says
// that what is committed cannot be read.
func Compare(committed []byte, c *Capture) (Comparison, error) {
	if c.frames == nil {
		c.Encode()
	}
	if committed != nil && bytes.Equal(c.all, committed) {
		// Mostly so. What is committed was checked before.
		n := len(c.frames)
		return Comparison{Same: true, Content: Content{Framed: c.all, Markets: n, Available: n}}, nil
	}
	if len(c.Markets) > maxMarkets {
		return Comparison{Reason: odds.TooLarge}, nil
	}
	var result Comparison
	if checked := checkMarkets(c.Markets); checked.rejected != nil {
		result.Rejected, result.Defects = checked.rejected, checked.defects
		c.Markets, c.Unread = checked.markets, append(slices.Clone(c.Unread), checked.unread...)
		c.Encode()
	}
	var err error
	switch {
	case len(committed) > 0:
		result.Content, err = over(committed, c)
	case len(c.Markets) == 0:
		result.Reason = odds.NoMarkets
	default:
		result.Content = fresh(c.all, c.Markets)
	}
	return result, err
}
