package api

import (
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
)

func oddsMomentMessage(m history.Moment) *oddscachev1.OddsMoment {
	message := &oddscachev1.OddsMoment{At: instant(m.At), ChangedBy: string(m.ChangedBy)}
	for _, q := range m.Quotes {
		quote := &oddscachev1.OddsQuote{
			Bookmaker: string(q.Bookmaker), Available: q.Available, CapturedAt: instant(q.CapturedAt), SnapshotId: q.Revision,
		}
		for _, o := range q.Outcomes {
			quote.Outcomes = append(quote.Outcomes, &oddscachev1.Outcome{Name: o.Name, Odds: o.Odds, IsActive: o.Active})
		}
		message.Quotes = append(message.Quotes, quote)
	}
	return message
}

// marginMomentMessage takes the market type's row, nil for one that the mapping does not know.
func marginMomentMessage(row *mapping.Row, m history.Moment) *oddscachev1.MarginMoment {
	message := &oddscachev1.MarginMoment{At: instant(m.At), ChangedBy: string(m.ChangedBy)}
	for _, q := range m.Quotes {
		quote := &oddscachev1.MarginQuote{Bookmaker: string(q.Bookmaker), Available: q.Available, CapturedAt: instant(q.CapturedAt)}
		if margin, ok := history.Margin(row, q); ok {
			quote.Margin = &margin
		}
		message.Quotes = append(message.Quotes, quote)
	}
	return message
}

func gapMessages(gaps []history.Gap) []*oddscachev1.AvailabilityGap {
	messages := make([]*oddscachev1.AvailabilityGap, 0, len(gaps))
	for _, g := range gaps {
		messages = append(messages, &oddscachev1.AvailabilityGap{
			Bookmaker: string(g.Bookmaker), UnavailableFrom: instant(g.From), AvailableFrom: instant(g.To),
		})
	}
	return messages
}
