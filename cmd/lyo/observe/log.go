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

// names of attributes whose values open something.
var secretNames = []string{
	"password", "token", "access_token", "refresh_token", "ticket", "authorization", "secret", "api_key", "apikey", "private_key",
}

var (
	inAddress = regexp.MustCompile(`://([^:/@\s]*):[^@/\s]+@`) // the password of a database's address
	bearer    = regexp.MustCompile(`(?i)\bbearer\s+[A-Za-z0-9._~+/=-]+`)
	jwt       = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
)

// Log is a handler that puts the ids of the activity and the trace at hand on every
// line and leaves out what is secret: the given values, passwords in addresses,
// bearer tokens, and whatever an attribute of a telling name holds.
func Log(next slog.Handler, secrets []string) slog.Handler {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= 6 { // shorter ones would black out ordinary words
			pairs = append(pairs, s, hidden)
		}
	}
	return logHandler{next, strings.NewReplacer(pairs...)}
}

type logHandler struct {
	slog.Handler

	secrets *strings.Replacer
}

// Handle adds the ids and cleans the line.
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

// WithAttrs keeps what the handler does.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return logHandler{h.Handler.WithAttrs(clean), h.secrets}
}

// WithGroup keeps what the handler does.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.secrets}
}

// sdkNames are the Temporal SDK's names of what has another one here.
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

// other is a value of another type, as text where that holds something to hide.
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

// ids are those of the trace and of the activity at hand, and of the task, in whose
// id that of its workflow ends.
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
