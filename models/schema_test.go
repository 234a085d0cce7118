package models_test

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/modelstest"
)

// rows are all structs that stand for a table.
func rows() []any {
	return []any{
		&models.User{}, &models.Session{}, &models.Course{}, &models.Lesson{}, &models.Item{},
		&models.Task{}, &models.TaskEvent{}, &models.OutboxEntry{},
		&models.Source{}, &models.CourseSource{}, &models.Finding{}, &models.SourceAnswer{}, &models.ModelCall{},
		&models.AuditEntry{}, &models.Mail{}, &models.Export{}, &models.ExportPart{}, &models.LearningEvent{},
		&models.Notification{}, &models.Broadcast{}, &models.Device{}, &models.PushReceipt{}, &models.PushPreferences{}, &models.PushDay{}, &models.PushCredential{},
		&models.Post{}, &models.PostLike{}, &models.PostView{}, &models.Comment{}, &models.CommentLike{}, &models.Block{}, &models.Follow{},
		&models.ContentEdit{}, &models.Report{}, &models.ContentRule{}, &models.TopicRule{}, &models.HelpResources{},
		&models.CourseProgress{}, &models.LessonCompletion{}, &models.QuizAttempt{}, &models.LedgerEntry{}, &models.Total{},
		&models.PeriodScore{}, &models.BoardChange{}, &models.BoardState{}, &models.ZoneMove{}, &models.LearningDay{}, &models.StreakFreeze{}, &models.LearningRequest{},
		&models.Achievement{}, &models.Unlock{}, &models.ReviewCard{}, &models.ReviewLog{}, &models.FeedEntry{},
		&models.FeedItem{}, &models.Engagement{}, &models.TrendingItem{}, &models.FeedSnapshot{}, &models.LearningProfile{}, &models.FeedCuration{}, &models.ContentCheck{},
		&models.SearchDocument{}, &models.WriteProbe{},
	}
}

func TestStructsMatchTheMigratedSchema(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	seen := map[string]bool{"goose_db_version": true}
	for _, row := range rows() {
		parsed, err := schema.Parse(row, &sync.Map{}, db.NamingStrategy)
		require.NoError(t, err)
		seen[parsed.Table] = true
		var columns []struct {
			Name     string
			Nullable bool
		}
		require.NoError(t, db.Raw(`SELECT column_name AS name, is_nullable = 'YES' AS nullable
			FROM information_schema.columns WHERE table_name = ?`, parsed.Table).Scan(&columns).Error)
		have := map[string]bool{}
		for _, c := range columns {
			have[c.Name] = true
			field := parsed.LookUpField(c.Name)
			require.NotNil(t, field, "%s.%s has no field", parsed.Table, c.Name)
			kind := field.FieldType.Kind()
			canBeNil := kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Map
			require.False(t, c.Nullable && !canBeNil, "%s.%s may be NULL but the field cannot", parsed.Table, c.Name)
			require.False(t, !c.Nullable && kind == reflect.Pointer, "%s.%s is NOT NULL but the field is a pointer", parsed.Table, c.Name)
		}
		for _, f := range parsed.Fields {
			require.True(t, f.DBName == "" || have[f.DBName], "%s.%s has no column", parsed.Table, f.DBName)
		}
	}
	var tables []string
	require.NoError(t, db.Raw(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`).Scan(&tables).Error)
	for _, table := range tables {
		require.True(t, seen[table], "table %s has no struct", table)
	}
}

func TestMigrationsGoUpAndDownAndUpAgain(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), modelstest.Empty(t)
	newest, err := migrations.Newest()
	require.NoError(t, err)
	done, err := migrations.Up(ctx, url)
	require.NoError(t, err)
	require.Len(t, done, int(newest))
	for range newest {
		require.NoError(t, migrations.Down(ctx, url))
	}
	_, err = migrations.Up(ctx, url)
	require.NoError(t, err)
}

func TestTwoProcessesMigrateOnce(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), modelstest.Empty(t)
	counts := make(chan int, 4)
	for range cap(counts) {
		go func() {
			done, err := migrations.Up(ctx, url)
			if err != nil {
				t.Error(err)
			}
			counts <- len(done)
		}()
	}
	total := 0
	for range cap(counts) {
		total += <-counts
	}
	newest, err := migrations.Newest()
	require.NoError(t, err)
	require.EqualValues(t, newest, total)
}
