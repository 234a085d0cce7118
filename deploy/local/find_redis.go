package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// retryFetchAfter is the time after which a failed download of Redis is retried, so that a machine
// without network starts quickly.
const retryFetchAfter = time.Hour

// FindRedis finds redis-server or valkey-server: the program $REDIS_SERVER names
// (which then must exist; "none" disables the search), on PATH, downloaded earlier,
// or downloaded now from Debian's packages without installing them. Without any, the
// error wraps ErrNotFound and the caller may use StartEmbeddedRedis. A failed
// download is retried after an hour.
func FindRedis(ctx context.Context, f Finder) (string, error) {
	switch named := f.getenv("REDIS_SERVER"); {
	case named == "none":
		return "", fmt.Errorf("REDIS_SERVER is none: redis-server %w", ErrNotFound)
	case named != "" && !executable(named):
		return "", fmt.Errorf("REDIS_SERVER: no program at %s", named)
	case named != "":
		return named, nil
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path := f.lookPath(name); path != "" {
			return path, nil
		}
	}
	return f.fetchedRedis(ctx)
}

func (f Finder) fetchedRedis(ctx context.Context) (string, error) {
	debs, err := f.statePath(nil, "debs/redis")
	if err != nil {
		return "", err
	}
	// Not the link's target: the program depends on the name it is called by.
	binary := filepath.Join(debs, "usr/bin/redis-server")
	if executable(binary) {
		return binary, nil
	}
	if f.Offline {
		return "", fmt.Errorf("redis-server %w", ErrNotFound)
	}
	failed := debs + ".failed"
	if info, err := os.Stat(failed); err == nil && time.Since(info.ModTime()) < retryFetchAfter {
		return "", fmt.Errorf("redis-server %w; fetching it failed lately (%s)", ErrNotFound, failed)
	}
	if err := f.fetchDebs(ctx, debs, redisPackages, "redis-server, about 2 MB"); err != nil {
		return "", errors.Join(fmt.Errorf("redis-server %w: %w", ErrNotFound, err), noteFailure(ctx, failed, err))
	}
	return binary, nil
}

// noteFailure stores why a download failed, unless it was cancelled.
func noteFailure(ctx context.Context, path string, failure error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("note a failed fetch: %w", err)
	}
	if err := os.WriteFile(path, []byte(failure.Error()+"\n"), 0o644); err != nil {
		return fmt.Errorf("note a failed fetch: %w", err)
	}
	return nil
}
