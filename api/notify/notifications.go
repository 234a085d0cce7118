package notify

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// inbox registers the routes of notifications, which exist whether or not a push was sent.
func (h *handlers) inbox() {
	tags := []string{TagInbox}
	rest.Register(h.API, huma.Operation{
		OperationID: "list-notifications", Method: http.MethodGet, Path: "/v1/notifications", Tags: tags,
		Summary:     "List your notifications",
		Description: "Newest first.",
	}, h.listNotifications)
	rest.Register(h.API, huma.Operation{
		OperationID: "count-notifications", Method: http.MethodGet, Path: "/v1/notifications/unread-count", Tags: tags,
		Summary:     "Count your unread notifications",
		Description: "For the app's badge.",
	}, h.countNotifications)
	rest.Register(h.API, huma.Operation{
		OperationID: "read-notification", Method: http.MethodPut, Path: "/v1/notifications/{id}/read", Tags: tags,
		Summary:       "Mark a notification as read",
		Description:   "Repeating it keeps the first read_at.",
		DefaultStatus: http.StatusOK,
	}, h.readNotification)
	rest.Register(h.API, huma.Operation{
		OperationID: "read-notifications", Method: http.MethodPut, Path: "/v1/notifications/read-all", Tags: tags,
		Summary: "Mark all notifications as read", DefaultStatus: http.StatusOK,
	}, h.readNotifications)
}

type notificationView struct {
	ID        uuid.UUID         `json:"id" format:"uuid"`
	Type      string            `json:"type" doc:"course_ready, achievement_unlocked, comment, mention, reminder, moderation, broadcast, mail_refused, test; more may come."`
	Title     string            `json:"title"`
	Body      string            `json:"body"`
	Data      map[string]string `json:"data" doc:"Data for the app, the same as in the push."`
	IsRead    bool              `json:"is_read"`
	ReadAt    *time.Time        `json:"read_at"`
	CreatedAt time.Time         `json:"created_at"`
}

func viewNotification(n notify.Notification) notificationView {
	data := n.Data
	if data == nil {
		data = map[string]string{}
	}
	return notificationView{
		ID: n.ID, Type: string(n.Kind), Title: n.Title, Body: n.Body, Data: data,
		IsRead: n.ReadAt != nil, ReadAt: rest.UTC(n.ReadAt), CreatedAt: n.CreatedAt.UTC(),
	}
}

type listNotificationsInput struct {
	InboxScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// InboxScope holds the filters that a cursor of the inbox is bound to.
type InboxScope struct {
	Unread string `query:"unread" enum:"true,false" doc:"true: only unread; false: only read; absent: both."`
}

func (in InboxScope) unread() *bool {
	if in.Unread == "" {
		return nil
	}
	unread := in.Unread == "true"
	return &unread
}

func (h *handlers) listNotifications(ctx context.Context, in *listNotificationsInput) (*rest.Page[notificationView], error) {
	user := rest.PrincipalOf(ctx).UserID
	scope := []any{user, in.InboxScope}
	return rest.List[notify.Notification, notificationView]{
		Name: "notifications", Filter: scope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]notify.Notification, error) {
			return notify.ListNotifications(ctx, h.DB, user, notify.InboxFilter{Unread: in.unread(), After: after, Offset: in.Skip(), Limit: limit})
		},
		Keyset: func(n notify.Notification) store.Keyset { return store.Keyset{At: n.CreatedAt, ID: n.ID} },
		Show:   viewNotification,
	}.Page(ctx, h.API)
}

type unreadView struct {
	UnreadCount int `json:"unread_count" minimum:"0"`
}

func (h *handlers) countNotifications(ctx context.Context, _ *rest.NoInput) (*rest.Body[unreadView], error) {
	n, err := notify.UnreadCount(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	return rest.Answer(unreadView{n}), err
}

func (h *handlers) readNotification(ctx context.Context, in *rest.PathID) (*rest.Body[notificationView], error) {
	n, err := notify.ReadNotification(ctx, h.DB, rest.PrincipalOf(ctx).UserID, in.ID, h.Now())
	return rest.Answer(viewNotification(n)), err
}

type readView struct {
	Message string `json:"message"`
	Updated int    `json:"updated" doc:"How many were marked as read"`
}

func (h *handlers) readNotifications(ctx context.Context, _ *rest.NoInput) (*rest.Body[readView], error) {
	n, err := notify.ReadAll(ctx, h.DB, rest.PrincipalOf(ctx).UserID, h.Now())
	return rest.Answer(readView{"Everything is read.", n}), err
}
