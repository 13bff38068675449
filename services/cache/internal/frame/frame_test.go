package frame_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var captured = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

// drawSnapshot draws a snapshot with ids that repeat, at odds with their order now and then.
func drawSnapshot(t *rapid.T, bookmaker string) *oddscachev1.CachedSnapshot {
	ids := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "10", "2", "3743", "4693", "5000", ""}), 0, 40).Draw(t, "ids")
	if rapid.IntRange(0, 3).Draw(t, "in order") > 0 {
		slices.Sort(ids)
	}
	s := &oddscachev1.CachedSnapshot{
		SnapshotId: rapid.Int64Range(1, 1<<40).Draw(t, "revision"), Bookmaker: bookmaker, BookmakerEventId: "id of " + bookmaker,
		CapturedAt: timestamppb.New(captured), LastConfirmedAt: timestamppb.New(captured),
	}
	for i, id := range ids {
		s.Markets = append(s.Markets, feedtest.Market(id, float64(i), 1.5))
	}
	return s
}

// encode lays a snapshot out as the scraper does, or as any protobuf library does.
func encode(t *rapid.T, s *oddscachev1.CachedSnapshot) []byte {
	body, err := proto.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.IntRange(0, 3).Draw(t, "foreign layout") == 0 {
		return body
	}
	laidOut, err := snapshot.Canonical(body)
	if err != nil {
		t.Fatal(err)
	}
	return laidOut
}

// TestResponsesAreTheMessages holds responses put together from frames against the same messages, filtered and marshalled
// the ordinary way: confirmed or not, with all filters, alone and nested.
func TestResponsesAreTheMessages(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		event := &oddscachev1.Event{SrId: "68995116", Name: "Arsenal - Chelsea", Kickoff: timestamppb.New(captured)}
		want := &oddscachev1.EventSnapshots{Event: event}
		var snapshots []frame.Snapshot
		for _, bookmaker := range []string{"betpawa", "bet9ja", "sportybet"}[:rapid.IntRange(0, 3).Draw(t, "bookmakers")] {
			s := drawSnapshot(t, bookmaker)
			c, err := frame.NewContent(bookmaker, s.GetBookmakerEventId(), encode(t, s))
			if err != nil {
				t.Fatal(err)
			}
			if c.Markets() != len(s.GetMarkets()) {
				t.Fatalf("%d markets, want %d", c.Markets(), len(s.GetMarkets()))
			}
			framed := c.Unconfirmed()
			for range rapid.IntRange(0, 2).Draw(t, "confirmations") { // the last one stands, none is stacked
				at := captured.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "later")) * time.Second)
				framed = framed.Confirmed(frame.Suffix(snapshot.AppendSuffix(nil, at)))
				s.LastConfirmedAt = timestamppb.New(at)
			}
			want.Snapshots, snapshots = append(want.Snapshots, s), append(snapshots, framed)
		}
		bookmakers := rapid.SliceOfN(rapid.SampledFrom([]string{"betpawa", "bet9ja", "msport"}), 0, 2).Draw(t, "wanted bookmakers")
		markets := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "10", "3743", "5000", "9", "0"}), 0, 4).Draw(t, "wanted markets")
		want = feedtest.Filtered(want, bookmakers, markets)
		filter := frame.NewFilter(bookmakers, markets)

		body, err := proto.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		e := frame.NewEvent(body)
		b := frame.NewBuilder(2)
		b.Event(&e)
		b.Snapshots(snapshots, filter)
		alone := &oddscachev1.EventSnapshots{}
		same(t, want, alone, b)
		packs(t, b, &e, snapshots, filter)

		list := frame.NewBuilder(0)
		for range 3 {
			m := list.Open()
			list.Event(&e)
			list.Snapshots(snapshots, filter)
			list.Close(m, 1)
		}
		same(t, &oddscachev1.ListEventsResponse{Events: []*oddscachev1.EventSnapshots{want, want, want}}, &oddscachev1.ListEventsResponse{}, list)
	})
}

