package rest

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// accessLog writes one log line per request. It never logs headers or bodies, and masks secrets in the
// query.
func (a *API) accessLog(c *gin.Context) {
	defer func() {
		ctx := c.Request.Context()
		info := RequestInfoOf(ctx)
		a.options.Log.LogAttrs(ctx, a.levelOf(c.Writer.Status(), c.FullPath()), "request",
			slog.String("request_id", info.ID),
			slog.String("method", info.Method),
			slog.String("route", routeName(c)),
			slog.String("query", maskQuery(info.Query)),
			slog.Int("status", c.Writer.Status()),
			slog.Float64("ms", float64(a.options.Clock().Sub(info.started).Microseconds())/1000),
			slog.Int("bytes", max(0, c.Writer.Size())),
			slog.String("user_id", info.User),
			slog.String("address", info.Address),
		)
	}()
	c.Next()
}

func (a *API) levelOf(status int, route string) slog.Level {
	switch {
	case status >= 500:
		return slog.LevelWarn
	case a.options.HealthPath(route):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// routeName returns the route's pattern, so that ids do not multiply the names in a log.
func routeName(c *gin.Context) string {
	if c.FullPath() == "" {
		return "(none)"
	}
	return c.FullPath()
}

// maskQuery hides the values of query parameters that are credentials.
func maskQuery(raw string) string {
	if raw == "" {
		return ""
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "(unreadable)"
	}
	for name := range values {
		if isSecret(name) {
			values[name] = []string{"***"}
		}
	}
	return values.Encode()
}

func isSecret(parameter string) bool {
	return slices.Contains([]string{"token", "ticket", "access_token", "refresh_token", "password"}, strings.ToLower(parameter))
}
