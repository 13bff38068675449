// Package load asks contestants for answers, as fast as some callers can (closed loop), at a steady rate (open loop)
// and over pipelined streams, and measures what that takes.
//
// It knows nothing of what is asked and of who answers.
package load

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what was spent up to an instant.
type Usage struct {
	CPU    time.Duration // user and system, of this process and the given ones
	Allocs uint64        // of this process
}

// ReadUsage reads what this process and the processes with the given ids have spent. Processes that are gone count
// nothing.
func ReadUsage(pids []int) Usage {
	var self syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self) // cannot fail for these arguments
	u := Usage{CPU: time.Duration(self.Utime.Nano() + self.Stime.Nano())}
	for _, pid := range pids {
		u.CPU += processCPU(pid)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Allocs = m.Mallocs
	return u
}

// tick is the unit of /proc/PID/stat: Linux tells all programs 100 a second.
const tick = time.Second / 100

// processCPU is the time that a process has spent, as Linux tells it.
func processCPU(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name stands in brackets and may hold anything; utime and stime are the 12th and 13th field behind it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * tick
}
