package courses_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestListingCoursesWalksTheIndexOfWhatIsListed looks at the plan of a page among many courses of which few are public.
func TestListingCoursesWalksTheIndexOfWhatIsListed(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	owner, eve := fixture.SignedUp(t, db, "owner@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "eve@example.com", fixture.Start).UserID
	require.NoError(t, db.Exec(`INSERT INTO courses (id, owner_user_id, title, topic, status, visibility, difficulty_level, created_at, updated_at)
		SELECT gen_random_uuid(), ?, 'Tides', 'Tides', 'READY', CASE WHEN n % 50 = 0 THEN 'public' ELSE 'private' END, 'beginner', now() - n * interval '1 minute', now()
		FROM generate_series(1, 3000) n`, owner).Error)
	require.NoError(t, db.Exec("ANALYZE").Error)
	sql, args := courses.CourseFilter{Limit: 20}.SQL(eve)
	var plan string
	require.NoError(t, db.Raw("EXPLAIN (FORMAT JSON) "+sql, args).Row().Scan(&plan))
	require.Contains(t, plan, "courses_listed_idx")
	courses, err := courses.ListCourses(t.Context(), db, eve, courses.CourseFilter{Limit: 50, Offset: 20})
	require.NoError(t, err)
	require.Len(t, courses, 40)
}
