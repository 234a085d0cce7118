package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/workflows"
)

// harness runs one GenerateCourse in the SDK's test environment with scripted
// activities, and keeps what would be written to the row.
type harness struct {
	*testsuite.TestWorkflowEnvironment
	t        *testing.T
	in       workflows.GenerateCourseInput
	again    *workflows.RegenerateCourseInput // run instead, if set
	mu       sync.Mutex
	row      []activities.Event
	finished *activities.FinishInput
	lessons  []string // "number/revision", in order of writing

	lesson   func(activities.LessonInput) error
	practice func(activities.LessonInput) error
	weak     []activities.WeakLesson
	there    []activities.LessonRef // the lessons that a regeneration finds
	edited   activities.PlanEdit
	quizzes  []string // format as lessons
	sources  error
	prepare  error
	refuse   error
}

const lessonCount = 4

func newHarness(t *testing.T) *harness {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s := &harness{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t,
		in:       workflows.GenerateCourseInput{TaskInput: workflows.TaskInput{TaskID: uuid.New(), CourseID: uuid.New(), Seq: 1, Deadline: time.Hour}},
		lesson:   func(activities.LessonInput) error { return nil },
		practice: func(activities.LessonInput) error { return nil },
	}
	s.RegisterWorkflow(workflows.GenerateCourse)
	s.RegisterWorkflow(workflows.RegenerateCourse)
	activities.Database{
		Progress: &activities.ProgressActivities{}, Quality: &activities.QualityActivities{}, Sources: &activities.SourceActivities{}, Material: &activities.MaterialActivities{},
		Courses: &activities.CourseActivities{},
	}.Register(s)
	s.RegisterActivity((&activities.CourseActivities{}).WriteOutline)
	s.RegisterActivity((&activities.CourseActivities{}).WriteLesson)
	s.RegisterActivity((&activities.CourseActivities{}).WritePractice)
	s.RegisterActivity((&activities.CourseActivities{}).WriteSummary)
	s.script()
	return s
}

func (s *harness) script() {
	var progress *activities.ProgressActivities
	var writing *activities.CourseActivities
	var checking *activities.QualityActivities
	s.OnActivity(progress.RecordProgress, mock.Anything, mock.Anything).Return(s.record).Maybe()
	s.OnActivity(progress.SettleCourse, mock.Anything, mock.Anything).Return(s.finish).Maybe()
	s.OnActivity(writing.Prepare, mock.Anything, mock.Anything).Return(func(_ context.Context, _ uuid.UUID) (activities.Prepared, error) {
		return activities.Prepared{Generation: activities.Generation{Model: "gemma"}}, s.prepare
	}).Maybe()
	s.OnActivity(writing.WriteOutline, mock.Anything, mock.Anything).Return(s.refs(), nil).Maybe()
	s.OnActivity(writing.WriteLesson, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.LessonInput) error {
		if err := s.lesson(in); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lessons = append(s.lessons, fmt.Sprintf("%d/%d", s.number(in), in.Revision))
		return nil
	}).Maybe()
	s.OnActivity(writing.WritePractice, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.LessonInput) error {
		if err := s.practice(in); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.quizzes = append(s.quizzes, fmt.Sprintf("%d/%d", s.number(in), in.Revision))
		return nil
	}).Maybe()
	s.OnActivity(writing.WriteSummary, mock.Anything, mock.Anything).Return(func(context.Context, activities.SummaryInput) error { return nil }).Maybe()
	s.OnActivity(checking.ListLessons, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) ([]activities.LessonRef, error) { return s.there, nil }).Maybe()
	s.OnActivity(checking.EditPlan, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.EditInput) ([]activities.LessonRef, error) {
		s.edited = in.Plan
		return s.refs()[:len(in.Plan.Lessons)], nil
	}).Maybe()
	var researching *activities.SourceActivities
	s.OnActivity(researching.FindSources, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) (activities.Research, error) {
		return activities.Research{Sources: []string{"wikipedia"}}, s.sources
	}).Maybe()
	s.OnActivity(researching.PlaceSources, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) error { return nil }).Maybe()
	s.OnActivity(checking.FindWeakLessons, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) ([]activities.WeakLesson, error) { return s.weak, nil }).Maybe()
}

func (s *harness) record(_ context.Context, in activities.RecordInput) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return 0, s.refuse
	}
	s.append(in.Events)
	return 3, nil
}

