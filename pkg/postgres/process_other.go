//go:build unix && !linux

package postgres

import "syscall"

// serverAttr is the portable part of what Linux offers: no signal follows the parent's death.
func serverAttr(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: cred, Setpgid: true}
}

// children is unknown here: backends notice the server's death by themselves.
func children(int) ([]int, error) { return nil, nil }

// awaitGone has nobody to wait for, since children names nobody.
func awaitGone(int) {}
