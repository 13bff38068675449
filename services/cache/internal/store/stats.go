package store

// Stats counts what an index holds; every change updates it, so reading it costs nothing.
type Stats struct {
	Events           int64 // all of them
	BetpawaEvents    int64 // that BetPawa lists
	CompetitorEvents int64 // ids of competitors that belong to an event
	Snapshots        int64 // whose id belongs to an event
	Markets          int64 // in those snapshots
	Waiting          int64 // snapshots whose id belongs to no event
	// Bytes is the memory of payloads, indexes and maps.
	Bytes int64

	evicted int64 // events that cycle ends removed from this index
}

// count adds a snapshot to the visible or the waiting ones (sign +1), or takes it away (-1). Whoever changes a slot's content
// or its owner takes it away before and adds it after.
func (x *Index) count(b *snapshotSlot, owner *node, sign int64) {
	if owner == nil {
		x.stats.Waiting += sign
		return
	}
	x.stats.Snapshots += sign
	x.stats.Markets += sign * int64(b.snapshot.Markets())
}

// countID adds an id to those that belong to an event, or takes it away.
func (x *Index) countID(k Key, owner *node, sign int64) {
	switch {
	case owner == nil:
	case k.Bookmaker == Betpawa:
		x.stats.BetpawaEvents += sign
	default:
		x.stats.CompetitorEvents += sign
	}
}

// account replaces the accounted size of something, which is kept beside it: size is 0 before it was put, and becomes 0 when
// it goes.
func (x *Index) account(size *int64, now int64) {
	x.stats.Bytes += now - *size
	*size = now
}
