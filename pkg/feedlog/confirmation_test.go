package feedlog_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestConfirmedAtIsReadAsProtobufReadsIt(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{noon, noon.Add(123456789 * time.Nanosecond), time.Unix(0, 0), time.Unix(-5, 7)} {
		body, err := proto.Marshal(&oddscachev1.Confirmation{
			Snapshot: &oddscachev1.SnapshotKey{Bookmaker: "bet9ja", BookmakerEventId: "2"}, LastConfirmedAt: timestamppb.New(at),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := feedlog.ConfirmedAt(body)
		if err != nil || !got.Equal(at) {
			t.Errorf("%v is read as %v, %v", at, got, err)
		}
		if _, err := feedlog.ConfirmedAt(body[:len(body)-1]); !errors.Is(err, feedlog.ErrWire) {
			t.Errorf("cut off it is read with %v", err)
		}
	}
}
