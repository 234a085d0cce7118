package rest

import (
	"context"
	"log/slog"
)

// RequestLog returns a log handler that adds the id of the current request to every record, whichever
// package writes it.
func RequestLog(next slog.Handler) slog.Handler { return requestLog{next} }

type requestLog struct{ slog.Handler }

// Handle adds the id unless the record has one or there is no request.
func (h requestLog) Handle(ctx context.Context, r slog.Record) error {
	id, named := RequestInfoOf(ctx).ID, false
	r.Attrs(func(a slog.Attr) bool {
		named = a.Key == "request_id"
		return !named
	})
	if id != "" && !named {
		r = r.Clone()
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h requestLog) WithGroup(name string) slog.Handler {
	return requestLog{h.Handler.WithGroup(name)}
}
