package courses_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// editOf returns an edit of the plan of a task.
func editOf(task tasks.Task) courses.PlanEdit {
	return courses.PlanEdit{ID: store.NewID(), TaskID: task.ID, UserID: task.UserID, Plan: fixture.LargestPlan(), CreatedAt: fixture.Start}
}

// TestAnEditIsItsCoursesOwn looks for the edit of one learner's plan under the courses of others.
func TestAnEditIsItsCoursesOwn(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	other, _, err := fixture.Generate(t, db, user, nil, "moons")
	require.NoError(t, err)
	theirs, _, err := fixture.Generate(t, db, fixture.AddUser(t, db), nil, "storms")
	require.NoError(t, err)
	edit := editOf(task)
	require.NoError(t, courses.SavePlanEdit(ctx, db, edit))
	found, err := courses.FindPlanEdit(ctx, db, edit.ID, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, edit.Plan, found.Plan)
	for _, course := range []tasks.Task{other, theirs} {
		_, err = courses.FindPlanEdit(ctx, db, edit.ID, course.ResultID)
		require.Equal(t, store.NotFound, store.CodeOf(err))
	}
	strange := editOf(task)
	strange.UserID = theirs.UserID
	require.Equal(t, store.NotFound, store.CodeOf(courses.SavePlanEdit(ctx, db, strange)))
}

// TestAnEditGoesWithItsTask ends tasks in each way, and tries to store an edit then.
func TestAnEditGoesWithItsTask(t *testing.T) {
	t.Parallel()
	ctx, db, user, first := fixture.Asked(t)
	cancel := func(task tasks.Task) store.OutboxMessage {
		return fixture.OutboxMessage(store.OutboxCancel, task.WorkflowID, fixture.Start)
	}
	last := tasks.CancelledEvent(2, 5, fixture.Start.Add(time.Minute))
	for name, end := range map[string]func(task tasks.Task) error{
		"finished": func(task tasks.Task) error {
			return courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{last}, courses.Generation{}, notify.Enqueuer{})
		},
		"ended from outside": func(task tasks.Task) error { return courses.EndTask(ctx, db, task, last, notify.Enqueuer{}) },
		"cancelled before its start": func(task tasks.Task) error {
			return courses.CancelTask(ctx, db, user, task.ID, cancel(task), fixture.Start)
		},
		"its course deleted": func(task tasks.Task) error {
			_, err := courses.DeleteCourse(ctx, db, user, task.ResultID, cancel, func(courses.Course) error { return nil })
			return err
		},
	} {
		task, _, err := fixture.Generate(t, db, user, nil, name)
		require.NoError(t, err)
		require.NoError(t, courses.SavePlanEdit(ctx, db, editOf(task)), name)
		require.EqualValues(t, 1, fixture.Count(t, db, "plan_edits"), name)
		require.NoError(t, end(task), name)
		require.Zero(t, fixture.Count(t, db, "plan_edits"), name)
		require.Equal(t, store.Conflict, store.CodeOf(courses.SavePlanEdit(ctx, db, editOf(task))), name)
	}
	require.NoError(t, courses.SavePlanEdit(ctx, db, editOf(first)))
	require.NoError(t, db.Exec("UPDATE users SET is_active = false WHERE id = ?", user).Error)
	require.Equal(t, store.Forbidden, store.CodeOf(courses.SavePlanEdit(ctx, db, editOf(first))))
}
