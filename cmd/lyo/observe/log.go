package observe

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/activity"
)

const hidden = "[redacted]"

// secretNames are attribute names whose values are secret.
var secretNames = []string{
	"password", "token", "access_token", "refresh_token", "ticket", "authorization", "secret", "api_key", "apikey", "private_key",
}

var (
	inAddress = regexp.MustCompile(`://([^:/@\s]*):[^@/\s]+@`) // the password in a URL
	bearer    = regexp.MustCompile(`(?i)\bbearer\s+[A-Za-z0-9._~+/=-]+`)
	jwt       = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
)

// Log returns a handler that adds the ids of the current activity and trace to every line and
// removes secrets: the given values, passwords in URLs, bearer tokens, and the values of
// attributes with a secret's name.
func Log(next slog.Handler, secrets []string) slog.Handler {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= 6 { // shorter values would match ordinary words
			pairs = append(pairs, s, hidden)
		}
	}
	return logHandler{next, strings.NewReplacer(pairs...)}
}

type logHandler struct {
	slog.Handler

	secrets *strings.Replacer
}

// Handle adds the ids and removes secrets.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.clean(r.Message), r.PC)
	named := map[string]bool{}
	workflow := ""
	r.Attrs(func(a slog.Attr) bool {
		a = h.attr(a)
		if named[a.Key] = true; a.Key == "workflow_id" {
			workflow = a.Value.String()
		}
		out.AddAttrs(a)
		return true
	})
	for _, a := range ids(ctx, workflow) {
		if !named[a.Key] {
			out.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, out)
}

// WithAttrs returns the handler with attributes, cleaned of secrets.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return logHandler{h.Handler.WithAttrs(clean), h.secrets}
}

// WithGroup returns the handler with a group.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.secrets}
}

// sdkNames maps attribute names of the Temporal SDK to the names used here.
var sdkNames = map[string]string{
	"WorkflowID": "workflow_id", "RunID": "run_id", "WorkflowType": "workflow", "ActivityType": "activity", "ActivityID": "activity_id",
	"TaskQueue": "queue", "Attempt": "attempt", "Error": "error", "Namespace": "namespace", "WorkerID": "worker",
}

func (h logHandler) attr(a slog.Attr) slog.Attr {
	if name, ok := sdkNames[a.Key]; ok {
		a.Key = name
	}
	if slices.Contains(secretNames, strings.ToLower(a.Key)) {
		return slog.String(a.Key, hidden)
	}
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.clean(a.Value.String()))
	case slog.KindGroup:
		group := a.Value.Group()
		clean := make([]slog.Attr, len(group))
		for i, member := range group {
			clean[i] = h.attr(member)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	case slog.KindAny:
		return h.other(a)
	default:
		return a
	}
}

// other returns a value of another type, as cleaned text if it contains a secret.
func (h logHandler) other(a slog.Attr) slog.Attr {
	text := fmt.Sprint(a.Value.Any())
	if clean := h.clean(text); clean != text {
		return slog.String(a.Key, clean)
	}
	if _, isError := a.Value.Any().(error); isError {
		return slog.String(a.Key, text)
	}
	return a
}

func (h logHandler) clean(text string) string {
	text = h.secrets.Replace(text)
	if strings.Contains(text, "://") {
		text = inAddress.ReplaceAllString(text, "://$1:"+hidden+"@")
	}
	if strings.Contains(text, "earer ") || strings.Contains(text, "EARER ") {
		text = bearer.ReplaceAllString(text, "Bearer "+hidden)
	}
	if strings.Contains(text, "eyJ") {
		text = jwt.ReplaceAllString(text, hidden)
	}
	return text
}

// ids returns the ids of the current trace, activity and task. A workflow id ends in the id
// of its task.
func ids(ctx context.Context, workflow string) []slog.Attr {
	var out []slog.Attr
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		out = append(out, slog.String("trace_id", span.TraceID().String()))
	}
	if activity.IsActivity(ctx) {
		workflow = activity.GetInfo(ctx).WorkflowExecution.ID
		out = append(out, slog.String("workflow_id", workflow))
	}
	switch kind, task := path.Split(workflow); kind {
	case "generate-course/", "regenerate-course/", "export-account/":
		out = append(out, slog.String("task_id", task))
	}
	return out
}
