package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	texts "github.com/lyoapp/lyo/models/text"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// courses registers the routes of courses.
func (s *Server) courses() {
	tags := []string{"courses"}
	rest.Register(s.API, generateOperation(), s.generateCourse, rest.Weighing(generateWeight), rest.Charging(s.limits.course()))
	rest.Register(s.API, regenerateOperation(), s.regenerateCourse, rest.Weighing(generateWeight), rest.Charging(s.limits.course()))
	rest.Register(s.API, huma.Operation{
		OperationID: "list-courses", Method: http.MethodGet, Path: "/v1/courses", Tags: tags,
		Summary:     "List courses",
		Description: "The caller's own, and READY public ones of others, newest first.",
	}, s.listCourses)
	rest.Register(s.API, huma.Operation{
		OperationID: "get-course", Method: http.MethodGet, Path: "/v1/courses/{id}", Tags: tags,
		Summary:     "Get a course",
		Description: "With its lessons and items, also while it is being generated. 404: it does not exist, or the caller may not see it.",
	}, s.getCourse)
	rest.Register(s.API, huma.Operation{
		OperationID: "get-citation", Method: http.MethodGet, Path: "/v1/courses/{id}/citations/{n}", Tags: tags,
		Summary: "Get a citation with its passage",
		Description: "The text of the source as it was when the course was written, also when the source has changed or is gone. Of the owner's own material " +
			"others get the quote only. 404: the caller may not see the course, or it has no such citation.",
	}, s.getCitation)
	rest.Register(s.API, huma.Operation{
		OperationID: "update-course", Method: http.MethodPut, Path: "/v1/courses/{id}", Tags: tags,
		Summary:     "Update a course",
		Description: "For its owner. Absent or null fields stay. 409: it is being generated.",
		Errors:      []int{http.StatusConflict},
	}, s.updateCourse)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-course", Method: http.MethodDelete, Path: "/v1/courses/{id}", Tags: tags,
		Summary:       "Delete a course",
		Description:   "For its owner. A generation under way is cancelled.",
		DefaultStatus: http.StatusNoContent,
	}, s.deleteCourse)
}

