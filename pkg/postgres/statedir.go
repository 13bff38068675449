package postgres

import (
	"fmt"
	"os"
	"path/filepath"
)

// StateDir returns a directory of the given name that suits Options.Dir, without making it: below /var/lib for root,
// whose home is closed to the user that runs the server, and below the user's own state directory for everybody else.
func StateDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib", name), nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding a directory for the data: %w", err)
	}
	return filepath.Join(home, ".local", "state", name), nil
}
