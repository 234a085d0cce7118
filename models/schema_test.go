package models_test

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// rows returns all structs that stand for a table.
func rows() []any {
	return []any{
		&accounts.User{}, &accounts.Session{}, &accounts.AccessChange{}, &courses.Course{}, &courses.Lesson{}, &courses.Item{}, &courses.PlanEdit{},
		&tasks.Task{}, &tasks.TaskEvent{}, &store.OutboxMessage{},
		&courses.Source{}, &courses.CourseSource{}, &passages.Snapshot{}, &passages.Passage{}, &passages.CourseSnapshot{}, &passages.Citation{}, &courses.Finding{}, &courses.SourceAnswer{}, &courses.ModelCall{}, &courses.ModelAnswer{}, &courses.ProvenanceKey{},
		&store.AuditEntry{}, &accounts.Mail{}, &privacy.Export{}, &privacy.ExportPart{}, &learning.Event{},
		&notify.Notification{}, &notify.Broadcast{}, &notify.Device{}, &notify.PushReceipt{}, &notify.PushPreferences{}, &notify.PushDay{}, &notify.PushCredential{},
		&community.Post{}, &community.PostLike{}, &community.PostView{}, &community.Comment{}, &community.CommentLike{}, &accounts.Block{}, &community.Follow{},
		&community.ContentEdit{}, &community.Report{}, &moderation.ContentRule{}, &moderation.TopicRule{}, &moderation.HelpResources{},
		&learning.CourseProgress{}, &learning.LessonCompletion{}, &learning.QuizAttempt{}, &learning.LedgerEntry{}, &learning.Total{},
		&learning.PeriodScore{}, &learning.BoardChange{}, &learning.BoardState{}, &accounts.ZoneMove{}, &learning.Day{}, &learning.StreakFreeze{}, &learning.Request{},
		&learning.Achievement{}, &learning.Unlock{}, &learning.ReviewCard{}, &learning.ReviewLog{}, &activity.FeedEntry{},
		&feed.Item{}, &activity.Engagement{}, &feed.TrendingItem{}, &feed.Snapshot{}, &feed.LearningProfile{}, &feed.Curation{}, &feed.ContentCheck{},
		&feed.SearchDocument{}, &store.WriteProbe{}, &store.Worker{},
	}
}

func TestStructsMatchTheMigratedSchema(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
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
	ctx, url := context.Background(), storetest.Empty(t)
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
	ctx, url := context.Background(), storetest.Empty(t)
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
