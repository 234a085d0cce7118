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

const stopLimit = 25 * time.Second // for everything together

// Run starts Postgres, Redis, Temporal, then `lyo migrate`, then `lyo api` and
// `lyo worker`, says how to use them, and starts again what dies. It returns nil
// when ctx, Ctrl-C or SIGTERM ended it, after everything has stopped in reverse
// order; a second signal kills what still runs. It fails at once when a part does
// not become ready the first time, and later when a part keeps dying. One run at
// a time may use a state directory.
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
	if soft.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, s.stop(hard))
}

// stopContexts gives a context that ends with ctx or the first signal, and one
// that ends with the second signal. release ends both and the goroutine behind them.
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
	if held, ok := errors.AsType[*local.LockedError](err); ok {
		return nil, fmt.Errorf("lyo dev already runs on %s as process %s: stop that one, "+
			"or set LYO_STATE_DIR and the ports for a second one: %w", dir, held.PID, err)
	}
	if err != nil {
		return nil, diskFull(dir, err)
	}
	return lock, nil
}
