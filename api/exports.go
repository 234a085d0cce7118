package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// fetchWithin is the time limit of an export's download.
const fetchWithin = 10 * time.Minute

// exports registers the operations that export a user's data.
func (s *Server) exports() {
	rest.Register(s.API, huma.Operation{
		OperationID: "export-me", Method: http.MethodPost, Path: "/v1/users/me/export", Tags: []string{rest.TagUsers},
		Summary: "Export your data",
		Description: "Starts a task. When it is done, its result_url is a ZIP of JSON files, which its owner can fetch for a day. While an export is under " +
			"way its task is returned.",
		DefaultStatus: http.StatusAccepted,
	}, s.exportMe, rest.Charging(s.limits.exporting()))
	rest.Register(s.API, huma.Operation{
		OperationID: "get-export", Method: http.MethodGet, Path: "/v1/users/me/exports/{id}", Tags: []string{rest.TagUsers},
		Summary: "Download a data export",
		Description: "Works for a day, as often as its owner likes, also in parts: a Range of bytes is answered with 206. 404: it is not ready, or has " +
			"expired.",
		Errors:    []int{http.StatusRequestedRangeNotSatisfiable},
		Responses: map[string]*huma.Response{"200": archiveResponse("A ZIP of JSON files"), "206": archiveResponse("The part of it that Range asks for", "Content-Range")},
	}, s.getExport, rest.Within(fetchWithin))
}

type exportView struct {
	TaskID     uuid.UUID `json:"task_id" format:"uuid"`
	WorkflowID string    `json:"workflow_id"`
	StatusURL  string    `json:"status_url"`
	WSURL      string    `json:"ws_url"`
}

type exportOutput struct {
	Location string `header:"Location" doc:"The task"`
	Body     exportView
}

func (s *Server) exportMe(ctx context.Context, _ *rest.NoInput) (*exportOutput, error) {
	user, now := rest.PrincipalOf(ctx).UserID, s.Now()
	task := tasks.NewTask(store.NewID(), user, store.NewID(), now)
	hash := sha256.Sum256(task.ID[:]) // it has no key, so no request is like it
	task.TaskType, task.WorkflowID, task.RequestHash = tasks.TaskAccountExport, workflows.ExportAccountID(task.ID), hash[:]
	task.EstimatedMins = 1
	message := outbox.ExportAccount(task, now)
	entry := s.AuditEntry(ctx, store.AuditExportRequested, user, map[string]any{"task_id": task.ID})
	made, replayed, err := privacy.CreateExport(ctx, s.DB, task, message, entry)
	if err != nil {
		return nil, err
	}
	if !replayed {
		s.Dispatcher.TryDispatch(ctx, message)
	}
	status := s.PublicURL("/v1/tasks/" + made.ID.String() + "/status")
	return &exportOutput{status, exportView{
		made.ID, made.WorkflowID, status, s.SocketURL("/v1/tasks/ws/" + made.ID.String()),
	}}, nil
}

func archiveResponse(description string, more ...string) *huma.Response {
	r := &huma.Response{
		Description: description,
		Headers:     map[string]*huma.Header{},
		Content:     map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
	for _, name := range append(more, "ETag", "Accept-Ranges") {
		r.Headers[name] = &huma.Header{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return r
}

type getExportInput struct {
	rest.PathID
	Range   string `header:"Range" maxLength:"200" doc:"One range, such as bytes=1000-; several are answered with the whole."`
	IfRange string `header:"If-Range" maxLength:"200" doc:"The ETag that the range is of; with another one the whole is sent."`
}

func (s *Server) getExport(ctx context.Context, in *getExportInput) (*huma.StreamResponse, error) {
	user, looks := rest.PrincipalOf(ctx).UserID, rest.RequestInfoOf(ctx).Method == http.MethodHead
	export, err := privacy.FindExport(ctx, s.DB, user, in.ID, s.Now())
	if err != nil {
		return nil, err
	}
	whole := rest.ByteRange{End: export.SizeBytes}
	part := whole
	if !looks { // a Range has a meaning for GET only
		if in.IfRange == "" || in.IfRange == exportTag(export) {
			if part, err = rest.ParseRange(in.Range, export.SizeBytes); err != nil {
				return nil, err
			}
		}
		entry := s.AuditEntry(ctx, store.AuditExportFetched, user, map[string]any{"export_id": in.ID})
		if err := store.Audit(ctx, s.DB, entry); err != nil {
			return nil, err
		}
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		describeExport(hc, export, part)
		if looks {
			return
		}
		if err := s.sendExport(ctx, hc, export, part); err != nil {
			s.Log.InfoContext(ctx, "an export was not fetched to its end", "error", err)
		}
	}}, nil
}

// exportTag returns the ETag of an archive, which never changes.
func exportTag(export privacy.Export) string { return `"` + export.ID.String() + `"` }

// describeExport sets the status and the headers of the download.
func describeExport(hc huma.Context, export privacy.Export, part rest.ByteRange) {
	hc.SetHeader("Content-Type", "application/zip")
	hc.SetHeader("Content-Disposition", `attachment; filename="lyo-export-`+export.CreatedAt.UTC().Format(time.DateOnly)+`.zip"`)
	hc.SetHeader("Content-Length", strconv.FormatInt(part.End-part.First, 10))
	hc.SetHeader("Cache-Control", "no-store")
	hc.SetHeader("ETag", exportTag(export))
	hc.SetHeader("Accept-Ranges", "bytes")
	if part.Partial {
		hc.SetHeader("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.First, part.End-1, export.SizeBytes))
		hc.SetStatus(http.StatusPartialContent)
	}
}

// sendExport writes a range of the archive, a piece at a time.
func (s *Server) sendExport(ctx context.Context, hc huma.Context, export privacy.Export, part rest.ByteRange) error {
	control := http.NewResponseController(humagin.Unwrap(hc).Writer)
	if end, ok := ctx.Deadline(); ok { // or a client that stops reading would stay for ever
		_ = control.SetWriteDeadline(end)
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	piece, skip, ok, err := privacy.ExportPartAt(ctx, s.DB, export.ID, part.First)
	for at := part.First; at < part.End; {
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("sent %d of %d bytes", at-part.First, part.End-part.First)
		}
		data := piece.Data[skip:]
		data = data[:min(int64(len(data)), part.End-at)]
		if _, err := hc.BodyWriter().Write(data); err != nil {
			return err
		}
		if at += int64(len(data)); at < part.End {
			skip = 0
			piece, ok, err = privacy.NextExportPart(ctx, s.DB, export.ID, piece.Position+1, privacy.ExportRoom)
		}
	}
	return nil
}
