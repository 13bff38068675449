package snapshot_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

var captured = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

// draw draws a snapshot as a message.
func draw(t *rapid.T) *oddscachev1.CachedSnapshot {
	s := &oddscachev1.CachedSnapshot{
		SnapshotId: rapid.Int64Range(1, 1<<50).Draw(t, "revision"),
		Bookmaker:  rapid.SampledFrom([]string{"betpawa", "bet9ja"}).Draw(t, "bookmaker"), BookmakerEventId: rapid.StringN(1, 30, -1).Draw(t, "id"),
		CapturedAt:      timestamppb.New(time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "captured"), rapid.Int64Range(0, 999999999).Draw(t, "nanos"))),
		LastConfirmedAt: timestamppb.New(time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "confirmed"), 0)),
	}
	for range rapid.IntRange(0, 5).Draw(t, "markets") {
		m := &oddscachev1.CachedMarket{MarketId: rapid.StringN(0, 6, -1).Draw(t, "market"), Name: "Over/Under"}
		if rapid.Bool().Draw(t, "has line") {
			m.Line = new(rapid.Float64Range(-5, 5).Draw(t, "line"))
		}
		m.Outcomes = append(m.Outcomes, &oddscachev1.Outcome{Name: "Over", Odds: 2, IsActive: true})
		s.Markets = append(s.Markets, m)
	}
	return s
}

// TestLayoutIsTheMessage lays snapshots out, reads them as protobuf, cuts them and puts another confirmation in place.
func TestLayoutIsTheMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		var markets []byte
		for _, m := range want.GetMarkets() {
			var err error
			if markets, err = snapshot.AppendMarket(markets, m); err != nil {
				t.Fatal(err)
			}
		}
		h := snapshot.Header{
			SnapshotID: want.GetSnapshotId(), Bookmaker: want.GetBookmaker(), EventID: want.GetBookmakerEventId(), CapturedAt: want.GetCapturedAt().AsTime(),
		}
		b := snapshot.Append(nil, h, markets, want.GetLastConfirmedAt().AsTime())
		got := &oddscachev1.CachedSnapshot{}
		if err := proto.Unmarshal(b, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		v, err := snapshot.Split(b)
		if err != nil {
			t.Fatal(err)
		}
		if joined := slices.Concat(v.Header, v.Markets, v.Suffix); !bytes.Equal(joined, b) || !bytes.Equal(v.Markets, markets) || len(v.Suffix) != snapshot.SuffixLen {
			t.Fatalf("split into %x %x %x", v.Header, v.Markets, v.Suffix)
		}
		if read, err := v.ParseHeader(); err != nil || read != h {
			t.Fatalf("header is %+v, %v; want %+v", read, err, h)
		}
		if !v.ConfirmedAt().Equal(want.GetLastConfirmedAt().AsTime()) {
			t.Fatalf("confirmed at %v", v.ConfirmedAt())
		}
		i := 0
		for f := range snapshot.Frames(v.Markets) {
			if string(snapshot.MarketID(f)) != want.GetMarkets()[i].GetMarketId() {
				t.Fatalf("market %d is %q", i, snapshot.MarketID(f))
			}
			i++
		}
		if i != len(want.GetMarkets()) {
			t.Fatalf("%d frames of %d markets", i, len(want.GetMarkets()))
		}
		// The size stays, so whoever framed the snapshot may put another suffix in place.
		want.LastConfirmedAt = timestamppb.New(want.GetLastConfirmedAt().AsTime().Add(time.Hour))
		again := snapshot.AppendSuffix(slices.Clone(b[:len(b)-snapshot.SuffixLen]), want.GetLastConfirmedAt().AsTime())
		got.Reset()
		if err := proto.Unmarshal(again, got); err != nil || len(again) != len(b) || !proto.Equal(want, got) {
			t.Fatalf("with another confirmation: %v, %d bytes of %d", err, len(again), len(b))
		}
	})
}

func TestCanonicalTakesAnyEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		foreign, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		b, err := snapshot.Canonical(foreign)
		if err != nil {
			t.Fatal(err)
		}
		got := &oddscachev1.CachedSnapshot{}
		if err := proto.Unmarshal(b, got); err != nil || !proto.Equal(want, got) {
			t.Fatalf("%v: %v became %v", err, want, got)
		}
		again, err := snapshot.Canonical(b)
		if err != nil || &again[0] != &b[0] {
			t.Fatalf("canonical bytes were copied, %v", err)
		}
	})
	if _, err := snapshot.Canonical([]byte("\xff\xff")); err == nil {
		t.Error("garbage was taken")
	}
}

func TestSuffixBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ at, want time.Time }{
		{captured, captured},
		{time.Unix(0, 0), time.Unix(0, 0)},
		{time.Unix(-1, 5), time.Unix(0, 0)},
		{time.Unix(1<<35-1, 999999999), time.Unix(1<<35-1, 999999999)},
		{time.Unix(1<<35, 1), time.Unix(1<<35-1, 0)},
		{time.Time{}, time.Unix(0, 0)},
	} {
		suffix := snapshot.AppendSuffix(nil, test.at)
		got, ok := snapshot.SuffixTime(suffix)
		if !ok || !got.Equal(test.want) || len(suffix) != snapshot.SuffixLen {
			t.Errorf("%v became %v, %v, in %d bytes; want %v", test.at, got, ok, len(suffix), test.want)
		}
	}
	good := snapshot.AppendSuffix(nil, captured)
	for i := range good {
		broken := slices.Clone(good)
		broken[i] ^= 0x80
		if _, ok := snapshot.SuffixTime(broken); ok {
			t.Errorf("a suffix with byte %d broken was read", i)
		}
	}
}

func TestSplitRejects(t *testing.T) {
	t.Parallel()
	market, err := snapshot.AppendMarket(nil, &oddscachev1.CachedMarket{MarketId: "3743"})
	if err != nil {
		t.Fatal(err)
	}
	h := snapshot.Header{SnapshotID: 1, Bookmaker: "betpawa", EventID: "1", CapturedAt: captured}
	good := snapshot.Append(nil, h, market, captured)
	suffix := string(snapshot.AppendSuffix(nil, captured))
	for name, b := range map[string]string{
		"empty":           "",
		"short":           suffix[1:],
		"no suffix":       string(good[:len(good)-snapshot.SuffixLen]),
		"suffix stacked":  string(good) + suffix,
		"header cut":      "\x0a\x7f" + suffix,
		"market cut":      string(market[:len(market)-1]) + suffix,
		"behind a market": string(market) + "\x08\x01" + suffix,
		"a bad tag":       "\x00" + suffix,
		"suffix in front": suffix + string(good),
	} {
		if v, err := snapshot.Split([]byte(b)); !errors.Is(err, snapshot.ErrLayout) {
			t.Errorf("%s: split into %d, %d, %d bytes, %v", name, len(v.Header), len(v.Markets), len(v.Suffix), err)
		}
	}
	if _, err := snapshot.Split([]byte(strings.Repeat(string(market), 3) + suffix)); err != nil {
		t.Errorf("without a header: %v", err)
	}
}

// FuzzSplit feeds any bytes: what is split joins to the same bytes, and its frames cover the markets.
func FuzzSplit(f *testing.F) {
	market, err := snapshot.AppendMarket(nil, &oddscachev1.CachedMarket{MarketId: "3743"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(snapshot.Append(nil, snapshot.Header{SnapshotID: 1, Bookmaker: "betpawa", EventID: "1", CapturedAt: captured}, market, captured))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := snapshot.Split(b)
		if err != nil {
			return
		}
		if !bytes.Equal(slices.Concat(v.Header, v.Markets, v.Suffix), b) {
			t.Fatal("the parts are not the whole")
		}
		n := 0
		for frame := range snapshot.Frames(v.Markets) {
			n += len(frame)
			_ = snapshot.MarketID(frame)
			_ = snapshot.MarketBody(frame)
		}
		if n != len(v.Markets) {
			t.Fatalf("frames cover %d bytes of %d", n, len(v.Markets))
		}
		if _, err := v.ParseHeader(); err != nil {
			t.Fatal(err)
		}
		if _, ok := snapshot.SuffixTime(v.Suffix); !ok {
			t.Fatal("the suffix is none")
		}
	})
}
