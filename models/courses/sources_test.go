package courses_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

func upload(user uuid.UUID, text string) (courses.Source, store.OutboxMessage) {
	source := courses.Source{
		ID: store.NewID(), UserID: user, Kind: "text", Title: "Notes", MediaType: "text/plain", SizeBytes: int64(len(text)),
		SHA256: []byte{1}, State: courses.SourceProcessing, Original: []byte(text), CreatedAt: fixture.Start, UpdatedAt: fixture.Start,
	}
	return source, store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxStart, Workflow: "ReadSource", WorkflowID: "read-source/" + source.ID.String(),
		Input: []byte("{}"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start,
	}
}

func keep(t *testing.T, db *gorm.DB, user uuid.UUID, text string) courses.Source {
	t.Helper()
	source, message := upload(user, text)
	require.NoError(t, courses.CreateSource(t.Context(), db, source, message))
	_, found, err := store.FindMessage(t.Context(), db, message.ID)
	require.NoError(t, err)
	require.True(t, found)
	return source
}

func TestMaterialIsReadOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	source := keep(t, db, user, "The Moon pulls.")
	full, err := courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, "The Moon pulls.", string(full.Original))

	pages := 3
	full.Title, full.Content, full.Words, full.Pages = "Tides", "The Moon pulls.", 3, &pages
	require.NoError(t, courses.SaveSourceText(t.Context(), db, full, fixture.FirstEvent))
	full.Content = "another"
	require.NoError(t, courses.SaveSourceText(t.Context(), db, full, fixture.FirstEvent.Add(time.Hour)))
	require.NoError(t, courses.FailSource(t.Context(), db, source.ID, tasks.TaskFault{Code: "no_text", Message: "No."}, fixture.FirstEvent.Add(time.Hour)))

	read, err := courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, courses.SourceReady, read.State)
	require.Equal(t, "The Moon pulls.", read.Content)
	require.Equal(t, 3, *read.Pages)
	require.Nil(t, read.Original, "the upload is let go")
	require.Nil(t, read.Fault)
	require.True(t, read.UpdatedAt.Equal(fixture.FirstEvent))

	found, err := courses.FindSource(t.Context(), db, user, source.ID)
	require.NoError(t, err)
	require.Equal(t, "Tides", found.Title)
	require.Empty(t, found.Content, "nobody asked for the text")
}

func TestMaterialThatCannotBeRead(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	source := keep(t, db, fixture.AddUser(t, db), "x")
	fault := tasks.TaskFault{Code: "no_text", Message: "There is no text in it."}
	require.NoError(t, courses.FailSource(t.Context(), db, source.ID, fault, fixture.FirstEvent))
	require.NoError(t, courses.FailSource(t.Context(), db, source.ID, tasks.TaskFault{Code: "other"}, fixture.FirstEvent))
	source.Content = "late"
	require.NoError(t, courses.SaveSourceText(t.Context(), db, source, fixture.FirstEvent))
	read, err := courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, courses.SourceFailed, read.State)
	require.Equal(t, &fault, read.Fault)
	require.Nil(t, read.Original)
	require.Empty(t, read.Content)
}

func TestMaterialIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada, bob := fixture.AddUser(t, db), fixture.AddUser(t, db)
	source := keep(t, db, ada, "x")
	_, err := courses.FindSource(t.Context(), db, bob, source.ID)
	require.Equal(t, store.NotFound, store.CodeOf(err))
	require.Equal(t, store.NotFound, store.CodeOf(courses.DeleteSource(t.Context(), db, bob, source.ID)))
	require.NoError(t, courses.DeleteSource(t.Context(), db, ada, source.ID))
	require.Equal(t, store.NotFound, store.CodeOf(courses.DeleteSource(t.Context(), db, ada, source.ID)))
	_, err = courses.SourceToRead(t.Context(), db, source.ID)
	require.Equal(t, store.NotFound, store.CodeOf(err))
	require.NoError(t, courses.FailSource(t.Context(), db, source.ID, tasks.TaskFault{}, fixture.FirstEvent), "what is gone needs no failing")
}

func TestListingMaterial(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.AddUser(t, db)
	keep(t, db, fixture.AddUser(t, db), "another's")
	var made []uuid.UUID
	for range 3 {
		made = append(made, keep(t, db, ada, "x").ID)
	}
	page, err := courses.ListSources(t.Context(), db, ada, nil, 2)
	require.NoError(t, err)
	require.Len(t, page, 2)
	last := page[1]
	require.Nil(t, last.Original)
	rest, err := courses.ListSources(t.Context(), db, ada, &store.Keyset{At: last.CreatedAt, ID: last.ID}, 5)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.ElementsMatch(t, made, []uuid.UUID{page[0].ID, page[1].ID, rest[0].ID})
}

func TestHowMuchMaterialOneMayKeep(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	for range courses.MostSources - 1 {
		source, _ := upload(user, "x")
		require.NoError(t, db.Create(&source).Error)
	}
	// Nobody can write a message, so all four are under way at once: one before its message, the others
	// before they look, or without the lock behind their look as well.
	gate := db.Begin()
	defer gate.Rollback()
	require.NoError(t, gate.Exec("LOCK TABLE outbox IN SHARE MODE").Error)
	var group sync.WaitGroup
	faults := make([]error, 4)
	for i := range faults {
		group.Go(func() {
			source, message := upload(user, "x")
			faults[i] = courses.CreateSource(t.Context(), db, source, message)
		})
	}
	require.Eventually(t, func() bool {
		var waiting int
		err := gate.Raw(`SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting).Error
		return err == nil && waiting == len(faults)
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, gate.Rollback().Error)
	group.Wait()
	made := 0
	for _, err := range faults {
		if err == nil {
			made++
			continue
		}
		require.Equal(t, store.Conflict, store.CodeOf(err), "%v", err)
	}
	require.Equal(t, 1, made, "those that come together do not pass the bound together")
}

func TestHowLargeMaterialMayBe(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	source := keep(t, db, user, "x")
	// As if much had been read: spaces, which Postgres keeps small, and fast by LZ4.
	require.NoError(t, db.Exec("ALTER TABLE sources ALTER content SET COMPRESSION lz4").Error)
	require.NoError(t, db.Exec("UPDATE sources SET content = repeat(' ', ?) WHERE id = ?", courses.MostSourceBytes-11, source.ID).Error)
	large, message := upload(user, strings.Repeat("x", 11))
	require.Equal(t, store.Conflict, store.CodeOf(courses.CreateSource(t.Context(), db, large, message)))
	_, found, err := store.FindMessage(t.Context(), db, message.ID)
	require.NoError(t, err)
	require.False(t, found)
	small, message := upload(user, strings.Repeat("x", 10))
	require.NoError(t, courses.CreateSource(t.Context(), db, small, message))
}
