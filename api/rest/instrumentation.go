package rest

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// RequestSeen is called for every request after it was answered. The route is a pattern.
type RequestSeen func(method, route string, status int, took time.Duration)

// instrument counts and traces the request. Health checks are frequent and sockets last for hours, so
// these are only counted.
func (a *API) instrument(c *gin.Context) {
	began, route := time.Now(), routeName(c)
	method := RequestInfoOf(c.Request.Context()).Method
	if a.options.Seen != nil {
		defer func() { a.options.Seen(method, route, c.Writer.Status(), time.Since(began)) }()
	}
	if a.options.Tracer == nil || a.options.HealthPath(route) || c.GetHeader("Upgrade") != "" {
		c.Next()
		return
	}
	ctx := c.Request.Context()
	if a.proxies.trust(c.Request.RemoteAddr) { // a stranger does not decide what is traced
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Request.Header))
	}
	ctx, span := a.options.Tracer.Start(ctx, method+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.String("lyo.request_id", RequestInfoOf(ctx).ID),
	))
	defer func() {
		status := c.Writer.Status()
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}
