package feedlog_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/feedlog"
)

// source is a log and, beside it, the plain maps that say what it must hold.
type source struct {
	log   *feedlog.Log
	now   time.Time
	want  map[feedlog.Key]int64 // revision of the newest entry
	ends  map[int64]time.Time   // all cycle ends so far
	block []*feedlog.Entry
}

func (s *source) next() int64 { return s.log.View().Head + int64(len(s.block)) + 1 }

func (s *source) put(e *feedlog.Entry) {
	if e.Key.Kind == feedlog.KindSnapshot {
		delete(s.want, feedlog.ConfirmationKey(e.Key.Bookmaker, e.Key.ID))
	}
	s.want[e.Key] = e.Revision
	s.block = append(s.block, e)
}

// write draws one write.
func (s *source) write(t *rapid.T) {
	id := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id")
	switch rapid.IntRange(0, 9).Draw(t, "write") {
	case 0, 1, 2:
		s.put(event(t, s.next(), id))
	case 3, 4, 5:
		s.put(content(t, s.next(), id))
	case 6, 7:
		if _, held := s.want[feedlog.SnapshotKey("betpawa", id)]; held {
			s.put(confirmation(t, s.next(), id))
		}
	default:
		s.now = s.now.Add(time.Duration(rapid.IntRange(0, 150).Draw(t, "hours")) * time.Hour)
		var removed []feedlog.Key
		for _, k := range slices.SortedFunc(maps.Keys(s.want), func(a, b feedlog.Key) int { return strings.Compare(a.String(), b.String()) }) {
			if (k.Kind == feedlog.KindEvent || k.Kind == feedlog.KindSnapshot) && rapid.IntRange(0, 3).Draw(t, "goes") == 0 {
				removed = append(removed, k)
				delete(s.want, k)
				delete(s.want, feedlog.ConfirmationKey(k.Bookmaker, k.ID))
			}
		}
		e := cycleEnd(t, s.next(), s.now, removed...)
		s.put(e)
		s.ends[e.Revision] = s.now
		for revision, at := range s.ends {
			if at.Before(s.now.Add(-feedlog.Keep)) {
				delete(s.want, feedlog.CycleEndKey(fmt.Sprint("cycle ", revision)))
			}
		}
	}
}

func (s *source) commit(t *rapid.T) {
	from := s.log.View().Head
	if err := s.log.Append(from, from+int64(len(s.block)), s.block); err != nil {
		t.Fatal(err)
	}
	s.block = nil
}

// check holds a log that is at the source's head against the maps.
func (s *source) check(t *rapid.T, v *feedlog.View) {
	entries, _ := v.After(0, 1<<30)
	got, size, last := map[feedlog.Key]int64{}, int64(0), int64(0)
	for _, e := range entries {
		if e.Revision <= last {
			t.Fatalf("revision %d stands after %d", e.Revision, last)
		}
		last = e.Revision
		got[e.Key] = e.Revision
		size += int64(len(e.Frame))
	}
	if !maps.Equal(got, s.want) || v.Entries != len(s.want) || v.Bytes != size {
		t.Fatalf("log holds %v (%d entries, %d bytes), want %v (%d bytes)", got, v.Entries, v.Bytes, s.want, size)
	}
}

// TestReplicasAreTheSource lets replicas follow a source over the wire format, in batches of any size, with pauses and
// restarts at every revision, and start from scratch when the source has forgotten cycle ends that they missed.
func TestReplicasAreTheSource(t *testing.T) {
	t.Parallel()
	resumes, tooOld, batches := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := &source{log: feedlog.New(nil), now: noon, want: map[feedlog.Key]int64{}, ends: map[int64]time.Time{}}
		replicas := []*feedlog.Log{feedlog.New(nil), feedlog.New(nil), feedlog.New(nil)}
		follow := func(i, n, maxBytes int) {
			v := s.log.View()
			head := replicas[i].View().Head
			if head < v.Floor && head > 0 {
				replicas[i] = feedlog.New(nil)
				tooOld++
			}
			for range n {
				from := replicas[i].View().Head
				if from == v.Head {
					break
				}
				entries, to := v.After(from, maxBytes)
				message := bytes.Join(feedlog.EncodeBatch(feedlog.Batch{From: from, To: to, Entries: entries}), nil)
				body, is := feedlog.BatchIn(message)
				if !is {
					t.Fatalf("%x is no batch", message)
				}
				b, err := feedlog.DecodeBatch(body, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := replicas[i].Append(b.From, b.To, b.Entries); err != nil {
					t.Fatal(err)
				}
				batches++
				v = s.log.View()
			}
			if r := replicas[i].View(); r.Head == v.Head {
				if r.Digest != v.Digest || r.Entries != v.Entries {
					t.Fatalf("at %d the replica has %d entries, digest %x; the source %d, %x", r.Head, r.Entries, r.Digest, v.Entries, v.Digest)
				}
				s.check(t, r)
			}
			resumes++
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "follow") {
				follow(rapid.IntRange(0, 2).Draw(t, "replica"), rapid.IntRange(1, 4).Draw(t, "batches"), rapid.SampledFrom([]int{1, 100, 300, 1 << 20}).Draw(t, "bytes"))
				continue
			}
			for range rapid.IntRange(1, 4).Draw(t, "writes") {
				s.write(t)
			}
			s.commit(t)
			s.check(t, s.log.View())
		}
		for i := range replicas {
			follow(i, 1000, 200)
		}
	})
	t.Logf("%d resumes, %d too old, %d batches", resumes, tooOld, batches)
	if tooOld == 0 || batches == 0 {
		t.Error("no replica was too old, or none had batches")
	}
}
