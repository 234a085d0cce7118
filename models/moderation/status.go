package moderation

import (
	"github.com/lyoapp/lyo/models/store"
)

// ContentStatus decides who sees a post or comment. A visible one is seen by everyone, a pending or
// hidden one by its author and administrators. A deleted one is seen by no one, except as the stub
// of a comment with replies.
type ContentStatus string

// The states of content.
const (
	ContentVisible ContentStatus = "visible"
	ContentPending ContentStatus = "held" // pending review
	ContentHidden  ContentStatus = "hidden"
	ContentDeleted ContentStatus = "deleted"
)

// What hides a post or comment. The end of a suspension restores only what the suspension has hidden.
const (
	HiddenByDecision   = "decision"
	HiddenBySuspension = "suspension"
)

// RequireVisible returns Conflict for content that cannot be replied to or liked at the moment.
func RequireVisible(status ContentStatus, what string) error {
	if status == ContentVisible {
		return nil
	}
	return store.Errorf(store.Conflict, "This %s is %s: nobody else can see it.", what, status)
}
