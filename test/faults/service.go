package faults

import (
	"regexp"
	"strings"
	"sync"

	"github.com/oddscache/oddscache/pkg/failpoint"
	"github.com/oddscache/oddscache/test/cluster"
)

// Service is one of a cluster's processes, of which the log is read: which points have acted, how streams began, and
// what must never happen.
type Service struct {
	*cluster.Service

	mu     sync.Mutex      // guards what follows
	acted  map[string]bool // points that acted since the process began
	served bool            // the cache has finished a full sync
	resume int             // of all its processes, as is everything below
	full   int
	wrong  []string
}

// Observe reads a service's log from its first start on.
func Observe(of *cluster.Service) *Service {
	s := &Service{Service: of, acted: make(map[string]bool)}
	of.Line = s.read
	return s
}

// Start starts the process, with points armed.
func (s *Service) Start(points string) error {
	s.mu.Lock()
	clear(s.acted)
	s.served = false
	s.mu.Unlock()
	return s.Service.Start(failpoint.Env + "=" + points)
}

// started is the replica's line about a stream that begins.
var started = regexp.MustCompile(`msg="feed started" .*mode=(\w+) reason=(\w+)`)

// read learns from a line of the process's log.
func (s *Service) read(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, acts := strings.CutPrefix(line, failpoint.Hit); acts {
		s.acted[name] = true
	}
	if strings.Contains(line, `msg="full sync served"`) && !strings.Contains(line, " revision=0 ") { // of nothing there is nothing to resume
		s.served = true
	}
	if m := started.FindStringSubmatch(line); m != nil {
		if m[1] == "resume" {
			s.resume++
			return
		}
		s.full++
		if s.served || m[2] != "requested" {
			s.wrong = append(s.wrong, "full sync without need: "+line)
		}
	}
	for _, bad := range []string{"DIGEST_MISMATCH", "reason=GAP", "BAD_ENTRY", "PROTOCOL", "panic:", "DATA RACE", "history was lost"} {
		if strings.Contains(line, bad) {
			s.wrong = append(s.wrong, line)
		}
	}
}

// Acted reports whether a point of the running process has acted.
func (s *Service) Acted(point string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acted[point]
}

// takeWrong returns what went wrong since the last call.
func (s *Service) takeWrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := s.wrong
	s.wrong = nil
	return wrong
}

// syncs are how often streams began with a resume and with a full sync.
func (s *Service) syncs() (resumes, fulls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resume, s.full
}