// same decodes an response and compares it; its size must be what the builder counted and what protobuf would take, but
// for instants, which are always written in full.
func same(t *rapid.T, want, got proto.Message, b *frame.Builder) {
	data := b.Message().Bytes()
	if len(data) != b.Size() {
		t.Fatalf("%d bytes, counted %d", len(data), b.Size())
	}
	if err := proto.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

// packs requires that an response in one piece is the one in parts, or that it would be too large, and that the bytes last
// until they are given back.
func packs(t *rapid.T, parts *frame.Builder, e *frame.Event, snapshots []frame.Snapshot, filter frame.Filter) {
	const tail = "\xda\x3e\x04tail" // a field that nobody knows
	room := rapid.IntRange(len(tail), 2000).Draw(t, "room")
	pack := func(f frame.Filter) *rawpb.Message {
		return frame.Pack(e, snapshots, f, room, func(p []byte) []byte { return append(p, tail...) })
	}
	m, size := pack(filter), parts.Size()+room
	if m == nil {
		if size+8 < 2048 { // a prefix's length is not foreseen
			t.Fatalf("an response of %d bytes, with %d of room, was not packed", parts.Size(), room)
		}
		return
	}
	want := string(parts.Message().Bytes()) + tail
	if other := pack(frame.NewFilter(nil, []string{"1"})); other != nil { // while the first one is out
		other.Data.Free()
	}
	if got := string(m.Bytes()); got != want || size > 2048 {
		t.Fatalf("packed %q with room for %d, want %q", got, room, want)
	}
	m.Data.Free()
}

func TestNewContentRejectsWhatIsNoSnapshot(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"\xff", "\x0a", "\x32\x7f", "\x32\x03\x0a\x05x"} {
		if c, err := frame.NewContent("betpawa", "1", []byte(body)); err == nil {
			t.Errorf("%q was taken as content of %d markets", body, c.Markets())
		}
	}
}

// FuzzNewContent feeds any bytes: content that is taken responses with what a protobuf reader reads from them.
func FuzzNewContent(f *testing.F) {
	market, err := snapshot.AppendMarket(nil, feedtest.Market("3743", 0.5, 2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(snapshot.Append(nil, snapshot.Header{SnapshotID: 1, Bookmaker: "betpawa", EventID: "1", CapturedAt: captured}, market, captured), "3743")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, body []byte, marketID string) {
		c, err := frame.NewContent("betpawa", "1", body)
		if err != nil {
			return
		}
		want, got := &oddscachev1.CachedSnapshot{}, &oddscachev1.EventSnapshots{}
		if err := proto.Unmarshal(body, want); err != nil {
			t.Skip("laid out well, but not readable inside of a market: what the scraper never sends")
		}
		b := frame.NewBuilder(0)
		b.Snapshots([]frame.Snapshot{c.Unconfirmed()}, frame.NewFilter(nil, []string{marketID}))
		if err := proto.Unmarshal(b.Message().Bytes(), got); err != nil {
			t.Fatal(err)
		}
		if len(got.GetSnapshots()) != 1 || b.Size() != len(b.Message().Bytes()) {
			t.Fatalf("%d snapshots in %d bytes", len(got.GetSnapshots()), b.Size())
		}
		for _, m := range got.GetSnapshots()[0].GetMarkets() {
			if m.GetMarketId() != marketID && marketID != "" {
				t.Fatalf("market %q passed a filter of %q", m.GetMarketId(), marketID)
			}
		}
	})
}

// BenchmarkOneMarket filters one market of 170 out of each of three snapshots.
func BenchmarkOneMarket(b *testing.B) {
	var markets []byte
	for i := range 170 {
		var err error
		if markets, err = snapshot.AppendMarket(markets, feedtest.Market(strconv.Itoa(10000+i), 0.5, 2)); err != nil {
			b.Fatal(err)
		}
	}
	body := snapshot.Append(nil, snapshot.Header{SnapshotID: 1, Bookmaker: "betpawa", EventID: "1", CapturedAt: captured}, markets, captured)
	c, err := frame.NewContent("betpawa", "1", body)
	if err != nil {
		b.Fatal(err)
	}
	snapshots := []frame.Snapshot{c.Unconfirmed(), c.Unconfirmed(), c.Unconfirmed()}
	filter := frame.NewFilter(nil, []string{"10100"})
	b.ReportAllocs()
	for b.Loop() {
		response := frame.NewBuilder(16)
		response.Snapshots(snapshots, filter)
		response.Release()
	}
}
