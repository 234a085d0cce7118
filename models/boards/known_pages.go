package boards

import (
	"sync"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/learning"
)

// maxKnown is the greatest number of pages that a process remembers.
const maxKnown = 100

// knownPages are the places of pages that were read from Redis under a stamp. They are good for readers whom
// Redis tells that it still has the stamp.
type knownPages struct {
	mu    sync.Mutex
	last  int64 // number given
	pages map[pageKey]knownPage
}

type pageKey struct {
	stamp    uuid.UUID
	database string
	board    learning.Board
	skip     int64
	limit    int
}

type knownPage struct {
	number int64
	places []learning.LeaderboardEntry
}

func (k *knownPages) recall(key pageKey) (knownPage, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	page, ok := k.pages[key]
	return page, ok
}

// remember keeps the places of a page, and returns a number that no other places have.
func (k *knownPages) remember(key pageKey, places []learning.LeaderboardEntry) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pages == nil || len(k.pages) >= maxKnown {
		k.pages = map[pageKey]knownPage{} // most are of stamps that have passed
	}
	k.last++
	k.pages[key] = knownPage{k.last, places}
	return k.last
}
