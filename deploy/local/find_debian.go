package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// retryFetchAfter is the time after which a failed download of Debian's packages is retried, so that a
// machine without network starts quickly.
const retryFetchAfter = time.Hour

// FindDebian finds a program that a test puts around Lyo, such as pgbouncer or nginx: on PATH, where
// Debian keeps servers, downloaded earlier, or downloaded now from the named Debian packages without
// installing them. Without it the error wraps ErrNotFound. A failed download is retried after an hour.
func FindDebian(ctx context.Context, f Finder, program string, packages ...string) (string, error) {
	if path := f.lookPath(program); path != "" {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not on every user's PATH
		if path := filepath.Join(f.root, dir, program); executable(path) {
			return path, nil
		}
	}
	return f.fetched(ctx, program, packages...)
}

// fetched returns a program unpacked from Debian's packages, which it downloads first where they are missing.
func (f Finder) fetched(ctx context.Context, program string, packages ...string) (string, error) {
	debs, err := f.statePath(nil, filepath.Join("debs", packages[0]))
	if err != nil {
		return "", err
	}
	// Not a link's target: a program may depend on the name it is called by.
	find := func() string {
		for _, dir := range []string{"usr/bin", "usr/sbin", "bin", "sbin"} {
			if path := filepath.Join(debs, dir, program); executable(path) {
				return path
			}
		}
		return ""
	}
	if path := find(); path != "" {
		return path, nil
	}
	if f.Offline {
		return "", fmt.Errorf("%s %w", program, ErrNotFound)
	}
	failed := debs + ".failed"
	if info, err := os.Stat(failed); err == nil && time.Since(info.ModTime()) < retryFetchAfter {
		return "", fmt.Errorf("%s %w; fetching it failed lately (%s)", program, ErrNotFound, failed)
	}
	choose := func(context.Context, apt) ([]string, error) { return packages, nil }
	if err := f.fetchDebs(ctx, debs, choose, program); err != nil {
		return "", errors.Join(fmt.Errorf("%s %w: %w", program, ErrNotFound, err), noteFailure(ctx, failed, err))
	}
	if path := find(); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("%s %w in Debian's packages %v", program, ErrNotFound, packages)
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
