package learning

import (
	"slices"
	"sync"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/learning"
)

// maxEncoded is the greatest number of pages whose bytes a process remembers, of at most about 40 kB each.
const maxEncoded = 100

// encodedPages are the latest bytes of pages of boards. All viewers share them who may see everybody on the page; for
// others entries are left out.
type encodedPages struct {
	mu    sync.Mutex
	known map[encodedKey]*encodedPage
}

type encodedKey struct {
	board learning.Board
	skip  int64
	limit int
}

// encodedPage has the bytes of a page, which are right as long as its places and the rows of its users stay as they are.
type encodedPage struct {
	number   int64    // of the places
	users    string   // the literal of their ids
	versions []uint32 // of their rows
	entries  rest.JSON[[]entryView]
}

// latest returns what is known of a page, nil for nothing.
func (e *encodedPages) latest(q boards.Query) *encodedPage {
	if q.Around {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known[encodedKey{q.Board, q.Skip, q.Limit}]
}

func (e *encodedPages) remember(q boards.Query, page encodedPage) {
	slices.Sort(page.versions)
	key := encodedKey{q.Board, q.Skip, q.Limit}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.known[key]; e.known == nil || !known && len(e.known) >= maxEncoded {
		e.known = map[encodedKey]*encodedPage{}
	}
	e.known[key] = &page
}

// entriesOf returns the bytes if they are those of the page, for a viewer who may see rows of these versions.
func (p *encodedPage) entriesOf(page boards.Page, versions []uint32) (rest.JSON[[]entryView], bool) {
	if p == nil || p.number != page.Number {
		return nil, false
	}
	slices.Sort(versions)
	return p.entries, slices.Equal(p.versions, versions)
}
