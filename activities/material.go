package activities

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"mime"
	"strings"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Reader extracts the text of a document of a given size. Failures caused by the document
// are *refusal.Error.
type Reader interface {
	Read(ctx context.Context, mediaType string, size int64, body io.Reader) (extract.Document, error)
}

// MaterialActivities reads the material that learners upload or link.
type MaterialActivities struct {
	DB *gorm.DB
	// Fetch gets the page at an address given by a learner. Failures are *refusal.Error.
	Fetch  func(ctx context.Context, address string) (guard.Page, error)
	Reader Reader
	// Fetching and Reading share out this worker's capacity among users.
	Fetching, Reading *Turns
	Clock             func() time.Time
	Log               *slog.Logger
}

// Fault codes of material, as clients see them.
const (
	faultUnsupported = "unsupported"
	faultTooLarge    = "too_large"
	faultPassword    = "password_protected"
	faultNoText      = "no_text"
	faultDamaged     = "damaged"
	faultTooHeavy    = "document_too_heavy"
	faultEncoding    = "unknown_encoding"
	faultAddress     = "address_refused"
	faultNoPage      = "page_unavailable"
	faultUnreadable  = "unreadable"
)

// ReadSource reads a learner's material: the upload, or the page at the address. It ends
// with the text saved, or with a fault where the material itself is to blame, such as one
// that crashed an earlier worker. Transient failures, such as a site that does not answer,
// are returned and retried. It waits for its user's turn first. Key: the source's id;
// material that was read, failed or was deleted before stays as it is.
func (m *MaterialActivities) ReadSource(ctx context.Context, id uuid.UUID) error {
	return lasting(ctx, func(ctx context.Context) error {
		err := m.readSource(ctx, id)
		if fault, final := faultOf(err); final {
			m.Log.InfoContext(ctx, "material cannot be read", "source", id, "code", fault.Code, "error", err)
			return toApplicationError(courses.FailSource(ctx, m.DB, id, fault, m.Clock()))
		}
		if err != nil && ctx.Err() == nil {
			m.Log.InfoContext(ctx, "material cannot be read now", "source", id, "error", err)
		}
		return passing(err)
	})
}

// GiveUp marks material FAILED with a reason for its learner. Key: the source's id;
// material no longer being read stays as it is.
func (m *MaterialActivities) GiveUp(ctx context.Context, id uuid.UUID, reason string) error {
	fault := tasks.TaskFault{Code: faultUnreadable, Message: reason}
	return toApplicationError(courses.FailSource(ctx, m.DB, id, fault, m.Clock()))
}

// mostTitle bounds, in characters, a title taken from a document.
const mostTitle = 200

func (m *MaterialActivities) readSource(ctx context.Context, id uuid.UUID) error {
	source, err := courses.SourceFacts(ctx, m.DB, id)
	if store.CodeOf(err) == store.NotFound || err == nil && source.State != courses.SourceProcessing {
		return nil
	}
	if err == nil && source.Kind == "web" && source.SHA256 == nil {
		source, err = m.fetch(ctx, source)
	}
	if err != nil {
		return err
	}
	done, err := m.Reading.Take(ctx, source.UserID)
	if err != nil {
		return err
	}
	defer done()
	begun, err := courses.BeginReading(ctx, m.DB, id, m.Clock())
	switch {
	case store.CodeOf(err) == store.NotFound:
		return nil // deleted meanwhile
	case err != nil:
		return err
	case !begun:
		return extract.TooHeavy(errors.New("an earlier reading of it never ended"))
	}
	return m.readMarked(ctx, source)
}

// readMarked reads material marked as being read. The mark is removed with the outcome, or
// without one if there is none: it stays only if the process dies.
func (m *MaterialActivities) readMarked(ctx context.Context, source courses.Source) error {
	doc, err := m.Reader.Read(ctx, source.MediaType, source.SizeBytes, courses.SourceUpload(ctx, m.DB, source.ID))
	if err == nil {
		err = insist(ctx, func(ctx context.Context) error {
			return courses.SaveSourceText(ctx, m.DB, described(source, doc), m.Clock())
		})
	}
	if _, final := faultOf(err); err == nil || final {
		return err
	}
	return errors.Join(err, insist(ctx, func(ctx context.Context) error { return courses.EndReading(ctx, m.DB, source.ID) }))
}

