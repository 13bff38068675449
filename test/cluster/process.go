package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Process is a running binary.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone and its output was read
	err    error         // how it ended; read after exited
}

// Launch starts the binary at path with nothing of this process's environment but PATH and HOME, plus env
// ("NAME=value"). Its output goes to out line by line, each with the name in front. It ends with this process at the
// latest.
func Launch(path, name string, out io.Writer, args []string, env ...string) (*Process, error) {
	return launch(path, func(line string) { _, _ = fmt.Fprintf(out, "%s: %s\n", name, line) }, args, env)
}

// launch is Launch with a function that gets each line.
func launch(path string, line func(string), args, env []string) (*Process, error) {
	cmd := exec.Command(path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for %s: %w", path, err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", path, err), read.Close())
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	go func() { // ends with the process, whose output ends then; Kill waits for it
		defer close(p.exited)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			line(lines.Text())
		}
		_ = read.Close()
		p.err = cmd.Wait()
	}()
	return p, nil
}

// PID is the process's id, also after its end.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err is how the process ended. It may be called when Exited is closed.
func (p *Process) Err() error { return p.err }

// Signal sends a signal; a process that is gone gets none.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Terminate makes the process stop in order and does not wait.
func (p *Process) Terminate() { p.Signal(syscall.SIGTERM) }

// Kill kills the process as kill -9 does and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}
