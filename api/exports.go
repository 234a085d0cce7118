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
		Description: "Starts a task. When it is done, its result_url is a ZIP of JSON files, valid for a day and one download. While an export is under way its " +
			"task is returned.",
		DefaultStatus: http.StatusAccepted,
	}, s.exportMe, rest.Charging(s.limits.exporting()))
	rest.Register(s.API, huma.Operation{
		OperationID: "get-export", Method: http.MethodGet, Path: "/v1/users/me/exports/{id}", Tags: []string{rest.TagUsers},
		Summary:     "Download a data export",
		Description: "Works once; an interrupted download can be repeated. 404: it is not ready, was downloaded already, or has expired.",
		Responses: map[string]*huma.Response{"200": {
			Description: "A ZIP of JSON files",
			Content:     map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}},
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

func (s *Server) getExport(ctx context.Context, in *rest.PathID) (*huma.StreamResponse, error) {
	user := rest.PrincipalOf(ctx).UserID
	if rest.RequestInfoOf(ctx).Method == http.MethodHead { // looking is not fetching
		export, err := privacy.FetchableExport(ctx, s.DB, user, in.ID, s.Now())
		return &huma.StreamResponse{Body: func(hc huma.Context) { describeExport(hc, export) }}, err
	}
	entry := s.AuditEntry(ctx, store.AuditExportFetched, user, map[string]any{"export_id": in.ID})
	export, err := privacy.ClaimExport(ctx, s.DB, user, in.ID, entry)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		describeExport(hc, export)
		if err := s.sendExport(ctx, hc, export); err != nil {
			s.Log.InfoContext(ctx, "an export was not fetched to its end", "error", err)
			if err := privacy.ReturnExport(context.WithoutCancel(ctx), s.DB, export.ID); err != nil {
				s.LogFailure(ctx, "an export cannot be fetched again", err)
			}
		}
	}}, nil
}

// describeExport sets the headers of the download.
func describeExport(hc huma.Context, export privacy.Export) {
	hc.SetHeader("Content-Type", "application/zip")
	hc.SetHeader("Content-Disposition", `attachment; filename="lyo-export-`+export.CreatedAt.UTC().Format(time.DateOnly)+`.zip"`)
	hc.SetHeader("Content-Length", strconv.FormatInt(export.SizeBytes, 10))
	hc.SetHeader("Cache-Control", "no-store")
}

// sendExport writes the archive part by part, and deletes it once all of it was written. It cannot
// know what the client received: only a connection that ends earlier is noticed.
func (s *Server) sendExport(ctx context.Context, hc huma.Context, export privacy.Export) error {
	control := http.NewResponseController(humagin.Unwrap(hc).Writer)
	if end, ok := ctx.Deadline(); ok { // or a client that stops reading would hold the claim
		_ = control.SetWriteDeadline(end)
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	// The client may disconnect as soon as it has the last byte, so ctx is not checked after it.
	for at, sent := 1, int64(0); sent < export.SizeBytes; {
		part, ok, err := privacy.NextExportPart(ctx, s.DB, export.ID, at, privacy.ExportRoom)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("sent %d of %d bytes", sent, export.SizeBytes)
		}
		if _, err := hc.BodyWriter().Write(part.Data); err != nil {
			return err
		}
		at, sent = part.Position+1, sent+int64(len(part.Data))
	}
	if err := control.Flush(); err != nil {
		return err
	}
	if err := privacy.DropExportParts(context.WithoutCancel(ctx), s.DB, export.ID, 0, privacy.ExportRoom); err != nil {
		s.LogFailure(ctx, "a fetched export stays until it is swept", err)
	}
	return nil
}
