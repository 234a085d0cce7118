package rest

import (
	"fmt"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
	"github.com/rs/cors"
)

// wrap adds the outer middleware: request id, canonical paths and compression.
func (a *API) wrap(router http.Handler) (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.SuffixETag(GzipSuffix), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, err
	}
	compressed := compress(router)
	return a.begin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			router.ServeHTTP(w, r)
			return
		}
		compressed.ServeHTTP(w, r)
	})), nil
}

// newEngine creates the router and the inner middleware.
func (a *API) newEngine() error {
	gin.SetMode(gin.ReleaseMode)
	a.engine = gin.New()
	a.engine.RedirectTrailingSlash = false
	a.engine.RedirectFixedPath = false
	a.engine.HandleMethodNotAllowed = true
	if err := a.engine.SetTrustedProxies(a.options.Proxies); err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	a.engine.Use(a.instrument, a.accessLog, a.recovered, a.securityHeaders, a.refuseStrangeHosts, a.cors(), a.refuseBrokenQuery, a.refuseLong)
	a.engine.NoRoute(a.NotFound)
	a.engine.NoMethod(a.methodNotAllowed)
	return nil
}

// recovered answers a panic with a problem. If part of the answer was sent, it cuts the connection so
// that no client takes it for the whole.
func (a *API) recovered(c *gin.Context) {
	ctx := c.Request.Context() // the route's own has ended by the time a panic arrives here
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		abort := fault == any(http.ErrAbortHandler)
		if !abort && ctx.Err() == nil {
			a.options.Log.ErrorContext(ctx, "panic", "request_id", RequestInfoOf(ctx).ID, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
		if abort || c.Writer.Written() {
			panic(http.ErrAbortHandler)
		}
		a.writeProblem(c, a.complete(ctx, NewProblem(SlugServer, "Something went wrong on our side.")))
	}()
	c.Next()
}

// securityHeaders sets the security headers of every answer. Pages replace the policy by their own.
func (a *API) securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if a.behindTLS(c.Request) {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	RequestInfoOf(c.Request.Context()).Address = c.ClientIP()
	c.Next()
}

func (a *API) behindTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(a.options.PublicURL, "https://") ||
		r.Header.Get("X-Forwarded-Proto") == "https" && a.proxies.trust(r.RemoteAddr)
}

// cors answers preflight requests and sets the CORS headers.
func (a *API) cors() gin.HandlerFunc {
	origins := a.options.Origins
	policy := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "If-Range", "Prefer", "Range", "X-Request-ID",
			"traceparent", "tracestate", "baggage", // W3C Trace Context, which instrumented pages send
		},
		ExposedHeaders: []string{
			"X-Request-ID", "Location", "Link", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy",
			"Idempotent-Replayed", "Preference-Applied", "Accept-Ranges", "Content-Range",
		},
		MaxAge: 600,
	})
	return func(c *gin.Context) {
		if len(origins) == 0 { // the library would take that for all
			c.Next()
			return
		}
		policy.HandlerFunc(c.Writer, c.Request)
		if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
			c.AbortWithStatus(http.StatusNoContent)
			return
		}
		c.Next()
	}
}

// refuseLong refuses a body whose declared length is too large, on every route. A client that sent
// Expect: 100-continue gets no 100.
func (a *API) refuseLong(c *gin.Context) {
	limits := a.bodyLimits(c.Request.Method, c.FullPath())
	if c.Request.ContentLength <= limits.Most {
		c.Next()
		return
	}
	if c.GetHeader("Expect") == "" {
		drain(c, drainWithin, maxDrain)
	}
	c.Header("Connection", "close")
	a.Fail(c, limits.tooLarge())
}

// proxies are the networks whose X-Forwarded fields are trusted.
type proxies []netip.Prefix

func parseProxies(texts []string) (proxies, error) {
	var out proxies
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted proxies: %w", err)
		}
		out = append(out, network)
	}
	return out, nil
}

func (p proxies) trust(remote string) bool {
	address, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(address.Addr().Unmap()) })
}

// allowed adds methods that Gin does not know to an Allow field.
func allowed(known string, more []string) string {
	methods := more
	for method := range strings.SplitSeq(known, ",") {
		if method = strings.TrimSpace(method); method != "" {
			methods = append(methods, method)
		}
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}
