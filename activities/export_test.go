package activities_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// sourceBytes is the length of each of the three texts.
const sourceBytes = 720_000

// noise returns text that hardly compresses.
func noise(t *testing.T, length int) string {
	t.Helper()
	raw := make([]byte, length/4*3)
	_, err := rand.Read(raw)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(raw)
}

// exporting returns a user with an open export and more material than a piece holds.
func exporting(t *testing.T) (*activities.ExportActivities, *gorm.DB, privacy.Export) {
	t.Helper()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := accounts.User{
		ID: store.NewID(), Email: "ada@example.com", FullName: "Ada", PasswordHash: "not-to-be-seen", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	export := privacy.Export{ID: store.NewID(), UserID: user.ID, CreatedAt: now}
	require.NoError(t, db.Create(&user).Error)
	require.NoError(t, db.Create(&export).Error)
	for range 3 {
		require.NoError(t, db.Create(&courses.Source{
			ID: store.NewID(), UserID: user.ID, Kind: "text", MediaType: "text/plain", State: courses.SourceReady,
			Content: noise(t, sourceBytes), CreatedAt: now, UpdatedAt: now,
		}).Error)
	}
	return &activities.ExportActivities{DB: db, Clock: func() time.Time { return now }}, db, export
}

func collect(t *testing.T, e *activities.ExportActivities, export uuid.UUID) []string {
	t.Helper()
	files, err := e.ListFiles(t.Context())
	require.NoError(t, err)
	for i, file := range files {
		require.NoError(t, e.CollectFile(t.Context(), activities.CollectInput{ExportID: export, Index: i, File: file}))
	}
	return files
}

func partsOf(t *testing.T, db *gorm.DB, export uuid.UUID) (parts []privacy.ExportPart) {
	t.Helper()
	require.NoError(t, db.Where("export_id = ?", export).Order("position").Find(&parts).Error)
	return parts
}

func TestAnExportIsPackedInPieces(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	files := collect(t, e, export.ID)
	once := len(partsOf(t, db, export.ID))
	require.Greater(t, once, len(files)+1, "two megabytes are several pieces")
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
	var ready privacy.Export
	require.NoError(t, db.First(&ready, "id = ?", export.ID).Error)
	require.EqualValues(t, len(archive), ready.SizeBytes)
	require.Equal(t, e.Clock().Add(24*time.Hour), ready.ExpiresAt.UTC())
	require.NoError(t, e.PackExport(t.Context(), in), "twice is once")
	parts := partsOf(t, db, export.ID)
	require.Len(t, parts, len(archive)/(1<<20)+1)
	require.Greater(t, len(parts), 1)

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
			require.Len(t, rows[0]["content"], sourceBytes)
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

func TestAnExportCancelledWhenItWasPackedLeavesNothing(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	require.NoError(t, e.PackExport(t.Context(), activities.PackInput{ExportID: export.ID, Files: collect(t, e, export.ID)}))
	require.NoError(t, e.GiveUpExport(t.Context(), export.ID))
	require.Empty(t, partsOf(t, db, export.ID))
}

// TestExportsDoNotWaitForEachOthersConnections collects more files at once than there are
// connections, each of them larger than a piece.
func TestExportsDoNotWaitForEachOthersConnections(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	raw, err := db.DB()
	require.NoError(t, err)
	raw.SetMaxOpenConns(2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group errgroup.Group
	for range 6 {
		one := privacy.Export{ID: store.NewID(), UserID: export.UserID, CreatedAt: e.Clock()}
		require.NoError(t, db.Create(&one).Error)
		group.Go(func() error {
			return e.CollectFile(ctx, activities.CollectInput{ExportID: one.ID, Index: 4, File: "sources.json"})
		})
	}
	require.NoError(t, group.Wait())
}

// TestTwoPackOneExport packs as a worker that was presumed dead and its replacements would.
func TestTwoPackOneExport(t *testing.T) {
	t.Parallel()
	e, db, export := exporting(t)
	files := collect(t, e, export.ID)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			for { // as Temporal tries again when a worker waited too long for its turn
				err := e.PackExport(t.Context(), activities.PackInput{ExportID: export.ID, Files: files})
				if err == nil || !strings.Contains(err.Error(), "lock timeout") {
					return err
				}
			}
		})
	}
	require.NoError(t, group.Wait())
	var archive []byte
	for _, part := range partsOf(t, db, export.ID) {
		archive = append(archive, part.Data...)
	}
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	for _, f := range reader.File {
		open, err := f.Open()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, open)
		require.NoError(t, err, f.Name)
	}
	// A stalled process has the row locked: the next one fails within its timeout.
	hold := db.Begin()
	defer hold.Rollback()
	require.NoError(t, hold.Exec("SELECT 1 FROM exports WHERE id = ? FOR UPDATE", export.ID).Error)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Error(t, e.PackExport(ctx, activities.PackInput{ExportID: export.ID, Files: files}))
}
