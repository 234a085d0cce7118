package activities

import (
	"context"
	"crypto/sha256"
	"errors"
	"mime"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models"
)

// Reader makes text of documents. Failures that lie in the document are *extract.Error.
type Reader interface {
	Read(ctx context.Context, mediaType string, body []byte) (extract.Document, error)
}

// Material reads what learners bring along.
type Material struct {
	DB *gorm.DB
	// Fetch gets the page at an address of a learner's. Failures are *guard.Error.
	Fetch  func(ctx context.Context, address string) (guard.Page, error)
	Reader Reader
	Clock  func() time.Time
}

// Codes of faults of material, as clients see them.
const (
	faultUnsupported = "unsupported"
	faultTooLarge    = "too_large"
	faultPassword    = "password_protected"
	faultNoText      = "no_text"
	faultDamaged     = "damaged"
	faultAddress     = "address_refused"
	faultNoPage      = "page_unavailable"
	faultUnreadable  = "unreadable"
)

// ReadSource reads a learner's material: the upload, or the page at the address. It
// ends with the text saved, or, where the material itself is to blame, with the fault.
// What may pass, such as a site that does not answer, is returned and retried. Key: the
// source's id; material that was read, failed or was deleted before stays as it is.
func (m *Material) ReadSource(ctx context.Context, id uuid.UUID) error {
	source, err := models.SourceToRead(ctx, m.DB, id)
	if models.CodeOf(err) == models.NotFound || err == nil && source.State != models.SourceProcessing {
		return nil
	}
	if err != nil {
		return translate(err)
	}
	text, err := m.read(ctx, source)
	if fault, final := faultOf(err); final {
		return translate(models.FailSource(ctx, m.DB, id, fault, m.Clock()))
	}
	if err != nil {
		return passing(err)
	}
	return translate(models.SaveSourceText(ctx, m.DB, text, m.Clock()))
}

// GiveUp marks material FAILED with a reason for its learner. Key: the source's id; what
// is no longer being read stays as it is.
func (m *Material) GiveUp(ctx context.Context, id uuid.UUID, reason string) error {
	fault := models.TaskFault{Code: faultUnreadable, Message: reason}
	return translate(models.FailSource(ctx, m.DB, id, fault, m.Clock()))
}

// mostTitle is how many characters of a title that a document gives itself are kept.
const mostTitle = 200

// read is the source with what it says.
func (m *Material) read(ctx context.Context, source models.Source) (models.Source, error) {
	media, body := source.MediaType, source.Original
	if source.Kind == "web" {
		page, err := m.fetch(ctx, source)
		if err != nil {
			return source, err
		}
		media, body = page.MediaType, page.Body
		digest := sha256.Sum256(body)
		source.MediaType, source.SizeBytes, source.SHA256 = media, int64(len(body)), digest[:]
		if full := mime.FormatMediaType(media, map[string]string{"charset": page.Charset}); page.Charset != "" && full != "" {
			media = full
		}
	}
	doc, err := m.Reader.Read(ctx, media, body)
	if err != nil {
		return source, err
	}
	source.Content, source.Words = doc.Text, doc.Words
	if doc.Pages > 0 {
		source.Pages = &doc.Pages
	}
	source.Title = titleOf(source, doc)
	return source, nil
}

func (m *Material) fetch(ctx context.Context, source models.Source) (guard.Page, error) {
	if source.URL == nil {
		return guard.Page{}, errors.New("activities: a source of the web without an address")
	}
	return m.Fetch(ctx, *source.URL)
}

// titleOf is the learner's title, else the document's own, else how its text begins.
func titleOf(source models.Source, doc extract.Document) string {
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

// faultOf tells an error that will come again each time, in words for the learner.
func faultOf(err error) (fault models.TaskFault, final bool) {
	if refused, ok := errors.AsType[*extract.Error](err); ok {
		return models.TaskFault{Code: codeOf(refused, readingFaults), Message: refused.Reason}, true
	}
	if refused, ok := errors.AsType[*guard.Error](err); ok && !mayPass(refused) {
		return models.TaskFault{Code: codeOf(refused, fetchingFaults), Message: refused.Reason}, true
	}
	return fault, false
}

type faultCode struct {
	kind error
	code string
}

var (
	readingFaults = []faultCode{
		{extract.ErrUnsupported, faultUnsupported},
		{extract.ErrTooLarge, faultTooLarge},
		{extract.ErrTooSlow, faultTooLarge},
		{extract.ErrPassword, faultPassword},
		{extract.ErrNoText, faultNoText},
		{extract.ErrDamaged, faultDamaged},
	}
	fetchingFaults = []faultCode{
		{guard.ErrRefused, faultAddress}, {guard.ErrTooLarge, faultTooLarge}, {guard.ErrMediaType, faultUnsupported}, {guard.ErrStatus, faultNoPage},
	}
)

func codeOf(err error, table []faultCode) string {
	for _, row := range table {
		if errors.Is(err, row.kind) {
			return row.code
		}
	}
	return faultUnreadable
}

// mayPass tells a site that has a bad moment from an address that is no good.
func mayPass(e *guard.Error) bool {
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

// passing is an error that another try may not meet. Its words reach the learner when
// the last try has failed.
func passing(err error) error {
	if refused, ok := errors.AsType[*guard.Error](err); ok {
		return failure(refused.Reason, string(models.Unavailable), err, false, 0)
	}
	return translate(err)
}
