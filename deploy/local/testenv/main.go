// Command testenv runs a command beside throw-away servers:
//
//	go run ./deploy/local/testenv [-temporal] -- go test ./...
//
// The command gets TEST_DATABASE_URL (superuser, database postgres; the server
// is not durable), TEST_REDIS_URL (a real Redis; unset when none can be had),
// TEST_STATE_DIR (where fetched programs and libraries are kept between runs) and,
// with -temporal, TEST_TEMPORAL_BIN. Without -temporal that one is set only when
// the program is already here. Programs are found, or fetched into LYO_STATE_DIR
// (default .lyo). Signals are passed on, the exit code is the command's, and the
// servers and their data are gone afterwards.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/lyoapp/lyo/deploy/local"
)

func main() {
	temporal := flag.Bool("temporal", false, "fetch Temporal's program when it is not here, and fail without it")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "testenv: name a command: testenv [-temporal] -- go test ./...")
		os.Exit(2)
	}
	code, err := run(*temporal, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run returns the command's exit code. Signals do not end this process before the servers have stopped.
func run(temporal bool, command []string) (code int, err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := env{finder: finder()}
	defer func() { err = errors.Join(err, e.stop()) }()
	started := make(chan error, 1)
	go func() { started <- e.start(ctx, temporal) }()
	select {
	case err := <-started:
		if err != nil {
			return 1, err
		}
		return supervise(command, e.environ, signals)
	case sig := <-signals:
		cancel()
		return 1, errors.Join(fmt.Errorf("stopped by %s", sig), <-started)
	}
}

// supervise runs the command on this terminal and passes signals on to it.
func supervise(command, environ []string, signals <-chan os.Signal) (code int, err error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return 1, fmt.Errorf("find the command: %w", err)
	}
	p, err := local.Start(local.Spec{
		Name: command[0], Path: path, Args: command[1:], Env: environ, Direct: true,
		DeathSignal: syscall.SIGTERM,
	})
	if err != nil {
		return 1, err
	}
	for {
		select {
		case <-p.Done():
			return exitCode(p.Wait())
		case sig := <-signals:
			p.Signal(sig)
		}
	}
}

// exitCode returns the exit code of a command that ran; its failure is not an error of testenv.
func exitCode(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func finder() local.Finder {
	state := os.Getenv("LYO_STATE_DIR")
	if state == "" {
		state = ".lyo"
	}
	f := local.Finder{StateDir: state, Out: os.Stderr}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		line := local.NewStatusLine(os.Stderr)
		f.Out, f.Status = line, line.Set
	}
	return f
}
