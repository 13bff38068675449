package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// pollInterval is how often a start looks whether the server is ready, and a kill whether the backends are gone. A
// start takes about 40 ms.
const pollInterval = 5 * time.Millisecond

// process is one life of the server.
type process struct {
	pid  int
	done chan struct{} // closed when the process was waited for
	err  error         // how it ended; read only after done
}

// launch starts the server process and waits until it accepts connections.
func (s *Server) launch(ctx context.Context) (*process, error) {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the server's log: %w", err)
	}
	defer log.Close()
	begin, err := log.Seek(0, 2)
	if err != nil {
		return nil, fmt.Errorf("finding the end of the server's log: %w", err)
	}

	// ctx bounds the start and not the server.
	cmd := exec.CommandContext(context.WithoutCancel(ctx),
		filepath.Join(s.binDir, "postgres"), append([]string{"-D", s.dataDir()}, s.args...)...)
	cmd.Dir = s.run.path
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = serverAttr(s.account.cred)

	p, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("starting postgres: %w", err)
	}
	if err := p.waitReady(ctx, filepath.Join(s.dataDir(), "postmaster.pid")); err != nil {
		return nil, errors.Join(fmt.Errorf("starting postgres: %w: %s", err, s.logSince(begin)), p.halt())
	}
	return p, nil
}

// startProcess starts cmd and a goroutine that waits for it; the goroutine ends with the process. The kernel sends a
// child its parent-death signal when the thread that made it ends, not the process, so the goroutine keeps its
// thread for as long as the server lives.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// running reports whether the process has not been waited for yet.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// waitReady waits until the server's pid file says that it accepts connections, as pg_ctl does: line 1 is the
// process id, line 8 the state.
func (p *process) waitReady(ctx context.Context, pidFile string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(pidFile); err == nil {
			lines := bytes.Split(text, []byte("\n"))
			if len(lines) >= 8 && string(lines[0]) == strconv.Itoa(p.pid) && accepts(lines[7]) {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("it ended before it was ready (%v)", p.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// accepts reports whether a server in this state accepts connections; a standby takes queries alone.
func accepts(state []byte) bool {
	return bytes.HasPrefix(state, []byte("ready")) || bytes.HasPrefix(state, []byte("standby"))
}

// halt asks for a fast shutdown and waits for it; a server that takes longer than stopTimeout is killed.
func (p *process) halt() error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("asking postgres to shut down: %w", err)
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return errors.Join(fmt.Errorf("postgres did not shut down within %v", stopTimeout), p.kill())
	}
}

// kill ends the server and its backends. The server is frozen first, so that it starts no backend while they are
// being counted; backends lead sessions of their own, so a process group would not reach them.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freezing postgres: %w", err)
	}
	backends, err := children(p.pid)
	for _, pid := range append([]int{p.pid}, backends...) {
		if killErr := syscall.Kill(pid, syscall.SIGKILL); killErr != nil && !errors.Is(killErr, syscall.ESRCH) {
			err = errors.Join(err, fmt.Errorf("killing process %d: %w", pid, killErr))
		}
	}
	<-p.done
	for _, pid := range backends {
		awaitGone(pid)
	}
	return err
}

// logSince returns what the server logged after the given offset.
func (s *Server) logSince(offset int64) string {
	text, err := os.ReadFile(s.logFile())
	if err != nil || offset > int64(len(text)) {
		return "its log cannot be read"
	}
	return tail(text[offset:])
}
