package local

import (
	"context"
	"fmt"
)

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
	return f.fetched(ctx, "redis-server", "redis-server")
}
