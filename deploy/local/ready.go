package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// AwaitReady calls the probe every 25 ms until it returns nil. It fails if the process ends first,
// with its last lines, or when ctx ends, with the probe's last error. A probe lasts 2 s at most.
func AwaitReady(ctx context.Context, p *Process, probe func(context.Context) error) error {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try(ctx, probe)
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			return p.unexpected()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w): %w%s", p.spec.Name, ctx.Err(), err, quote(p.Tail()))
		case <-ticker.C:
		}
	}
}

func try(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return probe(ctx)
}

// unexpected describes an unexpected end.
func (p *Process) unexpected() error {
	err := p.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("%s ended: %w%s", p.spec.Name, err, quote(p.Tail()))
}

func quote(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "\n    " + strings.Join(lines, "\n    ")
}

// startReady starts a server and waits until it is ready. It ends a server that does not become ready.
func startReady(ctx context.Context, s Spec, probe func(context.Context, *Process) error) (*Process, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	p, err := Start(s)
	if err != nil {
		return nil, err
	}
	err = AwaitReady(ctx, p, func(ctx context.Context) error { return probe(ctx, p) })
	if err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// startOnPort starts a server on the given port, or with 0 on a free port. If the start fails because
// of the port and another attempt may succeed, it tries twice more.
func startOnPort[T any](wanted int, start func(port int) (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		port, err := portOrFree(wanted)
		if err != nil {
			var none T
			return none, err
		}
		server, err := start(port)
		if err == nil || attempt == portStarts || !worthAnother(wanted, port, err) {
			return server, err
		}
	}
}

const portStarts = 3

// worthAnother reports whether a start failed because of its port and may be retried: a free port was
// taken in the meantime, or the given one was in use only briefly. A forked program shares its
// parent's listeners until it executes.
func worthAnother(wanted, port int, err error) bool {
	inUse := strings.Contains(strings.ToLower(err.Error()), "address already in use")
	free := CheckPort(port) == nil
	if wanted == 0 {
		return inUse || !free
	}
	return inUse && free
}
