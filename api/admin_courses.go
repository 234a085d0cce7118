package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	texts "github.com/lyoapp/lyo/models/text"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// anyCourses registers the administrators' operations on courses of any owner.
func (s *Server) anyCourses(tags []string) {
	rest.Register(s.API, huma.Operation{
		OperationID: "list-all-courses", Method: http.MethodGet, Path: "/v1/admin/courses", Tags: tags,
		Summary:     "List courses of all users",
		Description: "Newest first. For administrators.",
	}, s.listAllCourses, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "read-any-course", Method: http.MethodGet, Path: "/v1/admin/courses/{id}", Tags: tags,
		Summary: "Get a course of any user",
		Description: "With its lessons and items. Reading another user's course is recorded in the audit log; the owner's own material is not named. For " +
			"administrators.",
	}, s.readAnyCourse, rest.Admins)
	for _, act := range []struct {
		act                  courses.CourseAct
		summary, description string
	}{
		{courses.CourseHold, "Put a course on hold", "Only its owner sees it until it is decided at /v1/admin/held."},
		{courses.CourseRestore, "Restore a held or hidden course", "Others see it again, as its visibility allows."},
		{courses.CourseUnpublish, "Unpublish a course", "Makes the course private. Its owner may share it again; put it on hold to prevent that."},
	} {
		rest.Register(s.API, huma.Operation{
			OperationID: string(act.act) + "-course", Method: http.MethodPost, Path: "/v1/admin/courses/{id}/" + string(act.act), Tags: tags,
			Summary: act.summary, Description: act.description + " The owner is notified. Repeating it changes nothing. For administrators.",
		}, s.moderating(act.act), rest.Admins)
	}
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-any-course", Method: http.MethodDelete, Path: "/v1/admin/courses/{id}", Tags: tags,
		Summary:       "Delete a course of any user",
		Description:   "A generation under way is cancelled. The owner is notified. For administrators.",
		DefaultStatus: http.StatusNoContent,
	}, s.deleteAnyCourse, rest.Admins)
}

type moderatedCourseView struct {
	ID               uuid.UUID  `json:"id" format:"uuid"`
	OwnerUserID      uuid.UUID  `json:"owner_user_id" format:"uuid"`
	Title            string     `json:"title"`
	Topic            string     `json:"topic"`
	Summary          string     `json:"summary"`
	Status           string     `json:"status" set:"course_status"`
	Visibility       string     `json:"visibility" set:"visibility"`
	ModerationStatus string     `json:"moderation_status" set:"content_status"`
	HeldFor          string     `json:"held_for" doc:"Why it is on hold."`
	OwnMaterial      bool       `json:"own_material" doc:"Written from its owner's source material."`
	CreatedAt        time.Time  `json:"created_at"`
	UpdatedAt        time.Time  `json:"updated_at"`
	PublishedAt      *time.Time `json:"published_at" nullable:"true"`
}

func viewModerated(c courses.Course) moderatedCourseView {
	return moderatedCourseView{
		ID: c.ID, OwnerUserID: c.OwnerUserID, Title: c.Title, Topic: c.Topic, Summary: c.Summary, Status: string(c.Status),
		Visibility: string(c.Visibility), ModerationStatus: string(c.ModerationStatus), HeldFor: c.FlagReason, OwnMaterial: c.OwnMaterial,
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(), PublishedAt: rest.UTC(c.PublishedAt),
	}
}

// AllCoursesScope holds the filters that a cursor of the list is bound to.
type AllCoursesScope struct {
	Status     string `query:"status" set:"course_status"`
	Visibility string `query:"visibility" set:"visibility"`
	Moderation string `query:"moderation" set:"content_status"`
	Owner      string `query:"owner" format:"uuid" doc:"The owner's user id"`
}

type listAllCoursesInput struct {
	AllCoursesScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listAllCourses(ctx context.Context, in *listAllCoursesInput) (*rest.Page[moderatedCourseView], error) {
	return rest.List[courses.Course, moderatedCourseView]{
		Name: "all-courses", Filter: in.AllCoursesScope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]courses.Course, error) {
			f := courses.ModeratedFilter{
				Status: courses.CourseStatus(in.Status), Visibility: courses.Visibility(in.Visibility), Moderation: moderation.ContentStatus(in.Moderation),
				Owner: givenID(in.Owner), After: after, Offset: in.Skip(), Limit: limit,
			}
			return courses.ListAllCourses(ctx, s.DB, f)
		},
		Keyset: func(c courses.Course) store.Keyset { return store.Keyset{At: c.CreatedAt, ID: c.ID} },
		Show:   viewModerated,
	}.Page(ctx, s.API)
}

func (s *Server) readAnyCourse(ctx context.Context, in *courseOnlyInput) (*rest.Body[courseView], error) {
	c, err := courses.ReadAnyCourse(ctx, s.DB, in.ID, s.AuditEntry(ctx, store.AuditCourseRead, uuid.Nil, nil))
	if err != nil {
		return nil, err
	}
	return rest.Answer(viewCourse(c)), nil
}

type moderateCourseInput struct {
	rest.PathID
	Body *moderateCourseBody
}

type moderateCourseBody struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" text:"note" doc:"Shown to the owner"`
}

func (s *Server) moderating(act courses.CourseAct) func(context.Context, *moderateCourseInput) (*rest.Body[moderatedCourseView], error) {
	return func(ctx context.Context, in *moderateCourseInput) (*rest.Body[moderatedCourseView], error) {
		m := s.moderationOf(ctx, act)
		if in.Body != nil {
			m.Reason = texts.Trim(in.Body.Reason)
		}
		c, _, err := courses.ModerateCourse(ctx, s.DB, in.ID, m)
		if err != nil {
			return nil, err
		}
		return rest.Answer(viewModerated(c)), nil
	}
}

// moderationOf returns a moderation act by the administrator who sent the request.
func (s *Server) moderationOf(ctx context.Context, act courses.CourseAct) courses.CourseModeration {
	return courses.CourseModeration{
		Act: act, Entry: s.AuditEntry(ctx, "", uuid.Nil, nil), Enqueuer: outbox.NewEnqueuer(s.Now),
		Cancel: func(task tasks.Task) store.OutboxMessage { return outbox.Cancel(task, s.Now()) },
	}
}

func (s *Server) deleteAnyCourse(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	_, cancels, err := courses.ModerateCourse(ctx, s.DB, in.ID, s.moderationOf(ctx, courses.CourseDelete))
	if err != nil {
		return nil, err
	}
	for _, entry := range cancels {
		s.Dispatcher.TryDispatch(ctx, entry)
	}
	return nil, nil //nolint:nilnil // no content
}