// append skips known events, as the row does: a record in flight when the task was
// finished may arrive late.
func (s *harness) append(events []activities.Event) {
	for _, e := range events {
		if len(s.row) == 0 || e.Seq > s.row[len(s.row)-1].Seq {
			s.row = append(s.row, e)
		}
	}
}

func (s *harness) finish(_ context.Context, in activities.FinishInput) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.append(in.Rest)
	s.finished = &in
	return nil
}

func (s *harness) refs() []activities.LessonRef {
	refs := make([]activities.LessonRef, lessonCount)
	for i := range refs {
		refs[i] = activities.LessonRef{ID: courses.LessonID(s.in.CourseID, i+1), Number: i + 1, Title: fmt.Sprint("Part ", i+1)}
	}
	return refs
}

func (s *harness) number(in activities.LessonInput) int {
	return 1 + slices.IndexFunc(s.refs(), func(r activities.LessonRef) bool { return r.ID == in.LessonID })
}

func (s *harness) run() error {
	if s.again != nil {
		s.again.TaskInput = s.in.TaskInput
		s.ExecuteWorkflow(workflows.RegenerateCourse, *s.again)
	} else {
		s.ExecuteWorkflow(workflows.GenerateCourse, s.in)
	}
	require.True(s.t, s.IsWorkflowCompleted())
	return s.GetWorkflowError()
}

// ask queries the workflow for its progress.
func (s *harness) ask() (answer workflows.ProgressAnswer) {
	s.t.Helper()
	value, err := s.QueryWorkflow(workflows.QueryProgress, s.in.Seq)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&answer))
	return answer
}

// events checks that the row's events are without a gap and never go back, and that
// the query returns the same, and returns them.
func (s *harness) events() []activities.Event {
	s.t.Helper()
	answer := s.ask()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(s.t, answer.Events, len(s.row))
	percent := s.in.Progress
	for i, e := range s.row {
		require.Equal(s.t, s.in.Seq+int64(i)+1, e.Seq)
		require.GreaterOrEqual(s.t, e.Progress, percent)
		require.Equal(s.t, i == len(s.row)-1, e.State.Ended(), "only the last event ends")
		require.Equal(s.t, e.Message, answer.Events[i].Message)
		percent = e.Progress
	}
	return s.row
}

func (s *harness) last() activities.Event {
	s.t.Helper()
	events := s.events()
	return events[len(events)-1]
}

func unavailable() error {
	return temporal.NewApplicationErrorWithOptions("away", "unavailable", temporal.ApplicationErrorOptions{})
}

func final(kind string) error { return temporal.NewNonRetryableApplicationError(kind, kind, nil) }

func TestATopicBecomesACourse(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	require.NoError(t, s.run())
	last := s.last()
	require.Equal(t, activities.Done, last.State)
	require.Equal(t, 100, last.Progress)
	require.ElementsMatch(t, []string{"1/1", "2/1", "3/1", "4/1"}, s.lessons)
	require.Equal(t, "gemma", s.finished.Generation.Model)
	require.Equal(t, []string{"wikipedia"}, s.finished.Generation.Sources)
	var steps []string
	for _, e := range s.row {
		if len(steps) == 0 || steps[len(steps)-1] != e.Step {
			steps = append(steps, e.Step)
		}
	}
	require.Equal(t, []string{"prepare", "sources", "outline", "lessons", "items", "quality", "done"}, steps)
}

func TestSourcesThatCannotBeHadDoNotHoldUpACourse(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.sources = errors.New("no network")
	require.NoError(t, s.run())
	require.Equal(t, activities.NoSources, s.finished.Generation.Notice)
}

func TestALessonThatFailsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.lesson = func(in activities.LessonInput) error {
		if s.number(in) == 2 {
			return final(activities.FailureBadAnswer)
		}
		return nil
	}
	require.Error(t, s.run(), "a failed run fails in Temporal too")
	require.Equal(t, "unfinished", s.last().Fault.Code)
	require.ElementsMatch(t, []string{"1/1", "3/1", "4/1"}, s.lessons)
}

func TestAnOutageOfTheModelIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	tries := 0
	s.lesson = func(in activities.LessonInput) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.number(in) == 1 {
			if tries++; tries < 6 {
				return unavailable()
			}
		}
		return nil
	}
	require.NoError(t, s.run())
	require.Len(t, s.lessons, lessonCount)
}

