package models_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func upload(user uuid.UUID, text string) (models.Source, models.OutboxEntry) {
	source := models.Source{
		ID: models.NewID(), UserID: user, Kind: "text", Title: "Notes", MediaType: "text/plain", SizeBytes: int64(len(text)),
		SHA256: []byte{1}, State: models.SourceProcessing, Original: []byte(text), CreatedAt: start, UpdatedAt: start,
	}
	return source, models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: "ReadSource", WorkflowID: "read-source/" + source.ID.String(),
		Input: []byte("{}"), Labels: map[string]string{}, CreatedAt: start, DueAt: start,
	}
}

func keep(t *testing.T, db *gorm.DB, user uuid.UUID, text string) models.Source {
	t.Helper()
	source, promise := upload(user, text)
	require.NoError(t, models.CreateSource(t.Context(), db, source, promise))
	_, found, err := models.PromiseOf(t.Context(), db, promise.ID)
	require.NoError(t, err)
	require.True(t, found)
	return source
}

func TestMaterialIsReadOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := addUser(t, db)
	source := keep(t, db, user, "The Moon pulls.")
	full, err := models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, "The Moon pulls.", string(full.Original))

	pages := 3
	full.Title, full.Content, full.Words, full.Pages = "Tides", "The Moon pulls.", 3, &pages
	require.NoError(t, models.SaveSourceText(t.Context(), db, full, begun))
	full.Content = "another"
	require.NoError(t, models.SaveSourceText(t.Context(), db, full, begun.Add(time.Hour)))
	require.NoError(t, models.FailSource(t.Context(), db, source.ID, models.TaskFault{Code: "no_text", Message: "No."}, begun.Add(time.Hour)))

	read, err := models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, models.SourceReady, read.State)
	require.Equal(t, "The Moon pulls.", read.Content)
	require.Equal(t, 3, *read.Pages)
	require.Nil(t, read.Original, "the upload is let go")
	require.Nil(t, read.Fault)
	require.True(t, read.UpdatedAt.Equal(begun))

	found, err := models.FindSource(t.Context(), db, user, source.ID)
	require.NoError(t, err)
	require.Equal(t, "Tides", found.Title)
	require.Empty(t, found.Content, "nobody asked for the text")
}

func TestMaterialThatCannotBeRead(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	source := keep(t, db, addUser(t, db), "x")
	fault := models.TaskFault{Code: "no_text", Message: "There is no text in it."}
	require.NoError(t, models.FailSource(t.Context(), db, source.ID, fault, begun))
	require.NoError(t, models.FailSource(t.Context(), db, source.ID, models.TaskFault{Code: "other"}, begun))
	source.Content = "late"
	require.NoError(t, models.SaveSourceText(t.Context(), db, source, begun))
	read, err := models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, models.SourceFailed, read.State)
	require.Equal(t, &fault, read.Fault)
	require.Nil(t, read.Original)
	require.Empty(t, read.Content)
}

func TestMaterialIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada, bob := addUser(t, db), addUser(t, db)
	source := keep(t, db, ada, "x")
	_, err := models.FindSource(t.Context(), db, bob, source.ID)
	require.Equal(t, models.NotFound, models.CodeOf(err))
	require.Equal(t, models.NotFound, models.CodeOf(models.DeleteSource(t.Context(), db, bob, source.ID)))
	require.NoError(t, models.DeleteSource(t.Context(), db, ada, source.ID))
	require.Equal(t, models.NotFound, models.CodeOf(models.DeleteSource(t.Context(), db, ada, source.ID)))
	_, err = models.SourceToRead(t.Context(), db, source.ID)
	require.Equal(t, models.NotFound, models.CodeOf(err))
	require.NoError(t, models.FailSource(t.Context(), db, source.ID, models.TaskFault{}, begun), "what is gone needs no failing")
}

func TestListingMaterial(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := addUser(t, db)
	keep(t, db, addUser(t, db), "another's")
	var made []uuid.UUID
	for range 3 {
		made = append(made, keep(t, db, ada, "x").ID)
	}
	page, err := models.ListSources(t.Context(), db, ada, nil, 2)
	require.NoError(t, err)
	require.Len(t, page, 2)
	last := page[1]
	require.Nil(t, last.Original)
	rest, err := models.ListSources(t.Context(), db, ada, &models.Keyset{At: last.CreatedAt, ID: last.ID}, 5)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.ElementsMatch(t, made, []uuid.UUID{page[0].ID, page[1].ID, rest[0].ID})
}

func TestHowMuchMaterialOneMayKeep(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := addUser(t, db)
	for range models.MostSources - 1 {
		source, _ := upload(user, "x")
		require.NoError(t, db.Create(&source).Error)
	}
	var group sync.WaitGroup
	faults := make([]error, 4)
	for i := range faults {
		group.Go(func() {
			source, promise := upload(user, "x")
			faults[i] = models.CreateSource(t.Context(), db, source, promise)
		})
	}
	group.Wait()
	made := 0
	for _, err := range faults {
		if err == nil {
			made++
			continue
		}
		require.Equal(t, models.Conflict, models.CodeOf(err), "%v", err)
	}
	require.Equal(t, 1, made, "those that come together do not pass the bound together")
}

func TestHowLargeMaterialMayBe(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := addUser(t, db)
	source := keep(t, db, user, "x")
	// As if much had been read: spaces, which Postgres keeps small, and fast by LZ4.
	require.NoError(t, db.Exec("ALTER TABLE sources ALTER content SET COMPRESSION lz4").Error)
	require.NoError(t, db.Exec("UPDATE sources SET content = repeat(' ', ?) WHERE id = ?", models.MostSourceBytes-11, source.ID).Error)
	large, promise := upload(user, strings.Repeat("x", 11))
	require.Equal(t, models.Conflict, models.CodeOf(models.CreateSource(t.Context(), db, large, promise)))
	_, found, err := models.PromiseOf(t.Context(), db, promise.ID)
	require.NoError(t, err)
	require.False(t, found)
	small, promise := upload(user, strings.Repeat("x", 10))
	require.NoError(t, models.CreateSource(t.Context(), db, small, promise))
}
