package courses_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestAReadingIsMarkedUntilItEnds(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	source := keep(t, db, fixture.AddUser(t, db), "x")
	first, err := courses.BeginReading(t.Context(), db, source.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.True(t, first)
	again, err := courses.BeginReading(t.Context(), db, source.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.False(t, again, "the first never ended")
	require.NoError(t, courses.EndReading(t.Context(), db, source.ID))
	first, err = courses.BeginReading(t.Context(), db, source.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.True(t, first)
	require.NoError(t, courses.SaveSourceText(t.Context(), db, source, fixture.FirstEvent))
	read, err := courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Nil(t, read.ReadingStartedAt, "it goes with the outcome")
	_, err = courses.BeginReading(t.Context(), db, source.ID, fixture.FirstEvent)
	require.Equal(t, store.NotFound, store.CodeOf(err), "what is read is not read again")
	_, err = courses.BeginReading(t.Context(), db, store.NewID(), fixture.FirstEvent)
	require.Equal(t, store.NotFound, store.CodeOf(err))
}

func TestAnUploadIsReadInPieces(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	long := bytes.Repeat([]byte("0123456789 "), 150_000)
	source := keep(t, db, fixture.AddUser(t, db), string(long))
	got, err := io.ReadAll(courses.SourceUpload(t.Context(), db, source.ID))
	require.NoError(t, err)
	require.True(t, bytes.Equal(long, got))
	require.NoError(t, courses.DeleteSource(t.Context(), db, source.UserID, source.ID))
	_, err = io.ReadAll(courses.SourceUpload(t.Context(), db, source.ID))
	require.Error(t, err, "it was deleted while it was read")
}

func TestAPageIsKeptUntilItIsRead(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	source := keep(t, db, fixture.AddUser(t, db), "x")
	require.NoError(t, courses.KeepPage(t.Context(), db, source.ID, "text/html; charset=utf-8", []byte("<p>page"), []byte{2}, fixture.FirstEvent))
	read, err := courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, "<p>page", string(read.Original))
	require.Equal(t, "text/html; charset=utf-8", read.MediaType)
	require.EqualValues(t, 7, read.SizeBytes)
	require.NoError(t, courses.FailSource(t.Context(), db, source.ID, tasks.TaskFault{Code: "no_text"}, fixture.FirstEvent))
	require.NoError(t, courses.KeepPage(t.Context(), db, source.ID, "text/plain", []byte("late"), []byte{3}, fixture.FirstEvent))
	read, err = courses.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Nil(t, read.Original)
}
