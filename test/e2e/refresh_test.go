package e2e

import (
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/recordedsite"
)

func TestRefreshStoresAndStreamsOneEvent(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	p.RunCycle(t, succeeded)
	var srID string
	for _, e := range football(w) {
		if len(e.Listings) == 3 {
			srID = e.SrID
		}
	}
	if err := w.MoveMarket("sportybet", srID, "3743"); err != nil {
		t.Fatal(err)
	}
	resp, err := p.Scraper.RefreshEvent(t.Context(), &oddscachev1.RefreshEventRequest{SrId: srID})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]oddscachev1.RefreshStatus{
		"betpawa": oddscachev1.RefreshStatus_REFRESH_STATUS_CONFIRMED, "sportybet": oddscachev1.RefreshStatus_REFRESH_STATUS_CHANGED,
		"bet9ja": oddscachev1.RefreshStatus_REFRESH_STATUS_CONFIRMED,
	}
	for _, b := range resp.GetBookmakers() {
		if b.GetStatus() != want[b.GetBookmaker()] || b.GetMarkets() == 0 || b.GetLatencyMs() <= 0 {
			t.Errorf("%v, want %v", b, want[b.GetBookmaker()])
		}
	}
	if len(resp.GetBookmakers()) != 3 || resp.GetEvent().GetSrId() != srID {
		t.Errorf("answer is %v", resp)
	}
	response := get(t, p, bySrID(srID), resp.GetRevision())
	for _, s := range response.GetSnapshots() {
		if changed := s.GetSnapshotId() > resp.GetRevision()-10 && s.GetBookmaker() == "sportybet"; s.GetBookmaker() == "sportybet" && !changed {
			t.Errorf("sportybet's content is of revision %d, the refresh of %d", s.GetSnapshotId(), resp.GetRevision())
		}
	}
}

func TestRefreshOfABrokenBookmakerKeepsWhatIsStored(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now().Add(48*time.Hour))
	p := cluster.Start(t, cluster.Config{Site: site.URL})
	p.RunCycle(t, succeeded)
	site.Break(recordedsite.Bet9jaDetail, recordedsite.HTML)
	site.Break(recordedsite.SportyBetDetail, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"bizCode":19000,"message":"event not found"}`))
	})
	resp, err := p.Scraper.RefreshEvent(t.Context(), &oddscachev1.RefreshEventRequest{SrId: event.SrID})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]oddscachev1.RefreshStatus{
		"betpawa": oddscachev1.RefreshStatus_REFRESH_STATUS_CONFIRMED, "sportybet": oddscachev1.RefreshStatus_REFRESH_STATUS_REFUSED,
		"bet9ja": oddscachev1.RefreshStatus_REFRESH_STATUS_BLOCKED,
	}
	for _, b := range resp.GetBookmakers() {
		if b.GetStatus() != want[b.GetBookmaker()] {
			t.Errorf("%v, want %v", b, want[b.GetBookmaker()])
		}
	}
	if got := get(t, p, bySrID(event.SrID), resp.GetRevision()); len(got.GetSnapshots()) != 3 {
		t.Errorf("%d snapshots left", len(got.GetSnapshots()))
	}
}

func TestRefreshRejectsWhatItCannotDo(t *testing.T) {
	t.Parallel()
	site := recordedsite.New(t)
	event := site.Wuhan(t, time.Now())
	p := cluster.Start(t, cluster.Config{Site: site.URL})
	site.Move(event, time.Now().Add(6*time.Second))
	p.RunCycle(t, succeeded)
	cluster.Until(t, event.Kickoff.Add(100*time.Millisecond))
	for id, want := range map[string]struct {
		code   codes.Code
		reason string
	}{
		"":         {codes.InvalidArgument, "INVALID_FIELD"},
		"abc":      {codes.InvalidArgument, "INVALID_FIELD"},
		"1":        {codes.NotFound, "EVENT_NOT_FOUND"},
		event.SrID: {codes.FailedPrecondition, "EVENT_STARTED"},
	} {
		_, err := p.Scraper.RefreshEvent(t.Context(), &oddscachev1.RefreshEventRequest{SrId: id})
		if status.Code(err) != want.code || rpcerr.Reason(err) != want.reason {
			t.Errorf("refresh of %q: %v, reason %s; want %v, %s", id, err, rpcerr.Reason(err), want.code, want.reason)
		}
	}
}