type listCoursesInput struct {
	CourseScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"50" default:"20"`
}

// CourseScope holds the filters that a cursor of the list is bound to.
type CourseScope struct {
	Topic   string `query:"topic" maxLength:"200" doc:"Part of the topic or title, case-insensitive."`
	Status  string `query:"status" set:"course_status"`
	OwnOnly bool   `query:"own_only"`
}

func (s *Server) listCourses(ctx context.Context, in *listCoursesInput) (*rest.Page[courseView], error) {
	user := rest.PrincipalOf(ctx).UserID
	scope := []any{user, in.CourseScope}
	return rest.List[courses.Course, courseView]{
		Name: "courses", Filter: scope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]courses.Course, error) {
			return courses.ListCourses(ctx, s.DB, user, courses.CourseFilter{
				Topic: in.Topic, Status: courses.CourseStatus(in.Status), OwnOnly: in.OwnOnly,
				After: after, Offset: in.Skip(), Limit: limit,
			})
		},
		Keyset: func(c courses.Course) store.Keyset { return store.Keyset{At: c.CreatedAt, ID: c.ID} },
		Show: func(c courses.Course) courseView {
			c.Manifest = nil // it is long, and of use with the lessons that it signs
			return viewCourse(c)
		},
	}.Page(ctx, s.API)
}

type getCourseInput struct {
	rest.PathID
	rest.Reading
}

func (s *Server) getCourse(ctx context.Context, in *getCourseInput) (*rest.Tagged[courseView], error) {
	course, err := courses.FindCourse(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID)
	if err != nil {
		return nil, err
	}
	return rest.Conditional(in.IfNoneMatch, viewCourse(course))
}

type updateCourseInput struct {
	rest.PathID
	rest.Changing
	Body courseChangeBody
}

// ConfirmRights is for inputs that can make a course public.
type ConfirmRights struct {
	ConfirmRights *bool `json:"confirm_rights,omitempty" nullable:"true" doc:"true: the caller has the right to publish the material. Required to make a course from own source material public."`
}

func (c ConfirmRights) confirmed() bool { return c.ConfirmRights != nil && *c.ConfirmRights }

// courseChangeBody holds the fields that may be changed. An absent or null field is left as it is.
type courseChangeBody struct {
	Title           *string   `json:"title,omitempty" nullable:"true" maxLength:"200" text:"title"`
	Summary         *string   `json:"summary,omitempty" nullable:"true" maxLength:"2000" text:"note"`
	Description     *string   `json:"description,omitempty" nullable:"true" maxLength:"5000" text:"note"`
	Tags            *[]string `json:"tags,omitempty" nullable:"true" maxItems:"20" each:"50" text:"line"`
	DifficultyLevel *string   `json:"difficulty_level,omitempty" nullable:"true" set:"level,loosely"`
	ThumbnailURL    *string   `json:"thumbnail_url,omitempty" nullable:"true" maxLength:"2000" doc:"An https URL."`
	Visibility      *string   `json:"visibility,omitempty" nullable:"true" set:"visibility" doc:"Who sees it. private: its owner; unlisted: whoever has its id, but no list has it; public: everybody."`
	ConfirmRights
}

// Resolve reports the rule violations that the schema cannot express.
func (in *updateCourseInput) Resolve(huma.Context) []error {
	b, faults := in.Body, rest.FieldFaults{}
	if b.DifficultyLevel != nil {
		checkLevel(&faults, "difficulty_level", *b.DifficultyLevel)
	}
	if address := rest.TextOf(b.ThumbnailURL); address != "" {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			faults.Add("thumbnail_url", "must be an https address")
		}
	}
	if b.Tags != nil {
		for i, tag := range *b.Tags {
			if n := utf8.RuneCountInString(tag); n < 1 || n > maxTag {
				faults.Add("tags["+strconv.Itoa(i)+"]", "must have 1 to 50 characters")
			}
		}
	}
	return faults
}

// change returns the changes that the body requests. Tags that differ only in spelling are merged.
func (b courseChangeBody) change() courses.CourseChange {
	change := courses.CourseChange{
		Title: b.Title, Summary: b.Summary, Description: b.Description, DifficultyLevel: b.DifficultyLevel,
	}
	if b.Visibility != nil {
		visibility := courses.Visibility(*b.Visibility)
		change.Visibility, change.ConfirmRights = &visibility, b.confirmed()
	}
	if b.ThumbnailURL != nil {
		address := rest.TextOf(b.ThumbnailURL)
		change.ThumbnailURL = &address
	}
	if b.Tags != nil {
		tags := texts.Distinct(*b.Tags)
		change.Tags = &tags
	}
	return change
}

func (s *Server) updateCourse(ctx context.Context, in *updateCourseInput) (*rest.Tagged[courseView], error) {
	allowed := func(c courses.Course) error {
		if c.Status == courses.CourseGenerating {
			return store.Errorf(store.Conflict, "The course is still being written.")
		}
		return rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewCourse(c)))
	}
	course, err := courses.UpdateCourse(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, in.Body.change(), s.Now(), allowed)
	if err != nil {
		return nil, err
	}
	return rest.Conditional("", viewCourse(course))
}

type deleteCourseInput struct {
	rest.PathID
	rest.Changing
}

func (s *Server) deleteCourse(ctx context.Context, in *deleteCourseInput) (*struct{}, error) {
	message := func(task tasks.Task) store.OutboxMessage { return outbox.Cancel(task, s.Now()) }
	allowed := func(c courses.Course) error { return rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewCourse(c))) }
	cancels, err := courses.DeleteCourse(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, message, allowed)
	if err != nil {
		return nil, err
	}
	for _, entry := range cancels {
		s.Dispatcher.TryDispatch(ctx, entry)
	}
	return nil, nil //nolint:nilnil // no content
}
