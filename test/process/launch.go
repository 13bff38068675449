package process

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
	cmd := exec.Command(path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for %s: %w", name, err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), read.Close())
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	go func() { // ends with the process, whose output ends then; Kill and Stop wait for it
		defer close(p.exited)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			_, _ = fmt.Fprintf(out, "%s: %s\n", name, lines.Text())
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

// Terminate asks the process to stop and does not wait.
func (p *Process) Terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) } // one that is gone already has stopped

// Kill kills the process as kill -9 does and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}
