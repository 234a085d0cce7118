package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

const stopLimit = 25 * time.Second // for all parts together

// Run starts Postgres, Redis, Temporal, then `lyo migrate`, then `lyo api` and `lyo worker`, prints
// how to use them, and restarts parts that end. It returns nil after ctx, Ctrl-C or SIGTERM, once
// everything has stopped in reverse order; a second signal kills the rest. It fails at once if a part
// does not become ready at the start, and later if a part keeps failing. Only one run at a time may
// use a state directory.
func Run(ctx context.Context, o Options) (err error) {
	begin := time.Now()
	if o, err = o.withDefaults(); err != nil {
		return err
	}
	soft, hard, release := stopContexts(ctx)
	defer release()
	lock, err := lockState(o.StateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	s := newSupervisor(o)
	err = s.run(soft, begin)
	if soft.Err() != nil { // whatever was cut off
		err = nil
	}
	return errors.Join(err, s.stop(hard))
}

// stopContexts returns a context that ends with ctx or the first signal, and one that ends with the
// second signal. release ends both and their goroutine.
func stopContexts(ctx context.Context) (soft, hard context.Context, release func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	soft, softly := context.WithCancel(ctx)
	hard, hardly := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		for _, cancel := range []func(){softly, hardly} {
			select {
			case <-signals:
				cancel()
			case <-hard.Done():
				return
			}
		}
	}()
	return soft, hard, func() {
		signal.Stop(signals)
		softly()
		hardly()
	}
}

func lockState(dir string) (io.Closer, error) {
	if err := makeStateDir(dir); err != nil {
		return nil, err
	}
	lock, err := local.Lock(dir + "/lock")
	if locked, ok := errors.AsType[*local.LockedError](err); ok {
		return nil, fmt.Errorf("lyo dev already runs on %s as process %s: stop that one, "+
			"or set LYO_STATE_DIR and the ports for a second one: %w", dir, locked.PID, err)
	}
	if err != nil {
		return nil, diskFull(dir, err)
	}
	return lock, nil
}
