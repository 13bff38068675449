package failover

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// inNetwork is set in a test process that has a network of its own.
const inNetwork = "FAILOVER_NETWORK"

// ownNetwork runs the calling test in a process with a network of its own, where packets can be dropped without
// anybody else noticing, and returns true when that has happened. It returns false inside of that process, and where this
// machine does not let it be made.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNetwork) != "" {
		return false
	}
	up := "ip link set lo up && nft add table inet drill && nft 'add chain inet drill in { type filter hook input priority 0; }'"
	if out, err := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", up).CombinedOutput(); err != nil {
		t.Logf("no packets are dropped, this machine does not allow a network of one's own: %v: %s", err, out)
		return false
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", up+` && exec "$0" "$@"`,
		os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), inNetwork+"=1")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Errorf("in a network of its own: %v", err)
	}
	return true
}

// drop drops the packets that a rule of nft matches, until heal.
func drop(t *testing.T, rules ...string) {
	t.Helper()
	for _, rule := range rules {
		nft(t, fmt.Sprintf("add rule inet drill in %s drop", rule))
	}
}

// heal lets every packet through.
func heal(t *testing.T) {
	t.Helper()
	if os.Getenv(inNetwork) != "" {
		nft(t, "flush chain inet drill in")
	}
}

func nft(t *testing.T, command string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "nft", command).CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v: %s", command, err, out)
	}
}
