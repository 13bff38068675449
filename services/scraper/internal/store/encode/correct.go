package encode

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// NotAfter gives committed markets that became unavailable after an instant that instant for it. No market of a content
// became unavailable after the content was captured, so only a content that is captured before the last one needs it.
func NotAfter(framed []byte, at time.Time) ([]byte, error) {
	corrected := make([]byte, 0, len(framed))
	for frame := range snapshot.Frames(framed) {
		k, unavailable, err := readMarket(frame)
		if err != nil {
			return nil, err
		}
		if unavailable {
			var m oddscachev1.CachedMarket
			if err := proto.Unmarshal(snapshot.MarketBody(frame), &m); err != nil {
				return nil, fmt.Errorf("decoding committed market %s: %w", k.ID, err)
			}
			if m.GetUnavailableAt().AsTime().After(at) {
				m.UnavailableAt = timestamppb.New(at)
				if frame, err = snapshot.AppendMarket(nil, &m); err != nil {
					return nil, fmt.Errorf("encoding committed market %s: %w", k.ID, err)
				}
			}
		}
		corrected = append(corrected, frame...)
	}
	return corrected, nil
}
