package postgres

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// goneWithin bounds the wait for a killed backend, which takes microseconds unless it hangs in the kernel.
const goneWithin = 5 * time.Second

// serverAttr makes the server an unprivileged user's, out of reach of the terminal's Ctrl-C, which is for its parent
// to act on, and mortal: when the parent dies, a fast shutdown follows.
func serverAttr(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: cred, Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// children lists the processes whose parent is pid.
func children(pid int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var found []int
	for _, path := range stats {
		_, parent := readStat(path)
		if parent != pid {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, fmt.Errorf("reading a process id out of %s: %w", path, err)
		}
		found = append(found, child)
	}
	return found, nil
}

// awaitGone waits until the process is gone, or is a zombie that holds nothing any more. It was reparented when its
// parent was killed, so nobody here can wait for it in the proper way.
func awaitGone(pid int) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for deadline := time.Now().Add(goneWithin); time.Now().Before(deadline); <-tick.C {
		if state, _ := readStat(filepath.Join("/proc", strconv.Itoa(pid), "stat")); state == 0 || state == 'Z' {
			return
		}
	}
}

// readStat returns a process's state and parent, 0 and 0 when it is gone. The name in the second field may hold
// anything, so the fields are counted from its closing bracket.
func readStat(path string) (state byte, parent int) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent
}
