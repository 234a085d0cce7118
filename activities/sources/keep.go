package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// form is the version of the cached format; a new one makes old rows misses.
const form = "1:"

// key returns a hash that distinguishes queries without revealing their text.
func (q Query) key() string {
	q.Topic, q.Lesson = strings.ToLower(phrase(q.Topic, 50)), strings.ToLower(phrase(q.Lesson, 50))
	text, err := json.Marshal(q)
	if err != nil {
		return "" // a Query is texts and a number, which cannot fail
	}
	sum := sha256.Sum256(text)
	return form + hex.EncodeToString(sum[:16])
}

func (f *Finder) load(ctx context.Context, name string, q Query) ([]Item, bool) {
	if f.o.Cache == nil {
		return nil, false
	}
	within, cancel := context.WithTimeout(ctx, cacheWithin)
	defer cancel()
	raw, found, err := f.o.Cache.Load(within, name, q.key())
	if err != nil {
		f.o.Logger.WarnContext(ctx, "the cache of sources failed", "source", name, "error", err)
		return nil, false
	}
	var items []Item
	if !found || json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	return items, true
}

func (f *Finder) store(ctx context.Context, name string, q Query, items []Item, sure bool) {
	if f.o.Cache == nil {
		return
	}
	ttl := f.o.KeepFor
	if !sure || len(items) == 0 {
		ttl = f.o.KeepEmptyFor
	}
	raw, err := json.Marshal(items)
	if err == nil {
		// The answer is worth storing even if its caller has just disconnected.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cacheWithin)
		defer cancel()
		err = f.o.Cache.Store(ctx, name, q.key(), raw, ttl)
	}
	if err != nil {
		f.o.Logger.WarnContext(ctx, "the cache of sources failed", "source", name, "error", err)
	}
}

// cacheWithin keeps a slow cache from using up the time that the sites need.
const cacheWithin = 2 * time.Second
