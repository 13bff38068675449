package faults

// Point is a place in the code at which a process can be made to die, stop or stall.
type Point struct {
	Name   string
	File   string // within the project
	Anchor string // a piece of the file that stands there once
	After  bool   // the point is behind the anchor; before it otherwise
	When   string // a condition in front of the point, such as "s.aside"
}

// Places of the points.
const (
	storeDir   = "services/scraper/internal/store/"
	feedStream = "services/scraper/internal/feed/stream.go"
	replicaDir = "services/cache/internal/replica/"
	indexDir   = "services/cache/internal/store/"
)

// ScraperPoints lie on the write path, in takeovers and in the feed's source.
func ScraperPoints() []Point {
	return []Point{
		{Name: "store.planned", File: storeDir + "apply.go", Anchor: "			err = w.write(ctx, p, &t)\n"},
		{Name: "store.before_begin", File: storeDir + "commit.go", Anchor: "	tx, err := w.store.pools.write.BeginTx("},
		{Name: "store.after_begin", File: storeDir + "commit.go", Anchor: "	if err := write(ctx, tx); err != nil {\n"},
		{Name: "store.history_flushed", File: storeDir + "flush.go", Anchor: "	if err := w.flushEvents(ctx, q, p); err != nil {\n"},
		{Name: "store.events_flushed", File: storeDir + "flush.go", Anchor: "	if err := w.flushContents(ctx, q, p.contents); err != nil {\n"},
		{Name: "store.contents_flushed", File: storeDir + "flush.go", Anchor: "	return w.flushConfirmed(ctx, q, p.confirmed)\n"},
		{Name: "store.before_fence", File: storeDir + "commit.go", Anchor: "	row, err := advance(ctx, dbsqlc.New(tx))\n"},
		{Name: "store.after_fence", File: storeDir + "commit.go", Anchor: "	watch.lap(&t.flush)\n"},
		{Name: "store.before_commit", File: storeDir + "commit.go", Anchor: "	err := tx.Commit(committing)\n"},
		{Name: "store.after_commit", File: storeDir + "commit.go", Anchor: "	err := tx.Commit(committing)\n", After: true},
		{Name: "store.commit_unknown", File: storeDir + "commit.go", Anchor: "		s, err := w.lockState(ctx)\n"},
		{Name: "store.before_publish", File: storeDir + "apply.go", Anchor: "	if err := w.log.Append(w.head, to, entries); err != nil {\n"},
		{Name: "store.published", File: storeDir + "apply.go", Anchor: "	commit()\n	w.head = to\n"},
		{Name: "store.after_publish", File: storeDir + "apply.go", Anchor: "	commit()\n	w.head = to\n", After: true},
		{Name: "cycle.beginning", File: storeDir + "cycle_write.go", Anchor: "			row, err := q.BeginCycle("},
		{Name: "cycle.before_evict", File: storeDir + "cycle_write.go", Anchor: "			end = w.evict(ended, now)\n"},
		{Name: "cycle.before_delete", File: storeDir + "cycle_write.go", Anchor: "	if len(end.events) > 0 {\n		rows, err := q.DeleteEvents("},
		{Name: "cycle.deleted", File: storeDir + "cycle_write.go", Anchor: "	if err := q.DeleteOldCycles("},
		{Name: "cycle.before_publish_end", File: storeDir + "cycle_write.go", Anchor: "	entry, err := feedlog.NewCycleEnd(w.head+1, end.message())\n"},
		{Name: "lease.before_take", File: storeDir + "acquire.go", Anchor: "	taken, err := q.TakeLease("},
		{Name: "lease.taken", File: storeDir + "acquire.go", Anchor: "	return newLease("},
		{Name: "lease.before_restore", File: storeDir + "acquire.go", Anchor: "	if err := w.restore(ctx); err != nil {\n"},
		{Name: "lease.restored", File: storeDir + "acquire.go", Anchor: "	return w, w.closeRunning("},
		{Name: "lease.before_renew", File: storeDir + "lease.go", Anchor: "	row, err := q.RenewLease("},
		{Name: "lease.renewed", File: storeDir + "lease.go", Anchor: "		l.renewed(sent)\n		return nil\n"},
		{Name: "restore.before_read", File: storeDir + "restore.go", Anchor: "	t, err := w.readTables(ctx)\n"},
		{Name: "restore.read", File: storeDir + "restore.go", Anchor: "	entries, err := w.rebuild(ctx, t)\n"},
		{Name: "lead.before_serving", File: "services/scraper/lead.go", Anchor: "	a.feed.Lead(source{w})\n"},
		{Name: "lead.serving", File: "services/scraper/lead.go", Anchor: "	a.feed.Lead(source{w})\n", After: true},
		{Name: "feed.subscribed", File: feedStream, Anchor: "	start, err := s.start(stream.Context(), src, sub)\n"},
		{Name: "feed.before_start", File: feedStream, Anchor: "	if err := s.stream.Send(message); err != nil {\n		return fmt.Errorf(\"sending start"},
		{Name: "feed.before_batch", File: feedStream, Anchor: "	entries, to := view.After(s.cursor, s.maxBatch)\n"},
		{Name: "feed.between_batches", File: feedStream, Anchor: "	s.cursor = to\n"},
		{Name: "feed.mid_full", File: feedStream, Anchor: "	s.cursor = to\n", After: true, When: "s.cursor < view.Head"},
		{Name: "feed.before_progress", File: feedStream, Anchor: "	p := &oddscachev1.Progress{Revision: s.cursor}\n"},
		{Name: "feed.acknowledged", File: feedStream, Anchor: "				s.replicas.acknowledge(rep, ack.GetRevision())\n"},
	}
}

