package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

var arrived = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bring adds a learner with material: an upload, or an address where url is set.
func bring(t *testing.T, db *gorm.DB, kind, media, title, url, original string) uuid.UUID {
	t.Helper()
	user := accounts.User{
		ID: store.NewID(), Email: store.NewID().String() + "@example.com", FullName: "Ada", PasswordHash: "-",
		Locale: "en", Timezone: "UTC", IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: arrived, UpdatedAt: arrived,
	}
	require.NoError(t, db.Create(&user).Error)
	source := courses.Source{
		ID: store.NewID(), UserID: user.ID, Kind: kind, Title: title, MediaType: media, SizeBytes: int64(len(original)),
		State: courses.SourceProcessing, CreatedAt: arrived, UpdatedAt: arrived,
	}
	if url == "" {
		source.Original = []byte(original)
	} else {
		source.URL = &url
	}
	require.NoError(t, db.Create(&source).Error)
	return source.ID
}

func reading(t *testing.T, fetch func(context.Context, string) (guard.Page, error)) *activities.MaterialActivities {
	t.Helper()
	r := extract.NewReader(extract.Options{})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return &activities.MaterialActivities{
		DB: storetest.New(t), Fetch: fetch, Reader: here{r}, Clock: func() time.Time { return arrived.Add(time.Minute) },
		Fetching: activities.NewTurns(2), Reading: activities.NewTurns(2), Log: slog.New(slog.DiscardHandler),
	}
}

// here reads in this process.
type here struct{ *extract.Reader }

func (h here) Read(ctx context.Context, mediaType string, size int64, body io.Reader) (extract.Document, error) {
	whole, err := io.ReadAll(body)
	if err != nil {
		return extract.Document{}, err
	}
	if int64(len(whole)) != size {
		return extract.Document{}, fmt.Errorf("%d bytes of %d", len(whole), size)
	}
	return h.Reader.Read(ctx, mediaType, whole)
}

// script is a scripted reader.
type script func(ctx context.Context) (extract.Document, error)

func (s script) Read(ctx context.Context, _ string, _ int64, _ io.Reader) (extract.Document, error) {
	return s(ctx)
}

func row(t *testing.T, m *activities.MaterialActivities, id uuid.UUID) courses.Source {
	t.Helper()
	source, err := courses.SourceToRead(t.Context(), m.DB, id)
	require.NoError(t, err)
	return source
}

func TestReadingAnUpload(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	id := bring(t, m.DB, "markdown", "text/markdown", "", "", "# The Tides\n\nThe Moon pulls.")
	require.NoError(t, m.ReadSource(t.Context(), id))
	require.NoError(t, m.ReadSource(t.Context(), id), "twice is harmless")
	require.NoError(t, m.GiveUp(t.Context(), id, "Too late."))
	got := row(t, m, id)
	require.Equal(t, courses.SourceReady, got.State)
	require.Equal(t, "The Tides", got.Title)
	require.Equal(t, "# The Tides\n\nThe Moon pulls.", got.Content)
	require.Equal(t, 5, got.Words)
	require.Nil(t, got.Pages)
	require.Nil(t, got.Original)
	require.NoError(t, m.ReadSource(t.Context(), store.NewID()), "deleted meanwhile")
}

func TestReadingAPageOfTheWeb(t *testing.T) {
	t.Parallel()
	var asked []string
	m := reading(t, func(_ context.Context, address string) (guard.Page, error) {
		asked = append(asked, address)
		return guard.Page{FinalURL: address, MediaType: "text/plain", Charset: "iso-8859-1", Body: []byte("Gr\xf6\xdfe\n" + strings.Repeat("x", 300))}, nil
	})
	id := bring(t, m.DB, "web", "", "Mine", "https://example.com/a", "")
	require.NoError(t, m.ReadSource(t.Context(), id))
	got := row(t, m, id)
	require.Equal(t, []string{"https://example.com/a"}, asked)
	require.Equal(t, "Mine", got.Title, "the learner's title stays")
	require.True(t, strings.HasPrefix(got.Content, "Größe\n"))
	require.Equal(t, "text/plain", got.MediaType)
	require.EqualValues(t, 306, got.SizeBytes)
	require.Len(t, got.SHA256, 32)
}

