package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// sourceWeight is the cost in units of adding material to the user's limit. Material is stored,
// transferred and processed by workers.
const sourceWeight = 10

// sources registers the routes of a learner's own source material.
func (s *Server) sources() {
	tags := []string{tagSources}
	rest.Register(s.API, huma.Operation{
		OperationID: "create-source", Method: http.MethodPost, Path: sourcesPath, Tags: tags,
		Summary: "Add source material",
		Description: "A text of at most 10 MiB, or an https address. It is read in the background: poll it until its state is READY or FAILED. " +
			"409: the caller has reached 100 sources or 200 MiB. 503: too many large bodies come at once.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusConflict},
	}, s.createSource, s.addingSources()...)
	describeSource(s.OpenAPI().Paths[sourcesPath].Post)
	rest.Register(s.API, huma.Operation{
		OperationID: "upload-source", Method: http.MethodPost, Path: uploadPath, Tags: tags,
		Summary:       "Upload source material",
		Description:   "A PDF, Markdown or text of at most 10 MiB, as a form. It is read in the background, as with POST /v1/sources.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusConflict},
	}, s.uploadSource, s.addingSources()...)
	describeUpload(s.OpenAPI().Paths[uploadPath].Post)
	rest.Register(s.API, huma.Operation{
		OperationID: "list-sources", Method: http.MethodGet, Path: sourcesPath, Tags: tags,
		Summary:     "List your source material",
		Description: "Newest first.",
	}, s.listSources)
	rest.Register(s.API, huma.Operation{
		OperationID: "get-source", Method: http.MethodGet, Path: sourcesPath + "/{id}", Tags: tags,
		Summary:     "Get source material",
		Description: "Without its text.",
	}, s.getSource)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-source", Method: http.MethodDelete, Path: sourcesPath + "/{id}", Tags: tags,
		Summary:       "Delete source material",
		Description:   "Courses written from it stay.",
		DefaultStatus: http.StatusNoContent,
	}, s.deleteSource)
}

// addingSources returns the limits of what adds material.
func (s *Server) addingSources() []rest.Option {
	return []rest.Option{
		rest.Weighing(sourceWeight), rest.Charging(s.limits.adding()...), rest.Within(uploadWithin + rest.RouteTimeout),
		rest.AcceptForms(rest.BodyLimits{Most: maxUpload, Within: uploadWithin, TooLarge: "The body is larger than 10 MiB."}),
	}
}

type createSourceOutput struct {
	Location string `header:"Location"`
	Body     sourceView
}

// uploadSource is createSource for forms alone: generators know one kind of body for an operation.
func (s *Server) uploadSource(ctx context.Context, in *createSourceInput) (*createSourceOutput, error) {
	if !rest.IsForm(in.media) {
		return nil, rest.NewProblem(rest.SlugMedia, "The body must be a form: send Content-Type: multipart/form-data.")
	}
	return s.createSource(ctx, in)
}

func (s *Server) createSource(ctx context.Context, in *createSourceInput) (*createSourceOutput, error) {
	source, err := in.source()
	if err != nil {
		return nil, err
	}
	now := s.Now()
	source.ID, source.UserID, source.State = store.NewID(), rest.PrincipalOf(ctx).UserID, courses.SourceProcessing
	source.CreatedAt, source.UpdatedAt = now, now
	message := outbox.ReadSource(source, now)
	if err := courses.CreateSource(ctx, s.DB, source, message); err != nil {
		return nil, err
	}
	s.Dispatcher.TryDispatch(ctx, message)
	return &createSourceOutput{s.PublicURL(sourcesPath + "/" + source.ID.String()), viewSource(source)}, nil
}

type listSourcesInput struct {
	Cursor string `query:"cursor" most:"512" doc:"Cursor from the Link header of the previous page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listSources(ctx context.Context, in *listSourcesInput) (*rest.Page[sourceView], error) {
	user := rest.PrincipalOf(ctx).UserID
	return rest.List[courses.Source, sourceView]{
		Name: "sources", Filter: user, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]courses.Source, error) {
			return courses.ListSources(ctx, s.DB, user, after, limit)
		},
		Keyset: func(m courses.Source) store.Keyset { return store.Keyset{At: m.CreatedAt, ID: m.ID} },
		Show:   viewSource,
	}.Page(ctx, s.API)
}

type getSourceInput struct {
	rest.PathID
	rest.Reading
}

func (s *Server) getSource(ctx context.Context, in *getSourceInput) (*rest.Tagged[sourceView], error) {
	source, err := courses.FindSource(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID)
	if err != nil {
		return nil, err
	}
	return rest.Conditional(in.IfNoneMatch, viewSource(source))
}

type deleteSourceInput struct {
	rest.PathID
	rest.Changing
}

func (s *Server) deleteSource(ctx context.Context, in *deleteSourceInput) (*struct{}, error) {
	user := rest.PrincipalOf(ctx).UserID
	source, err := courses.FindSource(ctx, s.DB, user, in.ID)
	if err != nil {
		return nil, err
	}
	if err := rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewSource(source))); err != nil {
		return nil, err
	}
	return nil, courses.DeleteSource(ctx, s.DB, user, in.ID)
}

// sourcesPath and uploadPath are where material is added, the only routes that accept long bodies.
const (
	sourcesPath = "/v1/sources"
	uploadPath  = sourcesPath + "/upload"
)

// uploadWithin is the time limit for receiving an upload.
const uploadWithin = time.Minute
