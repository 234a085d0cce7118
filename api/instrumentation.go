package api

import (
	"net/http"
	"strings"
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
func (s *Server) instrument(c *gin.Context) {
	began, route := time.Now(), routeName(c)
	method := requestInfoOf(c.Request.Context()).method
	if s.Seen != nil {
		defer func() { s.Seen(method, route, c.Writer.Status(), time.Since(began)) }()
	}
	if s.Tracer == nil || strings.Contains(route, "/health") || c.GetHeader("Upgrade") != "" {
		c.Next()
		return
	}
	ctx := c.Request.Context()
	if s.proxies.trust(c.Request.RemoteAddr) { // a stranger does not decide what is traced
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Request.Header))
	}
	ctx, span := s.Tracer.Start(ctx, method+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.String("lyo.request_id", requestInfoOf(ctx).id),
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