func TestTheBeginningIsTheTitleOfWhatHasNone(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	id := bring(t, m.DB, "text", "text/plain", "", "", strings.Repeat("Größe ", 100)+"\nmore")
	require.NoError(t, m.ReadSource(t.Context(), id))
	title := row(t, m, id).Title
	require.True(t, strings.HasSuffix(title, "…"))
	require.LessOrEqual(t, len([]rune(title)), 200)
}

func TestMaterialThatIsToBlame(t *testing.T) {
	t.Parallel()
	var answer error
	m := reading(t, func(context.Context, string) (guard.Page, error) { return guard.Page{}, answer })
	for kind, code := range map[error]string{guard.ErrRefused: "address_refused", guard.ErrTooLarge: "too_large", guard.ErrMediaType: "unsupported"} {
		answer = &refusal.Error{Kind: kind, Reason: "In words."}
		id := bring(t, m.DB, "web", "", "", "https://example.com/a", "")
		require.NoError(t, m.ReadSource(t.Context(), id))
		require.Equal(t, courses.SourceFailed, row(t, m, id).State)
		require.Equal(t, &tasks.TaskFault{Code: code, Message: "In words."}, row(t, m, id).Fault)
	}
	answer = &refusal.Error{Kind: guard.ErrStatus, Status: 404, Reason: "In words."}
	id := bring(t, m.DB, "web", "", "", "https://example.com/a", "")
	require.NoError(t, m.ReadSource(t.Context(), id))
	require.Equal(t, "page_unavailable", row(t, m, id).Fault.Code)
	for body, code := range map[string]string{"PK\x03\x04\x00": "unsupported", "---": "no_text", strings.Repeat("long ", 1<<19): "too_large"} {
		id := bring(t, m.DB, "text", "text/plain", "", "", body)
		require.NoError(t, m.ReadSource(t.Context(), id))
		got := row(t, m, id)
		require.Equal(t, courses.SourceFailed, got.State)
		require.Equal(t, code, got.Fault.Code)
		require.NotEmpty(t, got.Fault.Message)
		require.Nil(t, got.Original)
	}
}

func TestSitesWithABadMoment(t *testing.T) {
	t.Parallel()
	var answer error
	m := reading(t, func(context.Context, string) (guard.Page, error) { return guard.Page{}, answer })
	id := bring(t, m.DB, "web", "", "", "https://example.com/a", "")
	for _, answer = range []error{
		&refusal.Error{Kind: guard.ErrUnreachable, Reason: "The address could not be reached."},
		&refusal.Error{Kind: guard.ErrStatus, Status: 503, Reason: "The server answered 503 instead of the page."},
		&refusal.Error{Kind: guard.ErrStatus, Status: 429, Reason: "The server answered 429 instead of the page."},
	} {
		err := m.ReadSource(t.Context(), id)
		requireFailure(t, err, "unavailable", false)
		require.Contains(t, err.Error(), "The ")
		require.Equal(t, courses.SourceProcessing, row(t, m, id).State)
	}
	answer = context.Canceled
	require.ErrorIs(t, m.ReadSource(t.Context(), id), context.Canceled)
	answer = errors.New("a fault of ours")
	requireFailure(t, m.ReadSource(t.Context(), id), activities.FailureInternal, false)
	require.NoError(t, m.GiveUp(t.Context(), id, "The address could not be reached."))
	got := row(t, m, id)
	require.Equal(t, courses.SourceFailed, got.State)
	require.Equal(t, &tasks.TaskFault{Code: "unreadable", Message: "The address could not be reached."}, got.Fault)
}

// begun returns when a reading began, by the row; nil if none did.
func begun(t *testing.T, m *activities.MaterialActivities, id uuid.UUID) *time.Time {
	t.Helper()
	return row(t, m, id).ReadingStartedAt
}

