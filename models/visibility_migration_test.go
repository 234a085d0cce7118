package models_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// coursesOfBefore are rows of the schema of version 9: what each course is called says how it was made.
const coursesOfBefore = `
	INSERT INTO users (id, email, full_name, password_hash, locale, timezone, roles, profile_data, is_active, created_at, updated_at)
		VALUES ('a0000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada', '-', 'en', 'UTC', '["user"]', '{}', true, now(), now()),
			('a0000000-0000-4000-8000-000000000002', 'bob@example.com', 'Bob', '-', 'en', 'UTC', '["user"]', '{}', true, now(), now());
	INSERT INTO sources (id, user_id, kind, title, media_type, size_bytes, state, created_at, updated_at)
		VALUES ('50000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'text', 'Diary', 'text/plain', 1, 'READY', now(), now());
	INSERT INTO courses (id, owner_user_id, title, topic, status, difficulty_level, generation, created_at, updated_at, published_at)
		SELECT gen_random_uuid(), 'a0000000-0000-4000-8000-000000000001', title, title, 'READY', 'beginner', CASE WHEN title = 'own by its generation' THEN '{"sources":["own"]}' ELSE '{}' END::jsonb, now(), now(), now()
		FROM unnest(ARRAY['own, tied', 'own, tied and shared', 'own by its citations', 'own by its generation', 'shared', 'shared by another', 'asked for']) AS title;
	INSERT INTO course_sources SELECT id, '50000000-0000-4000-8000-000000000001', 1 FROM courses WHERE title LIKE 'own, tied%';
	INSERT INTO lessons (id, course_id, position, title, content, revision, citations, created_at, updated_at)
		SELECT gen_random_uuid(), id, 1, title || ', a lesson', 'Water.', 1, CASE WHEN title = 'own by its citations'
			THEN '[{"label":"S1","title":"Diary","source_id":"50000000-0000-4000-8000-000000000009","cited":true}]' ELSE '[{"label":"S1","title":"Tides","url":"https://example.com","cited":true}]' END::jsonb, now(), now() FROM courses;
	INSERT INTO feed_entries (id, user_id, kind, content_type, content_id, title, at)
		SELECT gen_random_uuid(), owner_user_id, 'published', 'course', id, title, now() FROM courses
		UNION ALL SELECT gen_random_uuid(), owner_user_id, 'shared', 'course', id, title, now() FROM courses WHERE title IN ('own, tied and shared', 'shared')
		UNION ALL SELECT gen_random_uuid(), 'a0000000-0000-4000-8000-000000000002', 'shared', 'course', id, title, now() FROM courses WHERE title = 'shared by another';`

// TestCoursesOfBeforeBecomePrivateUnlessShared brings a database of version 9 to this one.
func TestCoursesOfBeforeBecomePrivateUnlessShared(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), storetest.Empty(t)
	_, err := migrations.Up(ctx, url)
	require.NoError(t, err)
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(db)) })
	version := func() (v int64) {
		require.NoError(t, db.Raw("SELECT max(version_id) FROM goose_db_version").Scan(&v).Error)
		return v
	}
	for version() > 9 {
		require.NoError(t, migrations.Down(ctx, url))
	}
	for statement := range strings.SplitSeq(coursesOfBefore, ";\n") {
		require.NoError(t, db.Exec(statement).Error)
	}
	done, err := migrations.Up(ctx, url)
	require.NoError(t, err)
	at := slices.IndexFunc(done, func(r migrations.Result) bool { return r.Version == 10 })
	require.Equal(t, []string{
		"4 courses from own material are private now; the owners of 1 that were shared are told",
		"1 courses that their owners had shared are public", "2 other courses are private now",
	}, done[at].Notices)

	var migrated []courses.Course
	require.NoError(t, db.Find(&migrated).Error)
	require.Len(t, migrated, 7)
	for _, c := range migrated {
		own, public := strings.HasPrefix(c.Title, "own"), c.Title == "shared"
		require.Equal(t, own, c.OwnMaterial, c.Title)
		require.Equal(t, public, c.Visibility == courses.VisibilityPublic, c.Title)
		require.Nil(t, c.RightsConfirmedAt)
		for _, table := range []string{"feed_items WHERE visible AND group_id", "search_documents WHERE visible AND course_id"} {
			require.Equal(t, public, fixture.Count(t, db, table+" = '"+c.ID.String()+"'") == 2, "%s: the course and its lesson in %s", c.Title, table)
		}
		require.Equal(t, public, fixture.Count(t, db, "feed_entries WHERE user_id = 'a0000000-0000-4000-8000-000000000001' AND content_id = '"+c.ID.String()+"'") > 0, c.Title)
	}
	var news []notify.Notification
	require.NoError(t, db.Find(&news).Error)
	require.Len(t, news, 1)
	require.Contains(t, news[0].Body, "own, tied and shared")
	require.Equal(t, "course_private", news[0].Data["type"])

	bob, err := courses.ListCourses(ctx, db, uuid.MustParse("a0000000-0000-4000-8000-000000000002"), courses.CourseFilter{Limit: 50})
	require.NoError(t, err)
	require.Len(t, bob, 1)
	require.Equal(t, "shared", bob[0].Title)
}
