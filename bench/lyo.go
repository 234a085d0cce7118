package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

// target is a running API.
type target struct {
	process  *local.Process
	base     string
	profiles string // the address of its profiles; empty: none
}

// build builds the program as it is released, without the race detector.
func build(ctx context.Context, o options, dir string) (string, error) {
	if o.program != "" {
		return o.program, nil
	}
	path := filepath.Join(dir, "lyo")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/lyoapp/lyo/cmd/lyo") //nolint:gosec // the folder was made here
	cmd.Stderr = o.errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build lyo: %w", err)
	}
	return path, nil
}

// How much memory processes may use, as the deployment descriptions say.
const (
	apiMemory    = "920MiB"
	workerMemory = "640MiB"
)

// startAPI runs `lyo api` on the database, with production limits except for a user's own quota,
// which the measuring requests need. extra overrides.
func startAPI(ctx context.Context, o options, dir, database string, extra ...string) (*target, error) {
	program, err := build(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	seen, profiles, err := profiling()
	if err != nil {
		return nil, err
	}
	env := append(append(append(environ(o, dir, database, port), "GOMEMLIMIT="+apiMemory), seen...), extra...)
	p, err := local.Start(local.Spec{Name: "api", Path: program, Args: []string{"api"}, Env: env})
	if err != nil {
		return nil, err
	}
	t := &target{p, fmt.Sprintf("http://127.0.0.1:%d", port), profiles}
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := local.AwaitReady(waiting, p, t.alive); err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

func environ(o options, dir, database string, port int) []string {
	return []string{
		"HOME=" + dir, "LYO_STATE_DIR=" + dir, "DATABASE_URL=" + database, "REDIS_URL=" + o.redis,
		"TEMPORAL_ADDRESS=127.0.0.1:1", "LYO_GEMMA_FALLBACK=on", "LYO_SOURCES=none", "LYO_PUBLIC_URL=http://lyo.test",
		"LYO_HTTP_PORT=" + strconv.Itoa(port), "LYO_TRUSTED_PROXIES=127.0.0.1", "LYO_STOP_WITHIN=10s",
		"LYO_BCRYPT_COST=" + strconv.Itoa(cost), "LYO_RATE_LIMITS=on", "LYO_RATE_USER=1000000/1m",
	}
}

func (t *target) alive(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/v1/health/live", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("live answers %d", answer.StatusCode)
	}
	return nil
}

func (t *target) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	_ = t.process.Stop(ctx)
}
