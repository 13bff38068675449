package store

import (
	"slices"
	"unsafe"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// The accounting adds up what each thing really takes on the heap: its own allocations rounded up as the runtime does,
// and its share of the maps and trees that name it. A test compares the sum with the measured growth of the heap.
//
// Sizes are added when a thing is put and taken off when it goes (Index.account), so that reading the sum costs nothing and
// no walk over everything is ever needed. What is shared is counted once: names of bookmakers, countries and tournaments not
// at all, an entry's bytes with the entry.
const (
	keyBytes = int64(unsafe.Sizeof(Key{}))
	pointer  = 8

	logMapEntry      = int64(unsafe.Sizeof(feedlog.Key{})) + pointer
	snapshotMapEntry = keyBytes + pointer
	// A node of a tree is about two thirds full; the log's tree keeps number and pointer, the list's a pointer.
	logItem = 2 * pointer * 3 / 2
	// The log's record of a key has an entry, its confirmation and a note.
	recordBytes = 4 * pointer
	treeItem    = pointer * 3 / 2
	// The concurrent map keeps pointers to pairs of key and value.
	pairBytes = 16 + pointer
)

// mapSizes are the most entries that the maps ever had: they keep the memory that they once needed.
type mapSizes struct{ log, snapshots int64 }

// grow notes how many entries the maps have now.
func (s *mapSizes) grow(log, snapshots int64) {
	s.log, s.snapshots = max(s.log, log), max(s.snapshots, snapshots)
}

// bytes is the memory of the maps.
func (s *mapSizes) bytes() int64 {
	return mapBytes(s.log, logMapEntry) + mapBytes(s.snapshots, snapshotMapEntry)
}

// mapBytes is what a Go map of n entries takes: places for entries in groups of eight with a byte of control each, at most
// seven eighths full, and twice as many whenever that is not enough.
func mapBytes(n, entry int64) int64 {
	room := int64(8)
	for n > room*7/8 {
		room *= 2
	}
	return room * (entry + 1)
}

// concurrentBytes is what the concurrent map of n entries takes beside the pairs: buckets of 64 bytes with room for
// five, at most three quarters full, and twice as many whenever that is not enough.
func concurrentBytes(n int64) int64 {
	buckets := int64(32)
	for 4*n > 3*5*buckets {
		buckets *= 2
	}
	return buckets * 64
}

// entryBytes is what the log holds of an entry.
func entryBytes(e *feedlog.Entry) int64 {
	return heapSize(len(e.Frame)) + heapSize(int(unsafe.Sizeof(*e))) +
		heapSize(len(e.Key.ID)) + logItem // names of bookmakers are shared
}

// contentBytes is what the index holds of a snapshot's content beside its entry.
func contentBytes(c *frame.Content) int64 {
	return heapSize(int(unsafe.Sizeof(*c))) + heapSize(2*c.Index()) + heapSize(c.Copied()) +
		heapSize(int(unsafe.Sizeof(snapshotSlot{})))
}

// identityBytes is what the index holds of an event beside its entry; names of countries and tournaments are shared.
func identityBytes(id *Identity) int64 {
	n := heapSize(int(unsafe.Sizeof(*id))) + heapSize(int(unsafe.Sizeof(node{}))) + eventBytes +
		heapSize(len(id.SrID)) + heapSize(len(id.BetpawaID)) + 8 +
		heapSize(cap(id.listed)*int(keyBytes)) + heapSize(len(id.listed)*pointer) + treeItem
	if id.Before != nil {
		n += pastBytes
	}
	for _, k := range id.listed {
		if k.Bookmaker != Betpawa { // BetPawa's id is counted above
			n += heapSize(len(k.ID))
		}
	}
	return n
}

// eventBytes is what an Event takes with room for a few snapshots: 160, which is a size class.
const eventBytes = int64(unsafe.Sizeof(Event{}) + fewSnapshots*unsafe.Sizeof(frame.Snapshot{}))

// pastBytes is what a Past takes; its strings are others' too.
const pastBytes = 96 // 88 rounded up

// pastBytes must be the size class of a Past.
var _ [pastBytes - unsafe.Sizeof(Past{})]struct{}

// cycleEndBytes is what the log holds of a cycle end's decoded keys. Their ids are pieces of one string.
func cycleEndBytes(end *feedlog.CycleEnd) int64 {
	ids := 0
	for _, k := range end.Removed {
		ids += len(k.ID)
	}
	return heapSize(int(unsafe.Sizeof(*end))) + heapSize(cap(end.Removed)*int(unsafe.Sizeof(feedlog.Key{}))) + heapSize(ids)
}

// heapSize is what an allocation of n bytes takes: the runtime rounds small ones up to a size class and large ones to
// whole pages.
func heapSize(n int) int64 {
	const page = 8192
	switch {
	case n <= 0:
		return 0
	case n <= int(heapClasses[len(heapClasses)-1]):
		i, _ := slices.BinarySearch(heapClasses[:], uint16(n))
		return int64(heapClasses[i])
	default:
		return int64((n + page - 1) / page * page)
	}
}

// heapClasses are the runtime's size classes, as its sizeclasses.go lists them; a test compares them with what the
// runtime does.
//
//nolint:gochecknoglobals // a table that nothing changes
var heapClasses = [...]uint16{
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
	512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
	5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480,
	21760, 24576, 27264, 28672, 32768,
}
