// Package notify serves push devices, push preferences, pushes and the inbox of notifications.
package notify

import (
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// The tags of this package's operations in the OpenAPI document.
const (
	TagInbox = "notifications"
	TagPush  = "push"
)

// Deps are the collaborators of the handlers.
type Deps struct {
	DB         *gorm.DB
	Dispatcher *outbox.Dispatcher // starts a workflow at once that the outbox would start soon
	Push       config.Push
}

type handlers struct {
	Deps
	*rest.API
}

// Register registers the routes of pushes, devices, preferences and notifications.
func Register(api *rest.API, d Deps) {
	h := &handlers{d, api}
	h.push()
	h.devices()
	h.preferences()
	h.inbox()
}
