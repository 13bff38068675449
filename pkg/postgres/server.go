// Package postgres runs a private Postgres server out of the system's own binaries: for tests, which want a real
// database and may want to kill it, and for local runs, which want one without any set-up. It listens on a Unix socket in
// a private directory and on no port, and it ends with the process that started it.
//
// It is not for production: there the database is given by a URL.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

// Names and limits of a server.
const (
	// superuser is the role that URL connects as.
	superuser = "postgres"
	// defaultPort is part of the socket's file name and nothing else: nobody listens on it.
	defaultPort = "5432"
	// logName is the log's file name in the server's root.
	logName = "postgres.log"
	// maxKeptLog is the size from which on Start truncates the log of a kept server.
	maxKeptLog = 8 << 20
)

// Errors of a server's life.
var (
	// ErrRunning is returned by Restart when there is nothing to restart.
	ErrRunning = errors.New("postgres is running")
	// ErrStopped is returned by Restart after Stop, which took the data away.
	ErrStopped = errors.New("postgres was stopped for good")
)

// Server is a Postgres server that belongs to this process. Its methods may be called by several goroutines.
type Server struct {
	binDir  string
	args    []string // settings, as command line arguments
	env     []string // beside this process's environment
	port    string
	sync    bool // whether files are synced to disk
	account account
	root    string // holds "data" and "postgres.log"
	run     *runDir

	mu      sync.Mutex // guards what follows
	proc    *process   // the newest server process, which may have ended
	stopped bool
}

// Start makes the data directory unless there is one, starts the server and returns when it accepts connections. ctx
// bounds the start alone; the server lives until Stop, or until this process ends however it ends.
//
// It returns ErrNotFound when the system has no Postgres. Other errors carry the end of the server's log.
func Start(ctx context.Context, o Options) (*Server, error) {
	binDir := o.BinDir
	if binDir == "" {
		var err error
		if binDir, err = Find(ctx); err != nil {
			return nil, err
		}
	}
	account, err := findAccount()
	if err != nil {
		return nil, err
	}
	run, err := newRunDir(account)
	if err != nil {
		return nil, err
	}

	s := &Server{
		binDir: binDir, account: account, root: run.path, run: run, args: o.settings(run.path), env: o.Env, sync: o.Dir != "",
		port: o.port(),
	}
	if o.Dir != "" {
		s.root, err = keptRoot(o.Dir, account)
	}
	if err == nil {
		if o.StandbyOf == nil {
			err = s.initialise(ctx)
		} else {
			err = s.copyOf(ctx, o.StandbyOf)
		}
	}
	if err == nil {
		s.proc, err = s.launch(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, run.remove())
	}
	return s, nil
}

// keptRoot makes the directory of a server whose data is kept and returns its absolute path.
func keptRoot(dir string, a account) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("making the directory for the data: %w", err)
	}
	log := filepath.Join(dir, logName)
	if info, err := os.Stat(log); err == nil && info.Size() > maxKeptLog {
		if err := os.Truncate(log, 0); err != nil {
			return "", fmt.Errorf("truncating the server's log: %w", err)
		}
	}
	return dir, a.reaches(dir)
}

// dataDir is what Postgres calls PGDATA.
func (s *Server) dataDir() string { return filepath.Join(s.root, "data") }

// logFile is what the server writes to; a kept server's holds earlier runs too.
func (s *Server) logFile() string { return filepath.Join(s.root, logName) }

// initialise runs initdb unless there is a data directory. It works in another directory and renames it at the end, so an
// interrupted run leaves nothing that looks like one.
func (s *Server) initialise(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.dataDir(), "PG_VERSION")); err == nil {
		return nil
	}
	fresh := s.dataDir() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("removing what an interrupted initdb left: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if err := s.account.own(fresh); err != nil {
		return err
	}

	args := []string{"-D", fresh, "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions"}
	if !s.sync {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, "initdb"), args...)
	cmd.Dir = s.run.path
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account.cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running initdb: %w: %s", err, tail(out))
	}
	if err := os.Rename(fresh, s.dataDir()); err != nil {
		return fmt.Errorf("putting the data directory in place: %w", err)
	}
	return nil
}

// URL returns the connection URL of one of the server's databases, as its superuser and through its socket. It holds
// no secret and stays the same when the server is restarted.
func (s *Server) URL(db string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + db}
	u.RawQuery = url.Values{"host": {s.run.path}, "port": {s.port}, "user": {superuser}}.Encode()
	return u.String()
}

// Done returns a channel that is closed when the newest server process has ended, by Stop, Halt, Kill or by itself.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.done
}

// Stop shuts the server down as Halt does and removes what is temporary: everything, unless Options.Dir was set. It
// may be called more than once.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	return errors.Join(s.proc.halt(), s.run.remove())
}

// Halt shuts the server down fast but cleanly, waits for it and keeps its data for Restart. Open transactions are
// rolled back and connections closed.
func (s *Server) Halt() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.halt()
}

// Kill ends the server and all of its backends at once with SIGKILL, as a crash does, and waits for them to be gone.
// What was committed is there after Restart, nothing else.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.kill()
}

// Restart starts the server again on the same data directory and the same URL, after Halt, after Kill or after it
// ended by itself. It returns when recovery is over and connections are accepted.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return ErrStopped
	case s.proc.running():
		return ErrRunning
	}
	proc, err := s.launch(ctx)
	if err != nil {
		return err
	}
	s.proc = proc
	return nil
}
