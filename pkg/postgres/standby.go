package postgres

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Standby is what a standby calls itself at its primary: what synchronous_standby_names has to hold for commits to wait
// for it.
const Standby = "standby"

// copyOf copies another server's data and makes it a standby's.
func (s *Server) copyOf(ctx context.Context, primary *Server) error {
	from := fmt.Sprintf("host=%s port=%s user=%s application_name=%s", primary.run.path, primary.port, superuser, Standby)
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, "pg_basebackup"),
		"-d", from, "-D", s.dataDir(), "--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync")
	cmd.Dir = s.run.path
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account.cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running pg_basebackup: %w: %s", err, tail(out))
	}
	return nil
}
