// Package feed serves the log of the writer to replicas: SnapshotFeedService.
//
// A stream is a cursor, the revision that everything sent so far leads to. It takes the newest view of the log, sends the
// entries between the cursor and the view's head in batches, moves the cursor with each, and waits for the next view when
// it is at the head. docs/architecture.md has the rules that replicas rely on.
//
// What every stream keeps to:
//
//  1. Order. Start comes first and says whether the replica resumes or is sent everything. It resumes only when its epoch
//     is the source's, its revision is not ahead of the head, and no cycle end above it was dropped.
//  2. Cursor. A batch begins where the one before ended. Its entries are the newest of their keys at the moment of
//     reading, in the order of their revisions; what a slow replica missed has been compacted. A batch that does not lead
//     to the head of a view says that more follow.
//  3. Compaction never skips a cycle end. A stream whose next cycle end was dropped before it got there ends with
//     ErrTooOld, since what that end evicted would stay.
//  4. Progress comes behind the entries that it counts. Caught up means that the cursor is the head of the view which
//     entries and digest are taken from.
//  5. A source that is not the writer any more ends its streams with lease.ErrNotWriter and sends nothing after. It is
//     checked before every message, since a process that was stalled wakes up before its lease is known to be lost.
//  6. Backpressure. There is no queue: a stream that its replica does not read waits in Send, in its own goroutine, and
//     holds one view, whose entries the log shares. Neither the log nor other streams wait for it, and when it goes on
//     it takes the newest view.
//
// Two goroutines serve a stream beside its handler: one receives, one handles acknowledgements. All of them end with the
// stream, and Wait waits for them.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// Heartbeat is how often Progress is sent.
const Heartbeat = time.Second

// subscribeTimeout bounds the time until Subscribe arrives.
const subscribeTimeout = 10 * time.Second

// Errors that end a stream.
var (
	// ErrSubscribe means that the first message was not a usable Subscribe.
	ErrSubscribe = errors.New("first message is not a usable subscribe")
	// ErrTooOld means that a cycle end which a stream has not reached is kept no longer. The replica needs a full sync.
	ErrTooOld = errors.New("a cycle end that the replica has not seen is kept no longer")
	// ErrClosing means that the source is stopping. The replica dials again.
	ErrClosing = errors.New("source is stopping")
)

// Source is one term of a writer.
type Source interface {
	// Epoch names the history that the log's revisions belong to. It can change within a term, see Diverged.
	Epoch() string
	// Log is what is committed and published.
	Log() *feedlog.Log
	// Lost is closed when the term is over.
	Lost() <-chan struct{}
	// Held reports whether the term lasts at this moment; after a stall it is false before Lost is closed.
	Held() bool
	// Diverged handles a replica that is ahead of the log: it re-reads lease and revision, and mints a new epoch when
	// history was really lost. It returns an error when the term is over or the database does not answer.
	Diverged(ctx context.Context, replicaRevision int64) error
}

// Server serves the feed. Use New; Close when no stream may go on.
type Server struct {
	oddscachev1.UnimplementedSnapshotFeedServiceServer

	log       *slog.Logger
	maxBatch  int                    // bytes of a batch's frames
	source    atomic.Pointer[Source] // nil at a standby
	replicas  *replicas
	diverging chan struct{} // holds one token while the source finds out about a replica that is ahead
	closing   chan struct{}
	once      sync.Once
	wg        sync.WaitGroup // sending and receiving goroutines; each ends with its stream
}

// Option changes a server's settings.
type Option func(*Server)

// BatchBytes bounds the frames of a batch, feedlog.MaxBatchBytes by default; a larger entry travels alone. Small
// batches let tests cut a stream at many places.
func BatchBytes(n int) Option { return func(s *Server) { s.maxBatch = n } }

// New makes a server of a standby.
func New(log *slog.Logger, options ...Option) *Server {
	s := &Server{
		log: log, maxBatch: feedlog.MaxBatchBytes, replicas: newReplicas(),
		diverging: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	for _, set := range options {
		set(s)
	}
	return s
}

// Lead makes src the source of new streams until its term is over or StandBy is called. Streams of an earlier source
// end by that source's Lost.
func (s *Server) Lead(src Source) { s.source.Store(&src) }

// StandBy makes the server reject new streams with lease.ErrNotWriter.
func (s *Server) StandBy() { s.source.Store(nil) }

// Close ends all streams with ErrClosing and rejects new ones. It does not wait; see Wait.
func (s *Server) Close() { s.once.Do(func() { close(s.closing) }) }

// Wait waits until the goroutines of all streams have ended.
func (s *Server) Wait() { s.wg.Wait() }

// current returns the source whose term lasts.
func (s *Server) current() (Source, error) {
	select {
	case <-s.closing:
		return nil, ErrClosing
	default:
	}
	src := s.source.Load()
	if src == nil || !(*src).Held() {
		return nil, lease.ErrNotWriter
	}
	return *src, nil
}
