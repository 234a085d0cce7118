package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// The versions of the cached formats; a new one makes old rows misses.
const (
	formItems    = "1:"
	formArticles = "articles 1:"
)

// key returns a hash that distinguishes queries without revealing their text.
func (q Query) key(form string) string {
	q.Topic, q.Lesson = strings.ToLower(phrase(q.Topic, 50)), strings.ToLower(phrase(q.Lesson, 50))
	text, err := json.Marshal(q)
	if err != nil {
		return "" // a Query is texts and a number, which cannot fail
	}
	sum := sha256.Sum256(text)
	return form + hex.EncodeToString(sum[:16])
}

// load returns the answer of a site that was cached with a key.
func load[T any](ctx context.Context, f *Finder, name, key string) ([]T, bool) {
	if f.o.Cache == nil {
		return nil, false
	}
	within, cancel := context.WithTimeout(ctx, cacheWithin)
	defer cancel()
	raw, found, err := f.o.Cache.Load(within, name, key)
	if err != nil {
		f.o.Logger.WarnContext(ctx, "the cache of sources failed", "source", name, "error", err)
		return nil, false
	}
	var answer []T
	if !found || json.Unmarshal(raw, &answer) != nil {
		return nil, false
	}
	return answer, true
}

// save caches the answer of a site, for a shorter time if it is empty or not sure.
func save[T any](ctx context.Context, f *Finder, name, key string, answer []T, sure bool) {
	if f.o.Cache == nil {
		return
	}
	ttl := f.o.KeepFor
	if !sure || len(answer) == 0 {
		ttl = f.o.KeepEmptyFor
	}
	raw, err := json.Marshal(answer)
	if err == nil {
		// The answer is worth storing even if its caller has just disconnected.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cacheWithin)
		defer cancel()
		err = f.o.Cache.Store(ctx, name, key, raw, ttl)
	}
	if err != nil {
		f.o.Logger.WarnContext(ctx, "the cache of sources failed", "source", name, "error", err)
	}
}

// cacheWithin keeps a slow cache from using up the time that the sites need.
const cacheWithin = 2 * time.Second
