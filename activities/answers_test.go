package activities_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/courses"
)

// retried runs one activity with up to four attempts, as a workflow would.
func (d *desk) retried(act, in any) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "act"})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Hour, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 4},
		})
		return workflow.ExecuteActivity(ctx, "act", in).Get(ctx, nil)
	})
	return env.GetWorkflowError()
}

// crash has the attempt end before the first n costs are saved, as if the worker had died there.
func (d *desk) crash(n int) {
	d.writing.Spent = func(context.Context, courses.ModelCall) {
		if n--; n >= 0 {
			panic("the worker dies")
		}
	}
}

func (d *desk) answers(t *testing.T) int {
	t.Helper()
	var n int64
	require.NoError(t, d.db.Model(&courses.ModelAnswer{}).Count(&n).Error)
	return int(n)
}

// repairs returns which requests of a kind were repairs.
func (d *desk) repairs(kind llmtest.Kind) (found []bool) {
	for _, r := range d.model.Requests() {
		if r.Kind == kind {
			found = append(found, r.Repair)
		}
	}
	return found
}

// practiceInput asks for the practice of the lesson that an exam is of.
func (e exam) practiceInput() activities.LessonInput {
	return activities.LessonInput{CourseID: e.course, LessonID: e.first.ID, Revision: 1}
}

func TestARefusedAnswerIsAskedForOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.model.On(llmtest.Outline, 1, llmtest.BrokenJSON())
	d.model.On(llmtest.Outline, 2, llmtest.Cut())
	require.NoError(t, d.retried(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course}))
	require.Equal(t, []bool{false, true, true}, d.repairs(llmtest.Outline), "only the repair is asked for again")
	require.Zero(t, d.answers(t), "the plan is saved")
	calls := d.costs(t)
	require.Equal(t, []string{"outline ok", "outline unavailable"}, kinds(calls))
	require.Equal(t, []int{1, 2}, []int{calls[0].Calls, calls[1].Calls}, "what was charged is not charged again")
}

func TestAnActivityGoesOnFromItsLastAnswer(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.On(llmtest.Solve, 1, llmtest.Status(500))
	e.model.On(llmtest.Solve, 2, llmtest.DisagreeSolve())
	e.model.On(llmtest.Questions, 1, llmtest.Status(503))
	require.NoError(t, e.retried(e.writing.WritePractice, e.practiceInput()))
	require.Equal(t, [3]int{1, 3, 2}, e.asked(), "the practice once, its solve until there was one, that of the new questions")
	require.Equal(t, []string{
		"lesson ok", "outline ok", "practice ok", "questions ok", "questions unavailable", "solve ok", "solve unavailable", "solve again ok",
	}, kinds(e.costs(t)))
	require.Zero(t, e.answers(t))
	require.NotEmpty(t, e.read(t).Lessons[0].KeyTerms)
}

// TestWhatACrashLeavesUnchargedIsChargedOnce: attempts end after the last answer and before its cost is saved, and
// then after the cost, when the plan cannot be saved.
func TestWhatACrashLeavesUnchargedIsChargedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.model.On(llmtest.Outline, 1, llmtest.BrokenJSON())
	d.crash(2)
	require.NoError(t, d.db.Exec(`
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$;
		CREATE TRIGGER full_disk BEFORE INSERT ON lessons FOR EACH ROW EXECUTE FUNCTION full_disk()`).Error)
	require.Error(t, d.retried(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course}))
	require.Equal(t, 2, d.model.Count(llmtest.Outline), "the answer and its repair, in four attempts")
	require.Equal(t, 2, d.answers(t))
	calls := d.costs(t)
	require.Len(t, calls, 1)
	require.Equal(t, []int{2, 1}, []int{calls[0].Calls, calls[0].Repairs})

	require.NoError(t, courses.SweepModelAnswers(t.Context(), d.db, d.writing.Clock().Add(23*time.Hour), 100))
	require.Equal(t, 2, d.answers(t))
	require.NoError(t, courses.SweepModelAnswers(t.Context(), d.db, d.writing.Clock().Add(25*time.Hour), 1))
	require.Equal(t, 1, d.answers(t))
}

// TestWhatWasRefusedAsAWholeIsAskedAnew: a question that was asked with the same words could be refused for ever.
func TestWhatWasRefusedAsAWholeIsAskedAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for nth := range 3 { // the answer, its repair and the smaller task
		d.model.On(llmtest.Outline, nth+1, llmtest.Empty())
	}
	require.NoError(t, d.retried(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course}))
	require.Equal(t, []bool{false, true, false, false}, d.repairs(llmtest.Outline))
	require.Equal(t, []string{"outline bad_answer", "outline ok"}, kinds(d.costs(t)))

	d.model.On(llmtest.Lesson, 0, llmtest.Empty())
	in := activities.LessonInput{CourseID: d.course, LessonID: d.read(t).Lessons[0].ID, Revision: 1}
	require.Error(t, d.retried(d.writing.WriteLesson, in))
	require.Equal(t, 9, d.model.Count(llmtest.Lesson), "three attempts of three questions")
	require.Zero(t, d.answers(t))
}

// TestWhatAnActivityCanDoWithoutIsNotAskedAgain: no solve is usable, and the attempt ends for another reason.
func TestWhatAnActivityCanDoWithoutIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.On(llmtest.Solve, 1, llmtest.Empty())
	e.model.On(llmtest.Solve, 2, llmtest.Empty())
	e.model.On(llmtest.Questions, 1, llmtest.Status(500))
	require.NoError(t, e.retried(e.writing.WritePractice, e.practiceInput()))
	require.Equal(t, [3]int{1, 3, 2}, e.asked(), "the solve and its repair, and that of the new questions")
	require.Contains(t, kinds(e.costs(t)), "solve bad_answer")
}

// TestKeepingAnswersCannotFailOne: they cannot be stored, or make no sense when they are read.
func TestKeepingAnswersCannotFailOne(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"not stored": "ALTER TABLE model_answers ADD CHECK (question = '')",
		"no table":   "DROP TABLE model_answers",
		"no sense": `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.answer := '{"text":7}'; RETURN NEW; END $$;
			CREATE TRIGGER spoil BEFORE INSERT ON model_answers FOR EACH ROW EXECUTE FUNCTION spoil()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			require.NoError(t, d.db.Exec(broken).Error)
			d.model.On(llmtest.Outline, 1, llmtest.BrokenJSON())
			d.model.On(llmtest.Outline, 2, llmtest.Cut())
			require.NoError(t, d.retried(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course}))
			require.Equal(t, []bool{false, true, false}, d.repairs(llmtest.Outline), "all of it is asked for again")
			require.NotEmpty(t, d.read(t).Lessons)
		})
	}
}
