package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lyoapp/lyo/models/store"
)

// Package huma/v2/conditional does not serve here: it knows no suffix of the compressor and no * in
// If-Match, lets weak tags match in If-Match, and would add two fields of dates to the contract.

// GzipSuffix is added by the compressor to the ETag of a compressed answer, because a strong ETag
// identifies bytes. In requests both forms are equal.
const GzipSuffix = "-gzip"

// Reading is embedded in inputs of operations that read one resource.
type Reading struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"4096" doc:"ETag of the client's version; the answer is 304 when it is current"`
}

// Changing is embedded in inputs of operations that change or delete one resource.
type Changing struct {
	IfMatch string `header:"If-Match" maxLength:"4096" doc:"ETag of the version the change is based on; the answer is 412 when it is no longer current"`
}

// Tagged is an answer with one resource and its ETag.
type Tagged[T any] struct {
	ETag         string `header:"ETag" doc:"Strong entity tag of this version"`
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// What caches may do with an answer.
const (
	ownCache    = "private, no-cache"   // of the caller's, who asks again each time
	sharedCache = "public, max-age=300" // everybody gets the same
)

// Conditional returns the answer with one resource, or 304 for a client that has the current version.
func Conditional[T any](ifNoneMatch string, body T) (*Tagged[T], error) {
	return conditional(ifNoneMatch, body, ownCache)
}

// Shared is Conditional for what is the same for everybody, and may be five minutes old.
func Shared[T any](ifNoneMatch string, body T) (*Tagged[T], error) {
	return conditional(ifNoneMatch, body, sharedCache)
}

func conditional[T any](ifNoneMatch string, body T, cache string) (*Tagged[T], error) {
	etag := ETagOf(body)
	if tag, ok := MatchETag(ifNoneMatch, etag, true); ok { // compared weakly, as If-None-Match requires
		return nil, &unchanged{etag: tag, cache: cache}
	}
	return &Tagged[T]{ETag: etag, CacheControl: cache, Body: body}, nil
}

// ETagOf returns the strong ETag of v's JSON. v must marshal.
func ETagOf(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic("api: representation does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// CheckIfMatch returns a Precondition error unless the field is absent or contains the current ETag.
// Weak ETags never match.
func CheckIfMatch(ifMatch, etag string) error {
	if _, ok := MatchETag(ifMatch, etag, false); ok || ifMatch == "" {
		return nil
	}
	return store.Errorf(store.Precondition, "It has changed since the version that If-Match names.")
}

// MatchETag finds an ETag in a list of ETags and returns it as the client wrote it.
func MatchETag(list, etag string, weakly bool) (string, bool) {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" {
			return etag, true
		}
		bare, weak := strings.CutPrefix(candidate, "W/")
		if weak && !weakly {
			continue
		}
		if strings.TrimSuffix(strings.Trim(bare, `"`), GzipSuffix) == strings.Trim(etag, `"`) {
			return bare, true
		}
	}
	return "", false
}

// unchanged is the answer 304, which has no body and so is no problem document.
type unchanged struct{ etag, cache string }

func (u *unchanged) Error() string  { return "not modified" }
func (u *unchanged) GetStatus() int { return http.StatusNotModified }
func (u *unchanged) GetHeaders() http.Header {
	return http.Header{"Etag": {u.etag}, "Cache-Control": {u.cache}}
}
