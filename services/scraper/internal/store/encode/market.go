package encode

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Field numbers of CachedSnapshot, CachedMarket and Outcome.
const (
	snapshotMarkets = oddscachev1.CachedSnapshot_Markets_FieldNumber

	marketID            = oddscachev1.CachedMarket_MarketId_FieldNumber
	marketName          = oddscachev1.CachedMarket_Name_FieldNumber
	marketLine          = oddscachev1.CachedMarket_Line_FieldNumber
	marketHandicapType  = oddscachev1.CachedMarket_HandicapType_FieldNumber
	marketHandicapHome  = oddscachev1.CachedMarket_HandicapHome_FieldNumber
	marketHandicapAway  = oddscachev1.CachedMarket_HandicapAway_FieldNumber
	marketOutcomes      = oddscachev1.CachedMarket_Outcomes_FieldNumber
	marketGroups        = oddscachev1.CachedMarket_MarketGroups_FieldNumber
	marketUnavailableAt = oddscachev1.CachedMarket_UnavailableAt_FieldNumber

	outcomeName     = oddscachev1.Outcome_Name_FieldNumber
	outcomeOdds     = oddscachev1.Outcome_Odds_FieldNumber
	outcomeIsActive = oddscachev1.Outcome_IsActive_FieldNumber
)

// appendMarket appends an offered market, framed as an element of CachedSnapshot.markets. A cycle encodes 600,000 of
// them to find out that most did not change, so it does without message values; the bytes are the same, as the test
// requires.
func appendMarket(b []byte, m *odds.Market) []byte {
	b = protowire.AppendTag(b, snapshotMarkets, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(sizeMarket(m)))
	b = appendText(b, marketID, m.ID)
	b = appendText(b, marketName, m.Name)
	if m.Line.IsSet() {
		b = appendDouble(b, marketLine, m.Line.Float())
	}
	if m.Handicap != odds.NoHandicap {
		b = appendText(b, marketHandicapType, string(m.Handicap))
		b = appendDouble(b, marketHandicapHome, m.Line.Float())
		b = appendDouble(b, marketHandicapAway, m.Line.Neg().Float())
	}
	for i := range m.Outcomes {
		o := &m.Outcomes[i]
		b = protowire.AppendTag(b, marketOutcomes, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(sizeOutcome(o)))
		b = appendText(b, outcomeName, o.Name)
		if math.Float64bits(o.Odds) != 0 {
			b = appendDouble(b, outcomeOdds, o.Odds)
		}
		if o.Active {
			b = protowire.AppendTag(b, outcomeIsActive, protowire.VarintType)
			b = protowire.AppendVarint(b, 1)
		}
	}
	for _, g := range m.Groups {
		b = protowire.AppendTag(b, marketGroups, protowire.BytesType)
		b = protowire.AppendString(b, g)
	}
	return b
}

// sizeDouble is the size of a double with its tag, for field numbers up to 15.
const sizeDouble = 1 + 8

func sizeMarket(m *odds.Market) int {
	n := sizeText(m.ID) + sizeText(m.Name)
	if m.Line.IsSet() {
		n += sizeDouble
	}
	if m.Handicap != odds.NoHandicap {
		n += sizeText(string(m.Handicap)) + 2*sizeDouble
	}
	for i := range m.Outcomes {
		n += 1 + protowire.SizeBytes(sizeOutcome(&m.Outcomes[i]))
	}
	for _, g := range m.Groups {
		n += 1 + protowire.SizeBytes(len(g))
	}
	return n
}

func sizeOutcome(o *odds.Outcome) int {
	n := sizeText(o.Name)
	if math.Float64bits(o.Odds) != 0 {
		n += sizeDouble
	}
	if o.Active {
		n += 2
	}
	return n
}

// sizeText is the size of a text field with its tag: nothing when it is empty.
func sizeText(s string) int {
	if s == "" {
		return 0
	}
	return 1 + protowire.SizeBytes(len(s))
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendDouble(b []byte, field protowire.Number, f float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(f))
}

// readMarket reads of a committed market what comparing needs.
func readMarket(frame []byte) (k odds.MarketKey, unavailable bool, err error) {
	for b := snapshot.MarketBody(frame); len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return k, false, fmt.Errorf("reading committed market: %w", protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return k, false, fmt.Errorf("reading committed market, field %d: %w", num, protowire.ParseError(m))
		}
		switch {
		case num == marketID && typ == protowire.BytesType:
			k.ID, _ = protowire.ConsumeString(b[n:])
		case num == marketLine && typ == protowire.Fixed64Type:
			bits, _ := protowire.ConsumeFixed64(b[n:])
			if k.Line, err = odds.FloatLine(math.Float64frombits(bits)); err != nil {
				return k, false, fmt.Errorf("reading committed market %s: %w", k.ID, err)
			}
		case num == marketUnavailableAt:
			unavailable = true
		}
		b = b[n+m:]
	}
	return k, unavailable, nil
}
