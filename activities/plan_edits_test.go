package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
)

// TestAStoredPlanReplacesItsCoursesOwn applies a stored plan, twice as when the first answer is lost, and tries it on
// another learner's course.
func TestAStoredPlanReplacesItsCoursesOwn(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	theirs, _, err := fixture.Generate(t, db, fixture.AddUser(t, db), nil, "storms")
	require.NoError(t, err)
	for _, course := range []uuid.UUID{task.ResultID, theirs.ResultID} {
		fixture.Outline(t, db, course)
	}
	edit := courses.PlanEdit{ID: store.NewID(), TaskID: task.ID, UserID: user, Plan: fixture.LargestPlan(), CreatedAt: fixture.Start}
	require.NoError(t, courses.SavePlanEdit(ctx, db, edit))
	check := &activities.QualityActivities{DB: db, Clock: func() time.Time { return fixture.Start }}
	for range 2 {
		refs, err := check.EditPlan(ctx, activities.EditInput{CourseID: task.ResultID, PlanID: edit.ID})
		require.NoError(t, err)
		require.Len(t, refs, 12)
	}
	course, err := courses.CourseToWrite(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, edit.Plan.Title, course.Title)
	require.Len(t, course.Lessons, 12)
	require.Equal(t, edit.Plan.Lessons[11].Summary, course.Lessons[11].Summary)
	require.Equal(t, edit.Plan.Lessons[11].Objectives, []string(course.Lessons[11].Objectives))

	before, err := courses.CourseToWrite(ctx, db, theirs.ResultID)
	require.NoError(t, err)
	_, err = check.EditPlan(ctx, activities.EditInput{CourseID: theirs.ResultID, PlanID: edit.ID})
	requireFailure(t, err, string(store.NotFound), true)
	after, err := courses.CourseToWrite(ctx, db, theirs.ResultID)
	require.NoError(t, err)
	require.Equal(t, before, after, "another's edit is not used")
}
