package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// part is a running server or child process.
type part interface {
	Done() <-chan struct{}
	Wait() error
	Tail() []string
	Stop(ctx context.Context) error
}

// pace configures the restarts of a part.
type pace struct {
	first, longest time.Duration // delay before a restart; doubled each time
	healthy        time.Duration // uptime that resets the count
	deaths         int           // in a row until the keeper gives up
}

func (p pace) delay(deaths int) time.Duration {
	return min(p.longest, p.first<<min(deaths-1, 16))
}

// keeper starts a part and restarts it when it ends. begin, keep and stop are called in this order;
// keep owns the part while it runs.
type keeper struct {
	name  string
	start func(ctx context.Context) (part, error)
	out   io.Writer
	pace  pace
	part  part
}

func (k *keeper) begin(ctx context.Context) error {
	p, err := k.start(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	k.part = p
	return nil
}

// keep returns nil when ctx ends, with the part still running, and an error after too many failures.
func (k *keeper) keep(ctx context.Context) error {
	for deaths := 0; ; {
		since := time.Now()
		err := k.death(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // asked to leave
		}
		if time.Since(since) >= k.pace.healthy {
			deaths = 0
		}
		if deaths++; deaths >= k.pace.deaths {
			return fmt.Errorf("%s died %d times in a row, giving up: %w", k.name, deaths, err)
		}
		delay := k.pace.delay(deaths)
		_, _ = fmt.Fprintf(k.out, "%s; starting again in %s\n", firstLine(err), delay)
		if !wait(ctx, delay) {
			return nil
		}
		k.again(ctx)
	}
}

// death waits until the part ends and returns the reason.
func (k *keeper) death(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-k.part.Done():
		return ended(k.name, k.part)
	}
}

// again restarts the part. A failed start counts as a part that ended at once.
func (k *keeper) again(ctx context.Context) {
	if p, err := k.start(ctx); err != nil {
		k.part = stillborn{err}
	} else {
		k.part = p
	}
}

func (k *keeper) stop(ctx context.Context) error {
	if k == nil || k.part == nil {
		return nil
	}
	return k.part.Stop(ctx)
}

// stillborn stands for a part that could not be started.
type stillborn struct{ err error }

func (s stillborn) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}
func (s stillborn) Wait() error                { return s.err }
func (s stillborn) Tail() []string             { return nil }
func (s stillborn) Stop(context.Context) error { return nil }

// ended describes an unexpected end, with the part's last lines of output.
func ended(name string, p part) error {
	err := p.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	if tail := p.Tail(); len(tail) > 0 {
		return fmt.Errorf("%s ended: %w; its last lines:\n    %s", name, err, strings.Join(tail, "\n    "))
	}
	return fmt.Errorf("%s ended: %w", name, err)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "; its last lines:")
	return line
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
