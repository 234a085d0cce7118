package courses_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// messages returns the user's start messages, in the order of the requests.
func messages(t *testing.T, db *gorm.DB, user uuid.UUID) []store.OutboxMessage {
	t.Helper()
	var entries []store.OutboxMessage
	require.NoError(t, db.Order("id").Find(&entries, "user_id = ? AND action = 'start'", user).Error)
	return entries
}

func TestOnlySoManyOfAUsersGenerationsGoOnAtATime(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user, other := fixture.AddUser(t, db), fixture.AddUser(t, db)
	queued := make([]tasks.Task, 5)
	for i := range queued {
		var err error
		queued[i], _, err = fixture.Generate(t, db, user, nil, fmt.Sprint("course ", i))
		require.NoError(t, err)
	}
	waiting := func() (found []bool) {
		for _, p := range messages(t, db, user) {
			found = append(found, p.Waiting)
		}
		return found
	}
	require.Equal(t, []bool{false, false, true, true, true}, waiting())
	for i, minutes := range []int{5, 5, 10, 10, 15} {
		require.Equal(t, minutes, queued[i].EstimatedMins, "once more for each round before it")
	}
	due, err := store.LeaseOutbox(ctx, db, false, fixture.Start.Add(time.Hour), fixture.Start.Add(2*time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 2, "a waiting message is not due")
	stale, err := tasks.StaleTasks(ctx, db, fixture.Start.Add(time.Hour), uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, stale, 2, "a waiting task is not stale")

	fixture.End(t, db, queued[0])
	require.Equal(t, []bool{false, false, true, true}, waiting(), "the oldest waiting message is released")
	queue, err := courses.QueueOf(ctx, db, user)
	require.NoError(t, err)
	require.Equal(t, courses.UserQueue{Running: 2, Waiting: 2}, queue)

	cancel := store.OutboxMessage{ID: store.NewID(), Action: store.OutboxCancel, WorkflowID: queued[3].WorkflowID, Input: []byte("null"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start}
	require.NoError(t, courses.CancelTask(ctx, db, user, queued[3].ID, cancel, fixture.Start))
	require.Equal(t, []bool{false, false, true}, waiting(), "cancelling a waiting task releases nothing")

	_, _, err = fixture.Generate(t, db, other, nil, "another's")
	require.NoError(t, err)
	theirs := messages(t, db, other)
	require.False(t, theirs[0].Waiting)
	require.Less(t, theirs[0].Priority, messages(t, db, user)[1].Priority, "the only one of a user goes before")
}

func TestOneInLineWithNobodyBeforeGoesOn(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user := fixture.AddUser(t, db)
	for i := range 3 {
		_, _, err := fixture.Generate(t, db, user, nil, fmt.Sprint("course ", i))
		require.NoError(t, err)
	}
	require.NoError(t, courses.ReleaseStranded(ctx, db, fixture.Start))
	require.True(t, messages(t, db, user)[2].Waiting, "two run")
	require.NoError(t, db.Exec("DELETE FROM tasks WHERE workflow_id IN (SELECT workflow_id FROM outbox WHERE NOT held)").Error)
	require.NoError(t, courses.ReleaseStranded(ctx, db, fixture.Start))
	require.False(t, messages(t, db, user)[2].Waiting)
}

// TestWhatCostsNothingReservesNothing opens courses that no model writes, beside a bound that one course of a model takes up.
func TestWhatCostsNothingReservesNothing(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	bound := courses.Quota{AtOnce: 9, DailyTokens: courses.TypicalTokens}
	ask := func(user uuid.UUID, generation courses.Generation, quota courses.Quota) (tasks.Task, error) {
		taskID, courseID := courses.GenerationIDs(user, nil)
		task := tasks.NewTask(taskID, user, courseID, fixture.Start)
		task.WorkflowID, task.RequestHash = "generate-course/"+taskID.String(), make([]byte, 32)
		course := courses.Course{ID: courseID, OwnerUserID: user, Title: "Tides", Topic: "Tides", Status: courses.CourseGenerating, DifficultyLevel: "beginner", Generation: generation, CreatedAt: fixture.Start, UpdatedAt: fixture.Start}
		message := store.OutboxMessage{ID: store.NewID(), Action: store.OutboxStart, WorkflowID: task.WorkflowID, Input: []byte("{}"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start}
		made, _, err := courses.CreateGeneration(ctx, db, courses.Request{Task: task, Course: course, Start: message}, quota)
		return made, err
	}
	quotes := courses.Generation{AskedWriter: courses.WriterExtractive}
	ada := fixture.AddUser(t, db)
	for range 3 {
		_, err := ask(ada, quotes, bound)
		require.NoError(t, err)
	}
	written, err := ask(ada, courses.Generation{}, bound)
	require.NoError(t, err, "three that quote their sources have reserved nothing")
	_, err = ask(ada, courses.Generation{}, bound)
	require.Equal(t, store.RateLimited, store.CodeOf(err), "one by a model has")
	_, err = ask(ada, quotes, bound)
	require.NoError(t, err, "what costs nothing is never refused")
	for _, provider := range []string{courses.ProviderBuiltin, courses.WriterExtractive} { // the model could not be reached
		require.NoError(t, db.Exec("UPDATE courses SET generation = CAST(? AS jsonb) WHERE id = ?", `{"provider":"`+provider+`"}`, written.ResultID).Error)
		written, err = ask(ada, courses.Generation{}, bound)
		require.NoError(t, err, provider)
	}
	eve := fixture.AddUser(t, db)
	none := bound
	none.NoModel = true
	for range 3 {
		_, err := ask(eve, courses.Generation{}, none)
		require.NoError(t, err, "there is no model")
	}
}

func TestADaysTokensAreABound(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user := fixture.AddUser(t, db)
	ask := func(key string, quota courses.Quota) error {
		taskID, courseID := courses.GenerationIDs(user, &key)
		task := tasks.NewTask(taskID, user, courseID, fixture.Start)
		task.WorkflowID, task.IdempotencyKey, task.RequestHash = "generate-course/"+key, &key, make([]byte, 32)
		course := courses.Course{ID: courseID, OwnerUserID: user, Title: key, Topic: key, Status: courses.CourseGenerating, DifficultyLevel: "beginner", CreatedAt: fixture.Start, UpdatedAt: fixture.Start}
		message := store.OutboxMessage{ID: store.NewID(), Action: store.OutboxStart, WorkflowID: task.WorkflowID, Input: []byte("{}"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start}
		_, _, err := courses.CreateGeneration(ctx, db, courses.Request{Task: task, Course: course, Start: message}, quota)
		return err
	}
	quota := courses.Quota{AtOnce: 2, DailyTokens: courses.TypicalTokens + 10}
	for i, at := range []time.Time{fixture.Start.Add(-24 * time.Hour), fixture.Start} {
		call := courses.ModelCall{ID: store.NewID(), UserID: user, CourseID: store.NewID(), Kind: "lesson", InputTokens: 4, OutputTokens: 5 * (1 + 1000*(1-i)), At: at}
		require.NoError(t, courses.SaveModelCall(ctx, db, call))
	}
	require.NoError(t, ask("one", quota), "yesterday does not count")
	require.NoError(t, ask("two", quota), "nine tokens and one open course are less than the bound")
	err := ask("three", quota)
	require.Equal(t, store.RateLimited, store.CodeOf(err))
	var coded *store.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, 12*time.Hour, coded.RetryAfter, "until midnight")
	require.NoError(t, ask("one", quota), "a replay is no new course")

	days, err := courses.UsageByDay(ctx, db, user, fixture.Start.Add(-48*time.Hour))
	require.NoError(t, err)
	require.Len(t, days, 2)
	require.EqualValues(t, 9, days[0].InputTokens+days[0].OutputTokens)
}
