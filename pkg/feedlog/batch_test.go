package feedlog_test

import (
	"bytes"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func sampleBatch(t fatal) []*feedlog.Entry {
	t.Helper()
	return []*feedlog.Entry{
		event(t, 8, "68995116"), content(t, 9, "32299257"), confirmation(t, 10, "32299257"),
		cycleEnd(t, 12, noon, feedlog.EventKey("1"), feedlog.SnapshotKey("bet9ja", "2")),
	}
}

// TestBatchIsTheMessage reads an encoded batch the ordinary way.
func TestBatchIsTheMessage(t *testing.T) {
	t.Parallel()
	message := bytes.Join(feedlog.EncodeBatch(feedlog.Batch{From: 7, To: 12, Entries: sampleBatch(t), More: true}), nil)
	var got oddscachev1.StreamSnapshotsResponse
	if err := proto.Unmarshal(message, &got); err != nil {
		t.Fatal(err)
	}
	b := got.GetBatch()
	if b.GetFromRevision() != 7 || b.GetToRevision() != 12 || len(b.GetEntries()) != 4 || !b.GetMore() {
		t.Fatalf("batch is %v", b)
	}
	if e := b.GetEntries()[0]; e.GetRevision() != 8 || e.GetEvent().GetSrId() != "68995116" {
		t.Errorf("first entry is %v", e)
	}
	if e := b.GetEntries()[1]; e.GetSnapshot().GetSnapshotId() != 9 {
		t.Errorf("second entry is %v", e)
	}
	if e := b.GetEntries()[3]; len(e.GetCycleEnd().GetRemoved()) != 2 {
		t.Errorf("fourth entry is %v", e)
	}

	body, is := feedlog.BatchIn(message)
	if !is {
		t.Fatal("not seen as a batch")
	}
	decoded, err := feedlog.DecodeBatch(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !decoded.More {
		t.Error("more was lost")
	}
	clear(message) // the entries own their bytes
	for i, e := range sampleBatch(t) {
		if d := decoded.Entries[i]; d.Key != e.Key || d.Revision != e.Revision || !bytes.Equal(d.Frame, e.Frame) || !bytes.Equal(d.Body, e.Body) {
			t.Errorf("entry %d is %v at %d, want %v at %d", i, d.Key, d.Revision, e.Key, e.Revision)
		}
	}
	if end := decoded.Entries[3].CycleEnd; len(end.Removed) != 2 || !end.FinishedAt.Equal(noon) {
		t.Errorf("cycle end is %+v", end)
	}
	progress, err := proto.Marshal(&oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Progress{Progress: &oddscachev1.Progress{}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, is := feedlog.BatchIn(progress); is {
		t.Error("progress was taken for a batch")
	}
}

// TestDecodingYields has a cycle end that names very many keys, beside entries that are many bytes.
func TestDecodingYields(t *testing.T) {
	t.Parallel()
	const keys = 10_000
	removed := make([]feedlog.Key, keys)
	for i := range removed {
		removed[i] = feedlog.EventKey(strconv.Itoa(i))
	}
	entries := []*feedlog.Entry{cycleEnd(t, 1, noon, removed...)}
	body, _ := feedlog.BatchIn(bytes.Join(feedlog.EncodeBatch(feedlog.Batch{To: 1, Entries: entries}), nil))
	calls := 0
	if _, err := feedlog.DecodeBatch(body, func() { calls++ }); err != nil {
		t.Fatal(err)
	}
	if calls < 2*keys/100 {
		t.Errorf("of a cycle end with %d keys: %d calls", keys, calls)
	}
	entries = nil
	for i := range int64(1000) {
		entries = append(entries, confirmation(t, i+1, strconv.FormatInt(i, 10)))
	}
	body, _ = feedlog.BatchIn(bytes.Join(feedlog.EncodeBatch(feedlog.Batch{To: 1000, Entries: entries}), nil))
	calls = 0
	if _, err := feedlog.DecodeBatch(body, func() { calls++ }); err != nil {
		t.Fatal(err)
	}
	if calls < 5 || calls > 100 {
		t.Errorf("of %d bytes of confirmations: %d calls", len(body), calls)
	}
}

// FuzzDecodeBatch feeds any bytes to what reads the network: it takes whole batches only, what it takes encodes back
// to the same entries, and protobuf reads the same from it.
func FuzzDecodeBatch(f *testing.F) {
	body, _ := feedlog.BatchIn(bytes.Join(feedlog.EncodeBatch(feedlog.Batch{From: 7, To: 12, Entries: sampleBatch(f)}), nil))
	f.Add(body)
	more, _ := feedlog.BatchIn(bytes.Join(feedlog.EncodeBatch(feedlog.Batch{From: 7, To: 12, More: true}), nil))
	f.Add(more)
	f.Add([]byte{})
	f.Add(body[:len(body)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		batch, err := feedlog.DecodeBatch(b, nil)
		if err != nil {
			return
		}
		var plain oddscachev1.Batch
		if err = proto.Unmarshal(b, &plain); err == nil {
			if plain.GetFromRevision() != batch.From || plain.GetToRevision() != batch.To || plain.GetMore() != batch.More ||
				len(plain.GetEntries()) != len(batch.Entries) {
				t.Fatalf("read (%d, %d] of %d entries, protobuf reads %v", batch.From, batch.To, len(batch.Entries), &plain)
			}
		}
		for i, e := range batch.Entries {
			if e.CycleEnd != nil && err == nil {
				sameCycleEnd(t, e.CycleEnd, plain.GetEntries()[i].GetCycleEnd())
			}
			if e.Revision <= 0 || e.Key.ID == "" || (e.Key.Kind == feedlog.KindCycleEnd) != (e.CycleEnd != nil) {
				t.Fatalf("entry without revision or key: %+v", e)
			}
		}
		again, is := feedlog.BatchIn(bytes.Join(feedlog.EncodeBatch(batch), nil))
		if !is {
			t.Fatal("encoded again it is no batch")
		}
		second, err := feedlog.DecodeBatch(again, nil)
		if err != nil || len(second.Entries) != len(batch.Entries) || second.From != batch.From || second.To != batch.To || second.More != batch.More {
			t.Fatalf("encoded again it is (%d, %d] of %d entries, %v", second.From, second.To, len(second.Entries), err)
		}
		l := feedlog.New(nil) // whatever the entries are, a log takes them whole or not at all
		if err := l.Append(0, batch.To, batch.Entries); err != nil && l.View().Entries != 0 {
			t.Fatalf("after %v the log has %d entries", err, l.View().Entries)
		}
	})
}
