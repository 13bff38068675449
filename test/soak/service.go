package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/oddscache/oddscache/test/process"
)

// stopWithin bounds a stop in order; the services' own grace is shorter.
const stopWithin = 30 * time.Second

// service is one process that is killed and started again with the same settings.
type service struct {
	name  string
	addr  string // gRPC
	admin string // HTTP
	path  string
	args  []string
	env   []string
	log   *os.File

	mu      sync.Mutex // guards what follows
	process *process.Process
	starts  int
}

// newService keeps the output of all the service's processes in one file.
func newService(logs, name, path, addr, admin string, args []string, env ...string) (*service, error) {
	log, err := os.Create(filepath.Join(logs, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making a log: %w", err)
	}
	return &service{name: name, addr: addr, admin: admin, path: path, args: args, env: env, log: log}, nil
}

// start starts a process.
func (s *service) start() error {
	p, err := process.Launch(s.path, s.name, s.log, s.args, s.env...)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = p
	s.starts++
	return nil
}

// running is the process, and how many there were with it; nil before the first.
func (s *service) running() (*process.Process, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process, s.starts
}

// kill ends the process as kill -9 does.
func (s *service) kill() {
	if p, _ := s.running(); p != nil {
		p.Kill()
	}
}

// stop ends the process in order.
func (s *service) stop() error {
	p, _ := s.running()
	if p == nil {
		return nil
	}
	p.Terminate()
	select {
	case <-p.Exited():
		if err := p.Err(); err != nil {
			return fmt.Errorf("%s was stopped and ended with: %w", s.name, err)
		}
		return nil
	case <-time.After(stopWithin):
		p.Kill()
		return fmt.Errorf("%s did not stop within %v", s.name, stopWithin)
	}
}

// close kills what runs and closes the log.
func (s *service) close() error {
	s.kill()
	return s.log.Close()
}
