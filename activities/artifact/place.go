package artifact

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// The kinds of source.
const (
	schemeHub    = "hf"
	schemeHTTPS  = "https"
	schemeHTTP   = "http"
	schemeFile   = "file"
	schemeS3     = "s3"
	schemeGoogle = "gs"
)

// place is a parsed source.
type place struct {
	scheme string
	url    *url.URL // nil for the Hub
	// the Hub only
	repository, file, revision string
}

var (
	segmentPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)
	revisionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$`)
)

func parsePlace(raw string) (place, error) {
	if rest, ok := strings.CutPrefix(raw, schemeHub+"://"); ok {
		return parseHub(raw, rest)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return place{}, errors.New("a source is no address") // the parser's message repeats it whole
	}
	if err := checkURL(u); err != nil {
		return place{}, fmt.Errorf("source %s: %w", plainURL(u), err)
	}
	return place{scheme: u.Scheme, url: u}, nil
}

func parseHub(raw, rest string) (place, error) {
	at := strings.LastIndex(rest, "@")
	if at < 0 {
		return place{}, fmt.Errorf("source %q: say hf://owner/repository/file@revision", raw)
	}
	p := place{scheme: schemeHub, revision: rest[at+1:]}
	parts := strings.Split(rest[:at], "/")
	if len(parts) < 3 || !revisionPattern.MatchString(p.revision) {
		return place{}, fmt.Errorf("source %q: say hf://owner/repository/file@revision", raw)
	}
	for _, part := range parts {
		if !segmentPattern.MatchString(part) {
			return place{}, fmt.Errorf("source %q: %q is no name on the Hub", raw, part)
		}
	}
	p.repository, p.file = strings.Join(parts[:2], "/"), strings.Join(parts[2:], "/")
	return p, nil
}

func checkURL(u *url.URL) error {
	switch u.Scheme {
	case schemeFile:
		if u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
			return errors.New("a file is named by file:// and its whole path")
		}
	case schemeHTTP, schemeHTTPS, schemeS3, schemeGoogle:
		if u.Host == "" || strings.Trim(u.Path, "/") == "" {
			return errors.New("it names no host, or nothing on it")
		}
	default:
		return errors.New("known are hf, https, http, file, s3 and gs")
	}
	if u.User != nil {
		return errors.New("it holds credentials, which do not belong there")
	}
	return nil
}

// hubURL returns the file's address on the Hub; with a commit always the same bytes.
func (p place) hubURL(endpoint, commit string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil || base.Host == "" || base.Scheme != schemeHTTP && base.Scheme != schemeHTTPS {
		return nil, errors.New("the Hub's endpoint is no web address")
	}
	revision := p.revision
	if commit != "" {
		revision = commit
	}
	// A revision such as refs/pr/1 is one segment of the path.
	return base.Parse(base.EscapedPath() + "/" + p.repository + "/resolve/" + url.PathEscape(revision) + "/" + p.file)
}

// underMirror returns the file's place below a mirror's base address: a web mirror of a file on
// the Hub has the Hub's layout, all others have the file by its name.
func underMirror(base string, e Entry, source place) (place, error) {
	u, err := url.Parse(base)
	if err != nil {
		return place{}, errors.New("a mirror is no address")
	}
	web := u.Scheme == schemeHTTP || u.Scheme == schemeHTTPS
	if web && source.scheme == schemeHub {
		at, err := source.hubURL(base, e.Commit)
		if err != nil {
			return place{}, err
		}
		u = at
	} else {
		u.Path, u.RawPath = path.Join("/", u.Path, e.File), ""
	}
	if err := checkURL(u); err != nil {
		return place{}, fmt.Errorf("mirror %s: %w", plainURL(u), err)
	}
	return place{scheme: u.Scheme, url: u}, nil
}

func checkTermsURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != schemeHTTPS || u.Host == "" || u.User != nil {
		return errors.New("terms_url is no https address")
	}
	return nil
}

// plainURL returns an address without parts that may be secret.
func plainURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == schemeHTTP {
		return "80"
	}
	return "443"
}

// private reports whether the connection cannot be intercepted: TLS, or loopback.
func private(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == schemeHTTPS || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