// described returns a source with the facts of its document.
func described(source courses.Source, doc extract.Document) courses.Source {
	source.Content, source.Words = doc.Text, doc.Words
	if doc.Pages > 0 {
		source.Pages = &doc.Pages
	}
	source.Title = titleOf(source, doc)
	if media, _, err := mime.ParseMediaType(source.MediaType); err == nil && source.Kind == "web" {
		source.MediaType = media
	}
	return source
}

// fetch gets the page at the source's address and stores it, so that it takes no memory
// while it waits to be read.
func (m *MaterialActivities) fetch(ctx context.Context, source courses.Source) (courses.Source, error) {
	if source.URL == nil {
		return source, errors.New("activities: a source of the web without an address")
	}
	done, err := m.Fetching.Take(ctx, source.UserID)
	if err != nil {
		return source, err
	}
	defer done()
	page, err := m.Fetch(ctx, *source.URL)
	if err != nil {
		return source, err
	}
	digest := sha256.Sum256(page.Body)
	source.MediaType, source.SizeBytes, source.SHA256 = page.MediaType, int64(len(page.Body)), digest[:]
	if full := mime.FormatMediaType(page.MediaType, map[string]string{"charset": page.Charset}); page.Charset != "" && full != "" {
		source.MediaType = full
	}
	return source, courses.KeepPage(ctx, m.DB, source.ID, source.MediaType, page.Body, source.SHA256, m.Clock())
}

// titleOf returns the learner's title, else the document's own, else the beginning of its text.
func titleOf(source courses.Source, doc extract.Document) string {
	title := source.Title
	if title == "" {
		title = doc.Title
	}
	if title == "" {
		title, _, _ = strings.Cut(doc.Text, "\n")
	}
	if long := []rune(title); len(long) > mostTitle {
		title = strings.TrimSpace(string(long[:mostTitle-1])) + "…"
	}
	return title
}

// faultOf returns the fault of an error that would recur, in words for the learner.
func faultOf(err error) (fault tasks.TaskFault, final bool) {
	if refused, ok := errors.AsType[*refusal.Error](err); ok && !mayPass(refused) {
		return tasks.TaskFault{Code: codeOf(refused), Message: refused.Reason}, true
	}
	return fault, false
}

// faultCodes are the codes of what a learner sees.
var faultCodes = []struct {
	kind error
	code string
}{
	{extract.ErrUnsupported, faultUnsupported},
	{extract.ErrTooLarge, faultTooLarge},
	{extract.ErrTooSlow, faultTooLarge},
	{extract.ErrTooHeavy, faultTooHeavy},
	{extract.ErrEncoding, faultEncoding},
	{extract.ErrPassword, faultPassword},
	{extract.ErrNoText, faultNoText},
	{extract.ErrDamaged, faultDamaged},
	{guard.ErrRefused, faultAddress},
	{guard.ErrTooLarge, faultTooLarge},
	{guard.ErrMediaType, faultUnsupported},
	{guard.ErrStatus, faultNoPage},
}

func codeOf(err error) string {
	for _, row := range faultCodes {
		if errors.Is(err, row.kind) {
			return row.code
		}
	}
	return faultUnreadable
}

// mayPass reports whether a site's failure is transient.
func mayPass(e *refusal.Error) bool {
	const tooEarly, tooMany, timeout = 425, 429, 408
	switch e.Status {
	case 0:
		return errors.Is(e, guard.ErrUnreachable)
	case timeout, tooEarly, tooMany:
		return true
	default:
		return e.Status >= 500
	}
}

// passing returns a retryable error. Its message reaches the learner when the last try has
// failed.
func passing(err error) error {
	if refused, ok := errors.AsType[*refusal.Error](err); ok {
		// Without the cause, which has the address: that is the learner's, and this goes into a history.
		return failure(refused.Reason, string(store.Unavailable), nil, false, 0)
	}
	return toApplicationError(err)
}
