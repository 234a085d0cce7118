package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const maxRedirects = 6

// web is a file at an address; on the Hub it also has a repository and perhaps a token.
type web struct {
	client     *http.Client
	url        *url.URL
	repository string
	termsURL   string
	token      string
}

// hub returns the file on the Hub. The token is sent only over a private connection.
func (s *Store) hub(at place, commit string) (*web, error) {
	u, err := at.hubURL(s.o.HFEndpoint, commit)
	if err != nil {
		return nil, err
	}
	w := &web{client: s.http, url: u, repository: at.repository}
	w.termsURL = strings.TrimRight(s.o.HFEndpoint, "/") + "/" + at.repository
	if private(u) {
		w.token = s.o.HFToken
	} else if s.o.HFToken != "" {
		s.sayf("HF_TOKEN is not sent to %s: the way there is not encrypted", u.Host)
	}
	return w, nil
}

func (w *web) name() string { return plainURL(w.url) }

func (w *web) open(ctx context.Context, at int64, tag string) (stream, error) {
	header := http.Header{}
	if at > 0 {
		header.Set("Range", "bytes="+strconv.FormatInt(at, 10)+"-")
		if tag != "" && !strings.HasPrefix(tag, "W/") {
			header.Set("If-Range", tag)
		}
	}
	resp, err := w.follow(ctx, http.MethodGet, header, func(*url.URL) bool { return true })
	if err != nil {
		return stream{}, err
	}
	in, err := w.read(resp, at)
	if err != nil {
		return stream{}, errors.Join(err, resp.Body.Close())
	}
	return in, nil
}

func (w *web) read(resp *http.Response, at int64) (stream, error) {
	in := stream{body: resp.Body, tag: resp.Header.Get("ETag")}
	switch resp.StatusCode {
	case http.StatusOK:
		in.size = resp.ContentLength
		return in, nil
	case http.StatusPartialContent:
		first, size, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || first != at {
			return stream{}, errRange
		}
		in.at, in.size = at, size
		return in, nil
	case http.StatusRequestedRangeNotSatisfiable:
		if _, size, ok := contentRange(resp.Header.Get("Content-Range")); ok && size >= 0 && size < at {
			return stream{}, &SizeError{From: w.name(), Got: size}
		}
		return stream{}, errRange
	default:
		return stream{}, w.refused(resp)
	}
}

// follow sends a request, and follows redirects as far as allowed. Every hop is a separate request:
// the token is added only for its own origin.
func (w *web) follow(ctx context.Context, method string, header http.Header, allowed func(*url.URL) bool) (*http.Response, error) {
	at := w.url
	for range maxRedirects + 1 {
		resp, err := w.ask(ctx, method, at, header)
		if err != nil {
			return nil, err
		}
		next, err := redirect(at, resp)
		if err == nil && (next == nil || !allowed(next)) {
			return resp, nil
		}
		_ = resp.Body.Close() // its body is not needed
		if err != nil {
			return nil, err
		}
		at = next
	}
	return nil, &sourceError{fmt.Errorf("%s redirects more than %d times", w.name(), maxRedirects)}
}

func (w *web) ask(ctx context.Context, method string, at *url.URL, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, &sourceError{errors.New("the address makes no request")}
	}
	req.Header = header.Clone()
	req.Header.Set("User-Agent", "lyo")
	req.Header.Set("Accept-Encoding", "identity") // the digest is of the bytes as stored
	if w.token != "" && sameOrigin(at, w.url) {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", at.Host, errWeb, bare(err))
	}
	return resp, nil
}

// bare removes the address from a client's error: behind a redirect its query is a signature.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// redirect returns the target of an answer, nil when it is no redirect.
func redirect(at *url.URL, resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil //nolint:nilnil // no redirect is no fault
	}
	next, err := at.Parse(resp.Header.Get("Location"))
	if err != nil || next.Host == "" || next.User != nil || next.Scheme != schemeHTTPS && next.Scheme != schemeHTTP {
		return nil, &sourceError{fmt.Errorf("%s redirects to no web address", at.Host)}
	}
	if at.Scheme == schemeHTTPS && !private(next) {
		return nil, &sourceError{fmt.Errorf("%s redirects from https to http", at.Host)}
	}
	return next, nil
}

// refused converts an answer without a file to an error.
func (w *web) refused(resp *http.Response) error {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)) // so that the connection can be reused
	home := sameOrigin(resp.Request.URL, w.url)
	denied := resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden
	if denied && home && w.repository != "" {
		return &TermsError{Repository: w.repository, URL: w.termsURL, Status: resp.StatusCode, Token: w.token != ""}
	}
	e := &statusError{from: plainURL(resp.Request.URL), code: resp.StatusCode}
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		e.again = true
	default:
		e.again = denied && !home // a signed address has expired; the next try gets a new one
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.retryAfter = min(time.Duration(seconds)*time.Second, time.Minute)
	}
	return e
}

// contentRange parses "bytes 5-9/10" and "bytes */10"; size is -1 for a star.
func contentRange(value string) (first, size int64, ok bool) {
	rest, ok := strings.CutPrefix(value, "bytes ")
	span, total, found := strings.Cut(rest, "/")
	if !ok || !found {
		return 0, 0, false
	}
	size = -1
	if total != "*" {
		n, err := strconv.ParseInt(total, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		size = n
	}
	if span == "*" {
		return 0, size, true
	}
	from, _, _ := strings.Cut(span, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	return first, size, err == nil && first >= 0
}