func TestWhatTookItsWorkerAlongIsNotReadAgain(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	id := bring(t, m.DB, "text", "text/plain", "", "", "words")
	// The state after a worker was killed while reading.
	killed := errors.New("killed")
	m.Reader = script(func(context.Context) (extract.Document, error) {
		require.NotNil(t, begun(t, m, id), "the mark stands before the reader starts")
		panic(killed)
	})
	require.PanicsWithValue(t, killed, func() { _ = m.ReadSource(t.Context(), id) })
	require.NotNil(t, begun(t, m, id))
	m.Reading = activities.NewTurns(2) // of the next worker
	m.Reader = script(func(context.Context) (extract.Document, error) {
		t.Error("it is read again")
		return extract.Document{}, nil
	})
	require.NoError(t, m.ReadSource(t.Context(), id))
	got := row(t, m, id)
	require.Equal(t, courses.SourceFailed, got.State)
	require.Equal(t, "document_too_heavy", got.Fault.Code)
	require.NotEmpty(t, got.Fault.Message)
	require.Nil(t, got.ReadingStartedAt)
	require.Nil(t, got.Original)
}

func TestAReadingThatEndsWithoutAnOutcomeMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	id := bring(t, m.DB, "text", "text/plain", "", "", "words")
	m.Reader = script(func(context.Context) (extract.Document, error) {
		return extract.Document{}, errors.New("no process could be started")
	})
	requireFailure(t, m.ReadSource(t.Context(), id), activities.FailureInternal, false)
	require.Nil(t, begun(t, m, id))
	ctx, cancel := context.WithCancel(t.Context())
	m.Reader = script(func(ctx context.Context) (extract.Document, error) {
		cancel() // as a stopping worker does
		return extract.Document{}, ctx.Err()
	})
	require.ErrorIs(t, m.ReadSource(ctx, id), context.Canceled)
	require.Nil(t, begun(t, m, id))
	m.Reader = script(func(context.Context) (extract.Document, error) { return extract.Document{Text: "words", Words: 1}, nil })
	require.NoError(t, m.ReadSource(t.Context(), id))
	require.Equal(t, courses.SourceReady, row(t, m, id).State)
}

func TestWhatCostAReaderItsLifeIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	for _, refused := range []*refusal.Error{extract.TooHeavy(errors.New("killed")), extract.TooSlow(errors.New("killed"))} {
		id := bring(t, m.DB, "text", "text/plain", "", "", "words")
		m.Reader = script(func(context.Context) (extract.Document, error) { return extract.Document{}, refused })
		require.NoError(t, m.ReadSource(t.Context(), id), "Temporal does not try it again")
		require.Equal(t, refused.Reason, row(t, m, id).Fault.Message)
	}
}

func TestAPageIsFetchedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	m := reading(t, func(context.Context, string) (guard.Page, error) {
		asked++
		return guard.Page{MediaType: "text/plain", Charset: "utf-8", Body: []byte("The Moon pulls.")}, nil
	})
	id := bring(t, m.DB, "web", "", "", "https://example.com/a", "")
	works := m.Reader
	m.Reader = script(func(context.Context) (extract.Document, error) { return extract.Document{}, errors.New("a bad moment") })
	require.Error(t, m.ReadSource(t.Context(), id))
	m.Reader = works
	require.NoError(t, m.ReadSource(t.Context(), id))
	require.Equal(t, 1, asked, "it was kept until it could be read")
	require.Equal(t, "The Moon pulls.", row(t, m, id).Content)
}

// TestAStoppingWorkerHandsMaterialBack stops a worker while it reads: the work is retried
// elsewhere, and the mark does not count against the material.
func TestAStoppingWorkerHandsMaterialBack(t *testing.T) {
	t.Parallel()
	m := reading(t, nil)
	id := bring(t, m.DB, "text", "text/plain", "", "", "words")
	stop := make(chan struct{})
	m.Reader = script(func(ctx context.Context) (extract.Document, error) {
		close(stop)
		<-ctx.Done()
		return extract.Document{}, ctx.Err()
	})
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerStopChannel(stop)
	env.RegisterActivity(m.ReadSource)
	_, err := env.ExecuteActivity(m.ReadSource, id)
	requireFailure(t, err, activities.FailureStopping, false)
	got := row(t, m, id)
	require.Equal(t, courses.SourceProcessing, got.State)
	require.Nil(t, got.ReadingStartedAt)
}
