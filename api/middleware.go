package api

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
func (s *Server) wrap(router http.Handler) (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, err
	}
	compressed := compress(router)
	return s.begin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			router.ServeHTTP(w, r)
			return
		}
		compressed.ServeHTTP(w, r)
	})), nil
}

// newEngine creates the router and the inner middleware.
func (s *Server) newEngine() error {
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.RedirectTrailingSlash = false
	s.engine.RedirectFixedPath = false
	s.engine.HandleMethodNotAllowed = true
	if err := s.engine.SetTrustedProxies(s.Config.HTTP.TrustedProxies); err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	s.engine.Use(s.instrument, s.accessLog, s.recovered, s.securityHeaders, s.refuseStrangeHosts, s.cors(), s.refuseLong)
	s.engine.NoRoute(s.notFound)
	s.engine.NoMethod(s.methodNotAllowed)
	return nil
}

// recovered answers a panic with a problem. If part of the answer was sent, it cuts the connection so
// that no client takes it for the whole.
func (s *Server) recovered(c *gin.Context) {
	ctx := c.Request.Context() // the route's own has ended by the time a panic arrives here
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		abort := fault == any(http.ErrAbortHandler)
		if !abort && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "panic", "request_id", requestInfoOf(ctx).id, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
		if abort || c.Writer.Written() {
			panic(http.ErrAbortHandler)
		}
		s.writeProblem(c, s.complete(ctx, problemOf(slugServer, "Something went wrong on our side.")))
	}()
	c.Next()
}

// securityHeaders sets the security headers of every answer. Pages replace the policy by their own.
func (s *Server) securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if s.behindTLS(c.Request) {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	requestInfoOf(c.Request.Context()).address = c.ClientIP()
	c.Next()
}

func (s *Server) behindTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.Config.HTTP.PublicURL, "https://") ||
		r.Header.Get("X-Forwarded-Proto") == "https" && s.proxies.trust(r.RemoteAddr)
}

// cors answers preflight requests and sets the CORS headers.
func (s *Server) cors() gin.HandlerFunc {
	origins := s.Config.HTTP.CORSOrigins
	policy := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Request-ID"},
		ExposedHeaders: []string{
			"X-Request-ID", "Location", "Link", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy",
			"Idempotent-Replayed", "Preference-Applied",
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
// Expect: 100-continue is not told to continue.
func (s *Server) refuseLong(c *gin.Context) {
	most, _ := bodyBounds(c.Request.Method, c.FullPath())
	if c.Request.ContentLength <= most {
		c.Next()
		return
	}
	if c.GetHeader("Expect") == "" {
		drain(c, drainWithin)
	}
	c.Header("Connection", "close")
	s.fail(c, tooLarge(most))
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
