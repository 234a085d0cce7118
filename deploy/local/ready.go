package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// AwaitReady asks the probe every 25 ms until it answers nil. It fails when the
// process ends first, showing its last lines, or when ctx is over, naming the
// probe's last error. One probe lasts 2 s at most.
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

// unexpected describes an end nobody asked for.
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

// startReady starts a server and waits for it, ending it again when it does not
// become ready.
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

// startOnPort starts a server on the wanted port, or with 0 on one of our choice.
// When that failed for the port and another try may do better, it tries twice more.
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

// worthAnother tells whether a start failed for its port: a free one was taken
// meanwhile, or a wanted one was held for a moment only. A program that was just
// forked holds what its parent listens on until it runs.
func worthAnother(wanted, port int, err error) bool {
	inUse := strings.Contains(strings.ToLower(err.Error()), "address already in use")
	free := CheckPort(port) == nil
	if wanted == 0 {
		return inUse || !free
	}
	return inUse && free
}
