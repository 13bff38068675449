package feedlog_test

import (
	"bytes"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sameCycleEnd compares what was read by hand with what protobuf reads.
func sameCycleEnd(t *testing.T, got *feedlog.CycleEnd, want *oddscachev1.CycleEnd) {
	t.Helper()
	var removed []feedlog.Key
	for _, r := range want.GetRemoved() {
		switch k := r.GetKey().(type) {
		case *oddscachev1.RemovedKey_SrId:
			removed = append(removed, feedlog.EventKey(k.SrId))
		case *oddscachev1.RemovedKey_Snapshot:
			removed = append(removed, feedlog.SnapshotKey(k.Snapshot.GetBookmaker(), k.Snapshot.GetBookmakerEventId()))
		}
	}
	if got.CycleID != want.GetCycleId() || !got.FinishedAt.Equal(want.GetFinishedAt().AsTime()) || !slices.Equal(got.Removed, removed) {
		t.Fatalf("cycle end is %+v, protobuf reads %v", got, want)
	}
}

// TestCycleEndIsReadAsProtobufReadsIt has keys in pieces: protobuf merges what comes twice.
func TestCycleEndIsReadAsProtobufReadsIt(t *testing.T) {
	t.Parallel()
	field := func(num protowire.Number, parts ...[]byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), bytes.Join(parts, nil))
	}
	bookmaker, id, srID := field(1, []byte("bet9ja")), field(2, []byte("2")), field(1, []byte("68995116"))
	for name, removed := range map[string][]byte{
		"event": srID, "snapshot": field(2, bookmaker, id), "nothing": nil, "no bookmaker": field(2, id), "no id": field(2, bookmaker),
		"numbers in the places of ids":                {8, 1, 16, 2},
		"snapshot in two pieces":                      bytes.Join([][]byte{field(2, bookmaker), field(2, id)}, nil),
		"event behind snapshot":                       bytes.Join([][]byte{field(2, bookmaker, id), srID}, nil),
		"snapshot behind event":                       bytes.Join([][]byte{srID, field(2, id), field(7, id)}, nil),
		"snapshot, event, and the rest of a snapshot": bytes.Join([][]byte{field(2, bookmaker, id), srID, field(2, bookmaker)}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body []byte
			for range 3 {
				body = bytes.Join([][]byte{
					body, field(1, []byte("c-1")), field(3, []byte{8, 1}), field(5, removed), field(3, []byte{16, 2}), field(5, srID),
				}, nil)
			}
			entry := bytes.Join([][]byte{{8, 12}, field(5, body)}, nil)
			e, err := feedlog.Parse(field(3, entry))
			if err != nil {
				t.Fatal(err)
			}
			var want oddscachev1.CycleEnd
			if err := proto.Unmarshal(body, &want); err != nil {
				t.Fatal(err)
			}
			sameCycleEnd(t, e.CycleEnd, &want)
		})
	}
}