// CachePoints lie in the replica and in what it builds.
func CachePoints() []Point {
	return []Point{
		{Name: "replica.before_subscribe", File: replicaDir + "session.go", Anchor: "	subscribe := &oddscachev1.Subscribe{"},
		{Name: "replica.full_begins", File: replicaDir + "session.go", Anchor: "		s.r.cfg.Store.Doubt()\n"},
		{Name: "replica.received", File: replicaDir + "session.go", Anchor: "	done, err := s.index.Append(b)\n"},
		{Name: "replica.mid_full", File: replicaDir + "session.go", Anchor: "	s.r.cfg.Observer.Applied(done, took)\n", When: "s.aside"},
		{Name: "replica.applied", File: replicaDir + "session.go", Anchor: "	s.r.cfg.Observer.Applied(done, took)\n", After: true},
		{Name: "replica.before_ack", File: replicaDir + "session.go", Anchor: "	return s.ack(took)\n"},
		{Name: "replica.before_swap", File: replicaDir + "progress.go", Anchor: "	s.r.cfg.Store.Serve(s.index)\n"},
		{Name: "replica.after_swap", File: replicaDir + "progress.go", Anchor: "	s.r.cfg.Store.Serve(s.index)\n", After: true},
		{Name: "replica.caught_up", File: replicaDir + "progress.go", Anchor: "	s.r.cfg.Store.Heard()\n"},
		{Name: "index.before_log", File: indexDir + "index.go", Anchor: "	if err := x.log.Append(b.From, b.To, b.Entries); err != nil {\n"},
		{Name: "index.built", File: indexDir + "publish.go", Anchor: "	x.forgetCycleEnds()\n	x.slots.grow("},
		{Name: "index.before_revision", File: indexDir + "publish.go", Anchor: "	if old := x.published.Swap(p); old != nil {\n"},
		{Name: "index.before_tables", File: indexDir + "publish.go", Anchor: "	x.settle(p)\n"},
		{Name: "index.evicting", File: indexDir + "index.go", Anchor: "	switch k.Kind {\n	case feedlog.KindEvent:\n		x.removeEvent("},
	}
}
