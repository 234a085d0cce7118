package guard

import (
	"net/http"
	"time"
)

// Client returns an HTTP client that enforces the rules of this package. A body that is too
// large fails with ErrTooLarge when it is read; a refused address fails with ErrRefused.
// The errors of http.Client quote the requested address: log their cause instead.
func Client(o Options) *http.Client {
	o = o.withDefaults()
	r := newRules(o)
	d := &dialer{rules: r, resolver: o.Resolver, even: o.EvenLookUps}
	base := &http.Transport{
		Proxy:                  nil, // a proxy would resolve names for us, unchecked
		DialContext:            d.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  o.Timeout,
		MaxResponseHeaderBytes: 256 << 10,
	}
	return &http.Client{
		Transport:     &transport{base: base, rules: r, agent: o.UserAgent, maxBytes: o.MaxBytes},
		CheckRedirect: redirects(r, o.MaxRedirects),
		Timeout:       o.Timeout,
	}
}

// transport checks each request, redirected ones too, and caps each body.
type transport struct {
	base     *http.Transport
	rules    rules
	agent    string
	maxBytes int64
}

// RoundTrip sends the request if its address is allowed.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.rules.url(req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", t.agent)
	}
	res, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &capped{ReadCloser: res.Body, left: t.maxBytes, over: req.Method != http.MethodHead && res.ContentLength > t.maxBytes}
	return res, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the pool.
func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// carried are the headers that may follow a redirect to another host.
// Referer is not one: it quotes the query of the previous page.
var carried = map[string]bool{"User-Agent": true, "Accept": true, "Accept-Language": true, "Range": true}

func redirects(r rules, most int) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		last := via[len(via)-1].URL
		switch {
		case len(via) > most:
			return refused("The address leads on and on to other addresses.")
		case last.Scheme == "https" && req.URL.Scheme != "https":
			return refused("The address leads from a protected page to an unprotected one.")
		}
		if err := r.url(req.URL); err != nil {
			return err
		}
		if req.URL.Host != last.Host {
			strip(req.Header)
		}
		return nil
	}
}

func strip(header http.Header) {
	for name := range header {
		if !carried[name] {
			delete(header, name)
		}
	}
}
