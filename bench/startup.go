package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/lyoapp/lyo/deploy/local"
)

// memory is the resident memory of a process, in bytes. own excludes file pages, such as
// those of the program itself, which all processes share and the system reclaims when
// needed.
type memory struct{ resident, own uint64 }

func memoryOf(ctx context.Context, p *local.Process) (memory, error) {
	seen, err := process.NewProcessWithContext(ctx, int32(p.PID()))
	if err != nil {
		return memory{}, fmt.Errorf("look at the process: %w", err)
	}
	info, err := seen.MemoryInfoExWithContext(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("look at its memory: %w", err)
	}
	return memory{info.RSS, info.RSS - info.Shared}, nil
}

func megabytes(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// birth is one start.
type birth struct {
	ready time.Duration
	memory
}

// benchStartup measures how soon an API is ready and its memory when idle.
func benchStartup(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	if o.program, err = build(ctx, o, dir); err != nil {
		return err
	}
	births := make([]birth, max(o.rounds, 3)+1)
	for i := range births {
		if births[i], err = o.bear(ctx, dir, database); err != nil {
			return err
		}
	}
	births = births[1:] // the first reads the program from disk
	ready := median(births, func(b birth) time.Duration { return b.ready })
	resident := median(births, func(b birth) uint64 { return b.resident })
	fmt.Fprintf(o.out, "Medians of %d starts of `lyo api` on a migrated database.\n\n| | measured | aim |\n| --- | ---: | ---: |\n", len(births))
	fmt.Fprintf(o.out, "| from the start of the process to /v1/health/ready answering 200 | %v | 1s |\n", rounded(ready))
	own := median(births, func(b birth) uint64 { return b.own })
	fmt.Fprintf(o.out, "| resident memory when idle, after %v | %.1f MB | |\n", o.idle(), megabytes(resident))
	fmt.Fprintf(o.out, "| of it the process's own; the rest are pages of the program's file | %.1f MB | 40 MB |\n", megabytes(own))
	o.within("ready", ready, time.Second)
	o.atMost("its own memory when idle", megabytes(own), 40, " MB")
	return nil
}

// idle returns how long an API is left alone before its memory is measured.
func (o options) idle() time.Duration { return min(o.storm/12, 5*time.Second) }

func (o options) bear(ctx context.Context, dir, database string) (birth, error) {
	began := time.Now()
	api, err := startAPI(ctx, o, dir, database, "LYO_METRICS_PORT=0", "LYO_PROFILES=off")
	if err != nil {
		return birth{}, err
	}
	defer api.stop()
	for {
		status, _, err := send(ctx, vegetaGet(api.base+"/v1/health/ready"))
		if err != nil {
			return birth{}, err
		}
		if status == http.StatusOK {
			break
		}
		if time.Since(began) > 30*time.Second {
			return birth{}, fmt.Errorf("not ready after %v: %d", time.Since(began), status)
		}
	}
	ready := time.Since(began)
	select {
	case <-time.After(o.idle()):
	case <-ctx.Done():
		return birth{}, ctx.Err()
	}
	memory, err := memoryOf(ctx, api.process)
	return birth{ready, memory}, err
}