func TestATopicThatIsNotAllowedEndsTheTaskInWords(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.prepare = temporal.NewNonRetryableApplicationError("No course is written on this topic.", activities.FaultTopic, nil)
	require.Error(t, s.run())
	require.Equal(t, "topic_not_allowed", s.last().Fault.Code)
	require.Equal(t, "No course is written on this topic.", s.last().Fault.Message)
	require.Empty(t, s.lessons)
}

func TestWithoutAModelTheTaskFailsInTheEnd(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.prepare = unavailable()
	require.Error(t, s.run())
	require.Equal(t, "model_unavailable", s.last().Fault.Code)
}

func TestWeakLessonsAreWrittenAgainOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.weak = []activities.WeakLesson{{ID: s.refs()[2].ID, Number: 3, Reasons: []string{"It is too short."}}}
	var feedback []string
	s.lesson = func(in activities.LessonInput) error {
		if in.Revision == 2 {
			feedback = in.Feedback
		}
		return nil
	}
	require.NoError(t, s.run())
	require.Equal(t, "3/2", s.lessons[len(s.lessons)-1])
	require.Equal(t, []string{"It is too short."}, feedback)
}

func TestAWeakLessonThatCannotBeImprovedStays(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.weak = []activities.WeakLesson{{ID: s.refs()[0].ID, Number: 1, Reasons: []string{"short"}}}
	s.lesson = func(in activities.LessonInput) error {
		if in.Revision == 2 {
			return final(activities.FailureBadAnswer)
		}
		return nil
	}
	require.NoError(t, s.run())
	require.Equal(t, activities.Done, s.last().State)
}

func TestCancelEndsTheTask(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.lesson = func(activities.LessonInput) error { return unavailable() } // keeps it busy
	s.RegisterDelayedCallback(s.CancelWorkflow, 5*time.Second)
	err := s.run()
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.True(t, s.last().Fault.CancelledByUser)
}

func TestTheDeadlineKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.in.Deadline = 20 * time.Second
	s.lesson = func(in activities.LessonInput) error {
		if s.number(in) == 1 {
			return nil
		}
		return unavailable()
	}
	require.Error(t, s.run())
	require.Equal(t, "deadline_exceeded", s.last().Fault.Code)
	require.Equal(t, []string{"1/1"}, s.lessons)
}

func TestADeletedCourseEndsTheRun(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.lesson = func(activities.LessonInput) error { return final("not_found") }
	require.Error(t, s.run())
	require.Equal(t, "course_gone", s.last().Fault.Code)
}

func TestATaskEndedFromOutsideIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.refuse = final("conflict")
	s.lesson = func(activities.LessonInput) error { return unavailable() }
	require.ErrorContains(t, s.run(), "ended from outside")
	require.Nil(t, s.finished)
}

func TestEventsContinueFromTheRow(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.in.Seq, s.in.Progress = 9, 60
	require.NoError(t, s.run())
	require.EqualValues(t, 10, s.events()[0].Seq)
	require.GreaterOrEqual(t, s.events()[0].Progress, 60)
}

func TestAnOutageOfPostgresIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.refuse = errors.New("connection refused")
	s.RegisterDelayedCallback(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refuse = nil
	}, 25*time.Second)
	s.lesson = func(activities.LessonInput) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse != nil {
			return s.refuse
		}
		return nil
	}
	require.NoError(t, s.run())
}

// TestTheQueryTellsWhatIsRecorded checks that the query omits events not yet in the row: they may
// change when the worker dies before its workflow task is completed.
func TestTheQueryTellsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	// Fast events are recorded together, so each step waits until something was recorded.
	recorded := make(chan struct{}, 100)
	wait := func(activities.LessonInput) error { <-recorded; return nil }
	s.lesson, s.practice = wait, wait
	looks := 0
	s.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		if info.ActivityType.Name != "RecordProgress" {
			return
		}
		var in activities.RecordInput
		require.NoError(t, args.Get(&in))
		answer := s.ask()
		require.Equal(t, in.Events[0].Seq-1, answer.Seq)
		require.Len(t, answer.Events, int(answer.Seq-s.in.Seq))
		looks++
		recorded <- struct{}{}
	})
	require.NoError(t, s.run())
	require.Greater(t, looks, lessonCount)
	require.Len(t, s.ask().Events, len(s.row))
}
