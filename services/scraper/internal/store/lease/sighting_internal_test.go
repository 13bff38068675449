package lease

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// scraper is a process of the model: it watches another's lease or believes to hold one.
type scraper struct {
	name     string
	seen     sighting
	term     int64
	deadline time.Duration // of its own lease, in true time; it holds one when that lies ahead
}

// leases is a model of feed_state, of a database clock that is set now and then, and of scrapers.
type leases struct {
	t        *rapid.T
	now      time.Duration // true time
	ahead    time.Duration // of the database's clock
	row      dbsqlc.ReadLeaseRow
	granted  time.Duration // when the row was last written
	stepped  time.Duration // when the clock was last set forward
	scrapers []*scraper
}

const modelLease = 15 * time.Second

var modelStart = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

func (m *leases) database() time.Time { return modelStart.Add(m.now + m.ahead) }

// grant is what a statement does that sets the lease; it was sent a while ago.
func (m *leases) grant(s *scraper, sent time.Duration) {
	until, seconds := m.database().Add(modelLease), modelLease.Seconds()
	m.row.Holder, m.row.LeaseUntil, m.row.LeaseSeconds = &s.name, &until, &seconds
	m.granted = m.now
	s.deadline = sent + modelLease
}

// look lets a scraper look at the lease and take it if it may.
func (m *leases) look(s *scraper) {
	row := m.row
	row.Expired = row.LeaseUntil == nil || row.LeaseUntil.Before(m.database())
	first := s.seen.since.IsZero()
	if !s.seen.free(row, s.name, modelLease, modelStart.Add(m.now)) {
		return
	}
	for _, other := range m.scrapers {
		if other == s || m.now >= other.deadline {
			continue
		}
		if !first || m.stepped < m.granted {
			m.t.Fatalf("%s took the lease at %v although %s holds it until %v", s.name, m.now, other.name, other.deadline)
		}
		// A clock that was set forward after the renewal deceives whoever looks for the first time.
		other.deadline = 0
	}
	m.row.Term++
	s.term, s.seen = m.row.Term, sighting{}
	m.grant(s, m.now)
}

// renew renews a lease; the statement travels for as long as is drawn.
func (m *leases) renew(s *scraper, travels time.Duration) {
	if m.now >= s.deadline {
		return
	}
	sent := m.now
	m.now += travels
	if m.row.Holder == nil || *m.row.Holder != s.name || m.row.Term != s.term {
		s.deadline = 0
		return
	}
	m.grant(s, sent)
}

// Whatever is done to the database's clock, nobody takes the lease of a holder that it has seen alive, and a lease
// whose holder died is taken within its length and two looks.
func TestSightingModel(t *testing.T) {
	t.Parallel()
	takeovers := 0
	rapid.Check(t, func(t *rapid.T) {
		m := &leases{t: t, stepped: -1, scrapers: []*scraper{{name: "a"}, {name: "b"}, {name: "c"}}}
		pick := rapid.SampledFrom(m.scrapers)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			m.now += time.Duration(rapid.Int64Range(0, int64(6*time.Second)).Draw(t, "passes"))
			s := pick.Draw(t, "scraper")
			switch rapid.SampledFrom([]string{"look", "look", "renew", "renew", "step", "crash", "release"}).Draw(t, "does") {
			case "look":
				if m.now >= s.deadline {
					m.look(s)
				}
			case "renew":
				m.renew(s, time.Duration(rapid.Int64Range(0, int64(4*time.Second)).Draw(t, "travels")))
			case "step":
				by := time.Duration(rapid.Int64Range(-int64(4*time.Hour), int64(4*time.Hour)).Draw(t, "by"))
				m.ahead += by
				if by > 0 {
					m.stepped = m.now
				}
			case "crash":
				s.deadline, s.seen = 0, sighting{}
			case "release":
				if m.row.Holder != nil && *m.row.Holder == s.name && m.row.Term == s.term {
					m.row.Holder, m.row.LeaseUntil, s.deadline = nil, nil, 0
				}
			}
		}
		for _, s := range m.scrapers {
			s.deadline = 0
		}
		last := m.scrapers[2]
		last.name, last.seen = "d", sighting{} // a new process
		term := m.row.Term
		for began := m.now; m.row.Term == term; m.now += maxPoll {
			if m.now > began+modelLease+2*maxPoll {
				t.Fatalf("nobody took the lease of a dead holder within %v: %+v, the clock is %v ahead", m.now-began, m.row, m.ahead)
			}
			m.look(last)
		}
		takeovers++
	})
	t.Logf("%d histories ended with a takeover", takeovers)
}

func TestOverdue(t *testing.T) {
	t.Parallel()
	term := &Term{Length: time.Minute}
	for _, last := range []error{nil, errors.New("connection refused")} {
		if got := term.overdue(last).Error(); strings.Contains(got, "%!") || last != nil && !strings.Contains(got, last.Error()) {
			t.Errorf("after %v: %s", last, got)
		}
	}
}
