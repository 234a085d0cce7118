package activities_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// exporting is a user with an export under way and more material than a piece holds.
func exporting(t *testing.T) (*activities.Exporting, *gorm.DB, models.Export) {
	t.Helper()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := models.User{
		ID: models.NewID(), Email: "ada@example.com", FullName: "Ada", PasswordHash: "not-to-be-seen", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	export := models.Export{ID: models.NewID(), UserID: user.ID, CreatedAt: now}
	require.NoError(t, db.Create(&user).Error)
	require.NoError(t, db.Create(&export).Error)
	for range 3 {
		require.NoError(t, db.Create(&models.Source{
			ID: models.NewID(), UserID: user.ID, Kind: "text", MediaType: "text/plain", State: models.SourceReady,
			Content: strings.Repeat(uuid.NewString(), 50_000), CreatedAt: now, UpdatedAt: now,
		}).Error)
	}
	return &activities.Exporting{DB: db, Clock: func() time.Time { return now }}, db, export
}

func collect(t *testing.T, e *activities.Exporting, export uuid.UUID) []string {
	t.Helper()
	files, err := e.ListFiles(t.Context())
	require.NoError(t, err)
	for i, file := range files {
		require.NoError(t, e.CollectFile(t.Context(), activities.CollectInput{ExportID: export, Index: i, File: file}))
	}
	return files
}

func partsOf(t *testing.T, db *gorm.DB, export uuid.UUID) (parts []models.ExportPart) {
	t.Helper()
	require.NoError(t, db.Where("export_id = ?", export).Order("position").Find(&parts).Error)
	return parts
}

func TestAnExportIsPackedInPieces(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	files := collect(t, e, export.ID)
	once := len(partsOf(t, db, export.ID))
	require.Greater(t, once, len(files)+4, "five megabytes are several pieces")
	collect(t, e, export.ID)
	require.Len(t, partsOf(t, db, export.ID), once, "twice is once")
	in := activities.PackInput{ExportID: export.ID, Files: files}
	require.NoError(t, e.PackExport(t.Context(), in))

	var archive []byte
	for i, part := range partsOf(t, db, export.ID) {
		require.Equal(t, i+1, part.Position)
		require.LessOrEqual(t, len(part.Data), 1<<20)
		archive = append(archive, part.Data...)
	}
	ready, err := models.FindExport(t.Context(), db, export.ID)
	require.NoError(t, err)
	require.EqualValues(t, len(archive), ready.SizeBytes)
	require.Equal(t, e.Clock().Add(24*time.Hour), ready.ExpiresAt.UTC())
	require.NoError(t, e.PackExport(t.Context(), in), "twice is once")
	require.NoError(t, e.GiveUpExport(t.Context(), export.ID), "one that is ready stays")
	require.NotEmpty(t, partsOf(t, db, export.ID))

	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	require.Len(t, reader.File, len(files)+1)
	for _, f := range reader.File {
		open, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(open)
		require.NoError(t, err)
		require.NotContains(t, string(text), "not-to-be-seen")
		var rows []map[string]any
		switch f.Name {
		case "README.txt":
			for _, name := range files {
				require.Contains(t, string(text), name)
			}
		case "profile.json":
			var profile map[string]any
			require.NoError(t, json.Unmarshal(text, &profile))
			require.Equal(t, "ada@example.com", profile["email"])
		case "sources.json":
			require.NoError(t, json.Unmarshal(text, &rows))
			require.Len(t, rows, 3)
			require.Len(t, rows[0]["content"], 36*50_000)
		default:
			require.NoError(t, json.Unmarshal(text, &rows), f.Name)
		}
	}
}

func TestAnExportGivenUpLeavesNothing(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	collect(t, e, export.ID)
	require.NoError(t, e.GiveUpExport(t.Context(), export.ID))
	require.NoError(t, e.GiveUpExport(t.Context(), export.ID))
	require.Empty(t, partsOf(t, db, export.ID))
	require.Error(t, e.CollectFile(t.Context(), activities.CollectInput{ExportID: export.ID, File: "profile.json"}))
}
