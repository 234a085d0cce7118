package rest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
)

// Paging is embedded in inputs of lists. Each list adds its own Limit, whose bounds differ, for
// example Limit int `query:"limit" default:"20" minimum:"1" maximum:"50"`.
type Paging struct {
	Offset int    `query:"offset" minimum:"0" maximum:"100000" doc:"Items to skip; ignored with cursor"`
	Cursor string `query:"cursor" most:"512" doc:"Cursor from the Link header of the previous page"`
}

// Skip returns the offset, which is 0 when there is a cursor.
func (p Paging) Skip() int {
	if p.Cursor != "" {
		return 0
	}
	return p.Offset
}

// Page is an answer with one page of a list as an array.
type Page[T any] struct {
	Link string `header:"Link" doc:"URL of the next page, rel=next; absent on the last page"`
	Body []T
}

const (
	cursorBytes = 8 + 16
	maxCursor   = 512 // characters, far more than any we make
)

// SealRawCursor returns an opaque, signed cursor for up to 300 bytes that say where a page ended. It
// is valid only for the list of that name with an equal filter. filter is any value that marshals.
func (a *API) SealRawCursor(list string, filter any, place []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(place), a.cursorMAC(list, filter, place)...))
}

// OpenRawCursor returns the bytes of a cursor by SealRawCursor, or nil for "". A forged cursor, or one
// of another list or filter, is a malformed request.
func (a *API) OpenRawCursor(list string, filter any, cursor string) ([]byte, error) {
	if cursor == "" {
		return nil, nil
	}
	if len(cursor) > maxCursor {
		cursor = ""
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	end := len(raw) - sha256.Size
	if err != nil || end <= 0 || !hmac.Equal(raw[end:], a.cursorMAC(list, filter, raw[:end])) {
		return nil, Malformed("The cursor is not one of this list with this filter.")
	}
	return raw[:end:end], nil
}

// SealCursor returns a cursor of a list that is ordered by time.
func (a *API) SealCursor(list string, filter any, at store.Keyset) string {
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, cursorBytes), uint64(at.At.UnixMicro()))
	return a.SealRawCursor(list, filter, append(raw, at.ID[:]...))
}

// openCursor returns the position of a cursor by SealCursor, or nil for "".
func (a *API) openCursor(list string, filter any, cursor string) (*store.Keyset, error) {
	raw, err := a.OpenRawCursor(list, filter, cursor)
	if err != nil || raw == nil {
		return nil, err
	}
	if len(raw) != cursorBytes {
		return nil, Malformed("The cursor is not one of this list with this filter.")
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC()
	return &store.Keyset{At: at, ID: uuid.UUID(raw[8:])}, nil
}

func (a *API) cursorMAC(list string, filter any, place []byte) []byte {
	scope, err := json.Marshal([]any{list, filter})
	if err != nil {
		panic("api: filter does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(scope)
	h := hmac.New(sha256.New, a.options.CursorKey)
	h.Write([]byte("lyo cursor"))
	h.Write(sum[:])
	h.Write(place)
	return h.Sum(nil)
}

// List is a list ordered by time, of rows R that are shown as T.
type List[R, T any] struct {
	// A cursor is valid only for the list of that name with an equal filter.
	Name   string
	Filter any
	Cursor string
	Limit  int
	// Rows returns up to limit rows after a position, or from the start for nil.
	Rows   func(after *store.Keyset, limit int) ([]R, error)
	Keyset func(R) store.Keyset
	Show   func(R) T
}

// Page reads one row more than a page holds, shows the page's rows, and links to the next page if
// there is one.
func (l List[R, T]) Page(ctx context.Context, a *API) (*Page[T], error) {
	after, err := a.openCursor(l.Name, l.Filter, l.Cursor)
	if err != nil {
		return nil, err
	}
	rows, err := l.Rows(after, l.Limit+1)
	if err != nil {
		return nil, err
	}
	page := &Page[T]{Body: make([]T, 0, min(len(rows), l.Limit))}
	if len(rows) > l.Limit {
		rows = rows[:l.Limit]
		page.Link = a.NextLink(ctx, a.SealCursor(l.Name, l.Filter, l.Keyset(rows[l.Limit-1])))
	}
	for _, row := range rows {
		page.Body = append(page.Body, l.Show(row))
	}
	return page, nil
}

// NextLink returns a link to the request's address with another cursor.
func (a *API) NextLink(ctx context.Context, cursor string) string {
	info := RequestInfoOf(ctx)
	query, _ := url.ParseQuery(info.Query)
	for name := range query {
		if name == "offset" || isSecret(name) {
			query.Del(name)
		}
	}
	query.Set("cursor", cursor)
	address := url.URL{Path: info.path, RawQuery: query.Encode()}
	return "<" + a.PublicURL(address.String()) + `>; rel="next"`
}
