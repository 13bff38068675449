package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopWithin bounds a process's stop in order.
const stopWithin = 30 * time.Second

// clockTick is the unit of CPU times in /proc: 100 a second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// binaries are the mains by name.
var binaries = map[string]string{
	"scraper":   "github.com/oddscache/oddscache/services/scraper/cmd/scraper",
	"cache":     "github.com/oddscache/oddscache/services/cache/cmd/cache",
	"bookiesim": "github.com/oddscache/oddscache/services/bookiesim/cmd/bookiesim",
}

// build builds all binaries into dir.
func build(ctx context.Context, dir string) error {
	for name, pkg := range binaries {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(dir, name), pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// Process is a running binary.
type Process struct {
	name   string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone and its output was read
	err    error         // how it ended; read after exited
}

// launch starts a binary with nothing of this process's environment but PATH and HOME, plus env ("NAME=value"). Its
// output goes to log, line by line.
func launch(dir, name string, log io.Writer, args []string, env ...string) (*Process, error) {
	cmd := exec.Command(filepath.Join(dir, name), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for %s: %w", name, err)
	}
	defer in.Close()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), out.Close())
	}
	p := &Process{name: name, cmd: cmd, exited: make(chan struct{})}
	go func() { // ends with the process, whose output ends then; Stop waits for it
		defer close(p.exited)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			_, _ = fmt.Fprintf(log, "%s: %s\n", name, lines.Text())
		}
		_ = out.Close()
		p.err = cmd.Wait()
	}()
	return p, nil
}

// Stop asks the process to stop and waits; one that does not is killed, which is an error.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that is gone already says so by its error
	select {
	case <-p.exited:
		if p.err != nil {
			return fmt.Errorf("%s ended: %w", p.name, p.err)
		}
		return nil
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("%s did not stop within %v", p.name, stopWithin)
	}
}

// Usage is what a process has used so far.
type Usage struct {
	Bytes     int64         // resident memory
	PeakBytes int64         // the most memory that was resident at a time
	CPU       time.Duration // user and system
}

// Usage reads what the process has used.
func (p *Process) Usage() (Usage, error) {
	proc := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid))
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("reading the memory of %s: %w", p.name, err)
	}
	var u Usage
	for line := range bytes.Lines(status) {
		for name, into := range map[string]*int64{"VmRSS:": &u.Bytes, "VmHWM:": &u.PeakBytes} {
			rest, ok := bytes.CutPrefix(line, []byte(name))
			if !ok {
				continue
			}
			if _, err := fmt.Sscanf(string(rest), "%d kB", into); err != nil {
				return Usage{}, fmt.Errorf("reading the memory of %s: %w", p.name, err)
			}
			*into *= 1024
		}
	}
	if u.CPU, err = cpuOf(p.cmd.Process.Pid); err != nil {
		return Usage{}, fmt.Errorf("reading the CPU time of %s: %w", p.name, err)
	}
	return u, nil
}

// cpuOf is the user and system time that a process has used.
func cpuOf(pid int) (time.Duration, error) {
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
