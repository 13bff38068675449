package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Names and limits of run directories.
const (
	// runDirPattern names the temporary directories of all servers, so that a later one can remove what a killed
	// process left behind.
	runDirPattern = "oddscache-pg-"
	// ownerFile is locked by the process that owns a run directory for as long as it lives.
	ownerFile = "owner"
	// maxRunDirBase keeps the socket's path below the 107 bytes of sun_path: the base, the pattern, ten digits, and
	// "/.s.PGSQL.5432".
	maxRunDirBase = 60
)

// runDir is the private directory of one server: its socket, and for a throw-away server its data. Mode 0700 is what
// guards the socket, which asks for no password.
type runDir struct {
	path  string
	owner *os.File
}

// newRunDir makes a run directory for the account and removes the ones that killed processes left.
func newRunDir(a account) (*runDir, error) {
	base := os.TempDir()
	if len(base) > maxRunDirBase || a.reaches(base) != nil {
		base = "/tmp"
	}
	sweep(base)

	path, err := os.MkdirTemp(base, runDirPattern)
	if err != nil {
		return nil, fmt.Errorf("making the run directory: %w", err)
	}
	owner, err := lockOwner(path)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	d := &runDir{path: path, owner: owner}
	if err := a.own(path); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

// lockOwner makes the owner file. It gets its name only when it is locked, so whoever finds it unlocked knows that
// its process is gone.
func lockOwner(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return nil, fmt.Errorf("making the owner file: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, ownerFile))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the owner file: %w", err), f.Close())
	}
	return f, nil
}

// remove deletes the directory and lets go of its lock.
func (d *runDir) remove() error {
	err := os.RemoveAll(d.path)
	if err != nil {
		err = fmt.Errorf("removing the run directory: %w", err)
	}
	return errors.Join(err, d.owner.Close())
}

// sweep removes run directories below base whose process has gone. It is a courtesy: what it may not touch stays.
func sweep(base string) {
	owners, _ := filepath.Glob(filepath.Join(base, runDirPattern+"*", ownerFile))
	for _, path := range owners {
		f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = f.Close()
	}
}
