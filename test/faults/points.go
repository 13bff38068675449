package faults

// A point is a place in the code at which a process can be made to die, stop or stall. The line
// //failpoint:store.before_commit marks one; with "if" and an expression behind the name it acts only where that is true.
// These lists are the points that there are: a marker that is not among them, or the lack of one, fails a test.

// ScraperPoints are the points on the write path, in takeovers and in the feed's source.
func ScraperPoints() []string {
	return []string{
		"store.planned",
		"store.before_begin",
		"store.after_begin",
		"store.history_flushed",
		"store.events_flushed",
		"store.contents_flushed",
		"store.before_fence",
		"store.after_fence",
		"store.before_commit",
		"store.after_commit",
		"store.commit_unknown",
		"store.before_publish",
		"store.published",
		"store.after_publish",
		"cycle.beginning",
		"cycle.before_evict",
		"cycle.before_delete",
		"cycle.deleted",
		"cycle.before_publish_end",
		"lease.before_take",
		"lease.taken",
		"lease.before_restore",
		"lease.restored",
		"lease.before_renew",
		"lease.renewed",
		"restore.before_read",
		"restore.read",
		"lead.before_serving",
		"lead.serving",
		"feed.subscribed",
		"feed.before_start",
		"feed.before_batch",
		"feed.between_batches",
		"feed.mid_full",
		"feed.before_progress",
		"feed.acknowledged",
	}
}

// CachePoints are the points in the replica and in the index that it builds.
func CachePoints() []string {
	return []string{
		"replica.before_subscribe",
		"replica.full_begins",
		"replica.received",
		"replica.mid_full",
		"replica.applied",
		"replica.before_ack",
		"replica.before_swap",
		"replica.after_swap",
		"replica.caught_up",
		"index.before_log",
		"index.built",
		"index.before_revision",
		"index.before_tables",
		"index.evicting",
	}
}
