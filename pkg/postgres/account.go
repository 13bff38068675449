package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that the server runs as. Postgres refuses to run as root, so root hands it to an unprivileged
// user; everybody else runs it as themselves, which is the zero value.
type account struct {
	name string
	cred *syscall.Credential
}

// findAccount returns the user postgres, else nobody, when the process is root.
func findAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("reading the uid of user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("reading the gid of user %s: %w", name, err)
		}
		return account{name: name, cred: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, errors.New("finding a user to run postgres as: root may not, and neither postgres nor nobody exists")
}

// own gives path to the account.
func (a account) own(path string) error {
	if a.cred == nil {
		return nil
	}
	if err := os.Chown(path, int(a.cred.Uid), int(a.cred.Gid)); err != nil {
		return fmt.Errorf("handing a directory to user %s: %w", a.name, err)
	}
	return nil
}

// reaches returns an error that names the first parent of dir, or dir itself, through which the account may not pass.
func (a account) reaches(dir string) error {
	if a.cred == nil {
		return nil
	}
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("looking at a parent of the data directory: %w", err)
		}
		if !a.passes(info) {
			return fmt.Errorf("user %s, which runs postgres for root, may not pass through %s (mode %s)",
				a.name, dir, info.Mode())
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

// passes reports whether the mode bits let the account search the directory. The kernel asks the first class that
// fits and no other.
func (a account) passes(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case ok && stat.Uid == a.cred.Uid:
		return mode&0o100 != 0
	case ok && stat.Gid == a.cred.Gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
