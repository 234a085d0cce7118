package models_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func TestAReadingIsMarkedUntilItEnds(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	source := keep(t, db, addUser(t, db), "x")
	first, err := models.BeginReading(t.Context(), db, source.ID, begun)
	require.NoError(t, err)
	require.True(t, first)
	again, err := models.BeginReading(t.Context(), db, source.ID, begun)
	require.NoError(t, err)
	require.False(t, again, "the first never ended")
	require.NoError(t, models.EndReading(t.Context(), db, source.ID))
	first, err = models.BeginReading(t.Context(), db, source.ID, begun)
	require.NoError(t, err)
	require.True(t, first)
	require.NoError(t, models.SaveSourceText(t.Context(), db, source, begun))
	read, err := models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Nil(t, read.ReadingStartedAt, "it goes with the outcome")
	_, err = models.BeginReading(t.Context(), db, source.ID, begun)
	require.Equal(t, models.NotFound, models.CodeOf(err), "what is read is not read again")
	_, err = models.BeginReading(t.Context(), db, models.NewID(), begun)
	require.Equal(t, models.NotFound, models.CodeOf(err))
}

func TestAnUploadIsReadInPieces(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	long := bytes.Repeat([]byte("0123456789 "), 150_000)
	source := keep(t, db, addUser(t, db), string(long))
	got, err := io.ReadAll(models.SourceUpload(t.Context(), db, source.ID))
	require.NoError(t, err)
	require.True(t, bytes.Equal(long, got))
	require.NoError(t, models.DeleteSource(t.Context(), db, source.UserID, source.ID))
	_, err = io.ReadAll(models.SourceUpload(t.Context(), db, source.ID))
	require.Error(t, err, "it was deleted while it was read")
}

func TestAPageIsKeptUntilItIsRead(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	source := keep(t, db, addUser(t, db), "x")
	require.NoError(t, models.KeepPage(t.Context(), db, source.ID, "text/html; charset=utf-8", []byte("<p>page"), []byte{2}, begun))
	read, err := models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Equal(t, "<p>page", string(read.Original))
	require.Equal(t, "text/html; charset=utf-8", read.MediaType)
	require.EqualValues(t, 7, read.SizeBytes)
	require.NoError(t, models.FailSource(t.Context(), db, source.ID, models.TaskFault{Code: "no_text"}, begun))
	require.NoError(t, models.KeepPage(t.Context(), db, source.ID, "text/plain", []byte("late"), []byte{3}, begun))
	read, err = models.SourceToRead(t.Context(), db, source.ID)
	require.NoError(t, err)
	require.Nil(t, read.Original)
}
