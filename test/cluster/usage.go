package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: 100 a second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// Usage is what a process has used so far.
type Usage struct {
	Bytes     int64         // resident memory
	PeakBytes int64         // the most memory that was resident at a time
	CPU       time.Duration // user and system
}

// UsageOf reads what a process has used, by its id.
func UsageOf(pid int) (u Usage, err error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("reading a process's memory: %w", err)
	}
	for line := range bytes.Lines(status) {
		for name, into := range map[string]*int64{"VmRSS:": &u.Bytes, "VmHWM:": &u.PeakBytes} {
			rest, ok := bytes.CutPrefix(line, []byte(name))
			if !ok {
				continue
			}
			if _, err := fmt.Sscanf(string(rest), "%d kB", into); err != nil {
				return Usage{}, fmt.Errorf("reading a process's memory: %w", err)
			}
			*into *= 1024
		}
	}
	if u.CPU, err = cpu(pid); err != nil {
		return Usage{}, fmt.Errorf("reading a process's CPU time: %w", err)
	}
	return u, nil
}

// Usage reads what the process has used.
func (p *Process) Usage() (Usage, error) { return UsageOf(p.PID()) }

// cpu is the user and system time that a process has used.
func cpu(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	// Behind the name in brackets: utime and stime are the 12th and 13th field.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	sum := 0
	for _, field := range fields[11:13] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		sum += ticks
	}
	return time.Duration(sum) * clockTick, nil
}
