package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

// stopWithin bounds a stop in order; the services' own grace is shorter.
const stopWithin = 30 * time.Second

// Service is a scraper or a cache: a process, or an app in this process. It can be ended and started again, at the same
// addresses.
type Service struct {
	Name  string
	Addr  string // of gRPC
	Admin string // of metrics and health over HTTP

	// Binaries are what the next start runs; nil for an app in this process. An upgrade sets others.
	Binaries *Binaries
	// Line gets every line that a process writes, beside the log. It is set before the first start.
	Line func(line string)

	binary string
	output io.Writer
	env    func() ([]string, error)                                                 // of the settings
	app    func(context.Context, *slog.Logger) (func(context.Context) error, error) // builds, and returns what runs it

	mu      sync.Mutex // guards what follows
	running instance   // the newest; nil before the first
	starts  int
}

// instance is a service that was started: a Process or an app in this process.
type instance interface {
	Terminate()
	Kill()
	Exited() <-chan struct{}
	Err() error
}

// Start starts the service; env is added to a process's environment.
func (s *Service) Start(env ...string) error {
	started, err := s.start(env)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = started
	s.starts++
	return nil
}

func (s *Service) start(env []string) (instance, error) {
	if s.Binaries == nil {
		log := slog.New(slog.NewTextHandler(s.output, nil)).With("service", s.Name)
		run, err := s.app(context.Background(), log)
		if err != nil {
			return nil, fmt.Errorf("starting %s: %w", s.Name, err)
		}
		return runApp(run), nil
	}
	path, err := s.Binaries.Path(s.binary)
	if err != nil {
		return nil, err
	}
	settings, err := s.env()
	if err != nil {
		return nil, err
	}
	return launch(path, s.line, []string{"serve"}, append(settings, env...))
}

func (s *Service) line(line string) {
	_, _ = fmt.Fprintf(s.output, "%s: %s\n", s.Name, line)
	if s.Line != nil {
		s.Line(line)
	}
}

// instance is what was started last, and how many there were with it.
func (s *Service) instance() (instance, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.starts
}

// Process is the process that was started last; nil before the first, and in this process.
func (s *Service) Process() *Process {
	running, _ := s.instance()
	p, _ := running.(*Process)
	return p
}

// Starts is how often the service was started.
func (s *Service) Starts() int {
	_, n := s.instance()
	return n
}

// Alive reports whether the service runs, or stands still.
func (s *Service) Alive() bool {
	running, _ := s.instance()
	if running == nil {
		return false
	}
	select {
	case <-running.Exited():
		return false
	default:
		return true
	}
}

// Kill ends a process as kill -9 does, and waits until it is gone.
func (s *Service) Kill() {
	if running, _ := s.instance(); running != nil {
		running.Kill()
	}
}

// Signal sends a signal to a process; one that is gone gets none.
func (s *Service) Signal(sig syscall.Signal) {
	if p := s.Process(); p != nil {
		p.Signal(sig)
	}
}

// Terminate makes the service stop in order and does not wait.
func (s *Service) Terminate() {
	if running, _ := s.instance(); running != nil {
		running.Terminate()
	}
}

// Wait waits for a service that was made to stop. One that does not is killed; that, and a bad end, are errors.
func (s *Service) Wait(within time.Duration) error {
	running, _ := s.instance()
	if running == nil {
		return nil
	}
	select {
	case <-running.Exited():
		if err := running.Err(); err != nil {
			return fmt.Errorf("%s ended: %w", s.Name, err)
		}
		return nil
	case <-time.After(within):
		running.Kill()
		return fmt.Errorf("%s did not stop within %v", s.Name, within)
	}
}

// Stop stops the service in order and waits for it. One that has ended already is an error when it ended badly.
func (s *Service) Stop() error {
	s.Terminate()
	return s.Wait(stopWithin)
}

// close ends the service for good: a process is killed.
func (s *Service) close() error {
	if s.Process() == nil {
		return s.Stop()
	}
	s.Kill()
	return nil
}

// app is a service in this process.
type app struct {
	stop   context.CancelFunc
	exited chan struct{}
	err    error // read after exited
}

// runApp runs an app until Terminate.
func runApp(run func(context.Context) error) *app {
	ctx, stop := context.WithCancel(context.Background())
	a := &app{stop: stop, exited: make(chan struct{})}
	go func() { // ends by stop
		defer close(a.exited)
		a.err = run(ctx)
	}()
	return a
}

// Terminate makes the app stop in order and does not wait.
func (a *app) Terminate() { a.stop() }

// Kill stops the app in order as well: nothing else ends a part of this process.
func (a *app) Kill() {
	a.stop()
	<-a.exited
}

// Exited is closed when the app has ended.
func (a *app) Exited() <-chan struct{} { return a.exited }

// Err is how the app ended. It may be called when Exited is closed.
func (a *app) Err() error { return a.err }
