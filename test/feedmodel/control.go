package feedmodel

// Edit replaces a piece of a source file, which must stand there exactly once.
type Edit struct{ Old, New string }

// Control is the design with one rule changed: in the test's writer where the rule lives there, else in a build of the
// real code with a file replaced.
type Control struct {
	Name  string
	Rules Rules
	Drops bool
	File  string // within the project; empty when Rules say it
	Edits []Edit
	Tests string // that must fail, where they are not this package's
}

// Controls are the rules that looser readings of the design get wrong. Each must be caught.
func Controls() []Control {
	return []Control{
		{
			Name: "a confirmation is sent without its content",
			File: "services/scraper/internal/feed/stream.go",
			Edits: []Edit{
				{"package feed\n", "package feed\n\nimport \"slices\"\n"},
				{"	entries, to := view.After(s.cursor, s.maxBatch)\n", `	entries, to := view.After(s.cursor, s.maxBatch)
	if s.cursor > 0 {
		entries = slices.DeleteFunc(entries, func(e *feedlog.Entry) bool {
			return e.Key.Kind == feedlog.KindSnapshot && s.src.Log().Lookup(feedlog.ConfirmationKey(e.Key.Bookmaker, e.Key.ID)) != nil
		})
	}
`},
			},
		},
		{
			Name: "each side compares kickoffs itself at a cycle end",
			File: "pkg/feedlog/feedlog.go",
			Edits: []Edit{
				{"	for _, k := range end.CycleEnd.Removed {\n", "	for _, k := range l.compared(end) {\n"},
				{"	\"github.com/tidwall/btree\"\n", `	"github.com/tidwall/btree"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
`},
				{"// removeLocked takes away what stands for a key, with its confirmation, and returns it; nil for nothing.\n", `func (l *Log) compared(end *Entry) (gone []Key) {
	var cycle oddscachev1.CycleEnd
	if proto.Unmarshal(end.Body, &cycle) != nil || cycle.GetEvictKickoffBefore() == nil {
		return nil
	}
	listed := make(map[Key]bool)
	for k, s := range l.keys {
		var event oddscachev1.Event
		if k.Kind != KindEvent || proto.Unmarshal(s.entry.Body, &event) != nil {
			continue
		}
		if event.GetKickoff().AsTime().Before(cycle.GetEvictKickoffBefore().AsTime()) {
			gone = append(gone, k)
			continue
		}
		listed[SnapshotKey("betpawa", event.GetBetpawaEventId())] = true
		for _, c := range event.GetCompetitorEvents() {
			listed[SnapshotKey(c.GetBookmaker(), c.GetCompetitorEventId())] = true
		}
	}
	for k := range l.keys {
		if k.Kind == KindSnapshot && !listed[k] {
			gone = append(gone, k)
		}
	}
	return gone
}

// removeLocked takes away what stands for a key, with its confirmation, and returns it; nil for nothing.
`},
			},
		},
		{
			Name: "only the newest cycle end is kept",
			File: "pkg/feedlog/feedlog.go",
			Edits: []Edit{
				{"	oldest := end.CycleEnd.FinishedAt.Add(-Keep)\n", ""},
				{"	for len(l.ends) > 1 && l.ends[0].CycleEnd.FinishedAt.Before(oldest) {\n		l.floor = l.ends[0].Revision\n", "	for len(l.ends) > 1 {\n"},
			},
		},
		{Name: "a move rewrites the new owner only", Rules: Rules{NewOwnerOnly: true}},
		{
			Name: "a full sync is complete at the head that Start named",
			File: "services/cache/internal/replica/session.go",
			Edits: []Edit{
				{"	aside bool         // it is not served yet\n", "	aside bool         // it is not served yet\n	named int64\n"},
				{"	s.r.head.Store(start.GetHeadRevision())\n", "	s.r.head.Store(start.GetHeadRevision())\n	s.named = start.GetHeadRevision()\n"},
				{"	if s.aside {\n		//failpoint:replica.mid_full\n		return nil\n	}\n	s.r.cfg.Store.CountEvicted", `	if s.aside && s.index.Log().Head < s.named {
		//failpoint:replica.mid_full
		return nil
	}
	if s.aside {
		if err := s.serve(); err != nil {
			return err
		}
	}
	s.r.cfg.Store.CountEvicted`},
			},
		},
		{
			Name: "no gap check, with a batch lost on its way", Drops: true,
			File:  "pkg/feedlog/feedlog.go",
			Edits: []Edit{{"	if from != l.head || to < from {\n", "	if to < from {\n"}},
		},
		{
			Name:  "a batch is shown although more follow",
			File:  "services/cache/internal/replica/session.go",
			Edits: []Edit{{"	if s.aside || !b.More {", "	if true {"}},
		},
		{
			Name:  "no batch says that more follow",
			File:  "services/scraper/internal/feed/stream.go",
			Edits: []Edit{{", More: to < view.Head}", "}"}},
		},
		{Name: "revisions taken before BEGIN, two batches in flight", Rules: Rules{EarlyRevisions: true}},
		{Name: "a block is published before its commit", Rules: Rules{EarlyPublish: true}},
		{Name: "a failed cycle evicts", Rules: Rules{FailedEvicts: true}},
		{Name: "a cutoff of the future is kept", Rules: Rules{CutoffStays: true}},
		{
			Name:  "a stalled writer speaks when it wakes up",
			File:  "services/scraper/internal/feed/stream.go",
			Edits: []Edit{{"	if !s.src.Held() {\n		return fmt.Errorf(\"the lease ran out: %w\", ErrNotWriter)\n	}\n", ""}},
		},
		{
			Name:  "a stream goes on behind a cycle end that was dropped",
			File:  "services/scraper/internal/feed/stream.go",
			Edits: []Edit{{"		if s.cursor > 0 && s.cursor < view.Floor && s.floor < view.Floor {\n			return fmt.Errorf(\"at revision %d, below %d: %w\", s.cursor, view.Floor, ErrTooOld)\n		}\n", ""}},
		},
		{
			Name: "caught up with a head that is in the past",
			File: "services/scraper/internal/feed/stream.go",
			Edits: []Edit{
				{"		if s.src.Log().View() != view {\n			continue // sending took its time: the replica has caught up with the past\n		}\n", ""},
				{"func (s *sender) progress() error {\n	view := s.src.Log().View()\n", "func (s *sender) progress(view *feedlog.View) error {\n"},
				{"				if err := s.progress(); err != nil {\n", "				if err := s.progress(view); err != nil {\n"},
				{"			if err := s.progress(); err != nil {\n				return err\n			}\n			said", "			if err := s.progress(view); err != nil {\n				return err\n			}\n			said"},
			},
		},
		{
			Name: "new content leaves the old confirmation standing",
			File: "pkg/feedlog/feedlog.go",
			Edits: []Edit{{"		if old := l.removeLocked(e.Key); old != nil {\n			s.note = old.note\n		}\n", `		if old := l.keys[e.Key]; old != nil {
			s.note, s.confirmation = old.note, old.confirmation
			l.dropLocked(old.entry)
		}
`}},
		},
	}
}
