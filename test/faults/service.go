package faults

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/oddscache/oddscache/pkg/failpoint"
)

// Service is one process that is killed and started again with the same settings.
type Service struct {
	name string
	bin  string
	env  []string

	cmd    *exec.Cmd
	exited chan struct{}
	log    *os.File

	mu     sync.Mutex
	starts int
	hit    map[string]bool // points that acted since the process began
	served bool            // the cache has finished a full sync
	resume int             // of all its processes, as is everything below
	full   int
	wrong  []string
}

// NewService keeps the output of all processes in one file.
func NewService(dir, name, bin string, env ...string) (*Service, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making a log: %w", err)
	}
	return &Service{name: name, bin: bin, env: env, log: log}, nil
}

// Start starts the process, with points armed.
func (s *Service) Start(points string) error {
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	s.cmd = exec.Command(s.bin, "serve")
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), failpoint.Env + "=" + points}, s.env...)
	s.cmd.Stdout, s.cmd.Stderr = in, in
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = s.cmd.Start()
	_ = in.Close()
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.name, err)
	}
	s.mu.Lock()
	s.starts, s.hit, s.served = s.starts+1, make(map[string]bool), false
	s.mu.Unlock()
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) { // ends with the process; kill waits for it
		defer close(exited)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.read(lines.Text())
		}
		_ = out.Close()
		_ = cmd.Wait()
	}(s.cmd, s.exited)
	return nil
}

// started is how the replica tells of a stream.
var started = regexp.MustCompile(`msg="feed started" .*mode=(\w+) reason=(\w+)`)

// read learns from a line of the process's output.
func (s *Service) read(line string) {
	_, _ = fmt.Fprintln(s.log, line)
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, acts := strings.CutPrefix(line, failpoint.Hit); acts {
		s.hit[name] = true
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
	return s.hit[point]
}

// Alive reports whether the process runs, or is stopped.
func (s *Service) Alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Kill ends the process as kill -9 does.
func (s *Service) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Signal sends a signal; a process that is gone gets none.
func (s *Service) Signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// Close kills the process, if it was started, and closes its log.
func (s *Service) Close() error {
	if s.cmd != nil {
		s.Signal(syscall.SIGCONT)
		s.Kill()
	}
	return s.log.Close()
}
