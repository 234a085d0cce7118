package moderation

import (
	"github.com/lyoapp/lyo/models/store"
)

// ContentStatus is who sees a post or comment: everybody, or, of the rest, its author and
// administrators. A deleted one nobody sees, but as a stub where it holds a tree together.
type ContentStatus string

// The states there are.
const (
	ContentVisible ContentStatus = "visible"
	ContentPending ContentStatus = "held" // pending review
	ContentHidden  ContentStatus = "hidden"
	ContentDeleted ContentStatus = "deleted"
)

// What hides a post or comment. Of the two, only the end of a suspension brings it back.
const (
	HiddenByDecision   = "decision"
	HiddenBySuspension = "suspension"
)

// RequireVisible is Conflict for what nobody can answer to or like at the moment.
func RequireVisible(status ContentStatus, what string) error {
	if status == ContentVisible {
		return nil
	}
	return store.Errorf(store.Conflict, "This %s is %s: nobody else can see it.", what, status)
}
