package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Spec configures a process.
type Spec struct {
	Name string // used in messages
	Path string // the program
	Args []string
	Dir  string   // working directory; this process's own when empty
	Env  []string // the whole environment; this process's own when nil

	Account *Account // run as this account; needs root

	Out  io.Writer         // whole lines of stdout and stderr; nil drops them
	Show func(string) bool // which lines reach Out; nil means all
	// Direct hands this process's own stdin, stdout and stderr to the child
	// instead of Out; Tail stays empty then.
	Direct bool

	PIDFile     string         // names the process for EndLeftover; none when empty
	StopSignal  syscall.Signal // asks the process to stop; SIGTERM when zero
	DeathSignal syscall.Signal // sent by the kernel when this process dies; SIGKILL when zero
	Grace       time.Duration  // between StopSignal and SIGKILL; 10 s when zero
}

// Process is a running child in a process group of its own, so that Ctrl-C in
// a terminal reaches only the supervisor. All methods may be called at any time
// from any goroutine.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	out  *LineWriter
	done chan struct{}
	err  error // set before done is closed
}

// Start starts the program, which lives until Stop, Kill or the end of this process. One that an earlier run
// left is ended by EndLeftover, before.
func Start(spec Spec) (*Process, error) {
	spec = spec.withDefaults()
	p := &Process{spec: spec, done: make(chan struct{}), out: NewLineWriter(spec.Out, spec.Show)}
	p.cmd = p.command()
	started := make(chan error, 1)
	go p.live(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	return p, nil
}

func (s Spec) withDefaults() Spec {
	if s.StopSignal == 0 {
		s.StopSignal = syscall.SIGTERM
	}
	if s.DeathSignal == 0 {
		s.DeathSignal = syscall.SIGKILL
	}
	if s.Grace == 0 {
		s.Grace = 10 * time.Second
	}
	return s
}

func (p *Process) command() *exec.Cmd {
	cmd := exec.Command(p.spec.Path, p.spec.Args...)
	cmd.Dir, cmd.Env = p.spec.Dir, p.spec.Env
	cmd.SysProcAttr = attributes(p.spec)
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if p.spec.Direct {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	}
	// A grandchild holding the pipe must not hold up Wait.
	cmd.WaitDelay = 500 * time.Millisecond
	return cmd
}

// live owns the child. It keeps its thread until the child has ended, because the kernel sends the
// death signal when the starting *thread* ends.
func (p *Process) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	err := writePIDFile(p.spec, p.PID())
	if err != nil {
		p.Kill()
	}
	started <- err
	err = p.cmd.Wait()
	// Remaining processes of the child's group are ended too.
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	p.out.Flush()
	if !errors.Is(err, exec.ErrWaitDelay) {
		p.err = err
	}
	// A file that is left behind names a process that has ended, which is harmless.
	_ = removePIDFile(p.spec.PIDFile)
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done returns a channel that is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until the child has ended. It returns nil for exit code 0, otherwise an *exec.ExitError.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Tail returns the child's last lines of output, oldest first.
func (p *Process) Tail() []string { return p.out.Tail() }

// Signal sends a signal to the child. It is not an error if the child has ended.
func (p *Process) Signal(sig os.Signal) {
	_ = p.cmd.Process.Signal(sig)
}

// Kill ends the child and its process group at once.
func (p *Process) Kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
		_ = p.cmd.Process.Kill()
	}
}

// Stop asks the child to end and kills it after its grace period or when ctx ends, which is then
// reported as an error. It returns when the child has ended. Stopping an ended child does nothing.
func (p *Process) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.spec.Grace)
	defer cancel()
	p.Signal(p.spec.StopSignal)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.Kill()
		<-p.done
		return fmt.Errorf("%s did not stop in time and was killed: %w", p.spec.Name, ctx.Err())
	}
}
