package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
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
	stored   uuid.UUID // of the edited plan
	quizzes  []string  // format as lessons
	sources  error
	prepare  error
	refuse   error
	left     []activities.Event // in the row, by an attempt whose outcome was lost
	lost     []activities.Event // the end of the row, as an attempt whose outcome was lost left it
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
	s.RegisterActivity((&activities.CourseActivities{}).WriteLessonAndPractice)
	s.RegisterActivity((&activities.CourseActivities{}).WritePractice)
	s.RegisterActivity((&activities.CourseActivities{}).WriteSummary)
	s.script()
	return s
}

func (s *harness) script() {
	var progress *activities.ProgressActivities
	var writing *activities.CourseActivities
	var checking *activities.QualityActivities
	s.OnActivity(progress.AddProgress, mock.Anything, mock.Anything).Return(s.record).Maybe()
	s.OnActivity(progress.RecordProgress, mock.Anything, mock.Anything).Return(func(ctx context.Context, in activities.RecordInput) (int, error) {
		done, err := s.record(ctx, in)
		return done.Urgency, err
	}).Maybe()
	s.OnActivity(progress.SettleCourse, mock.Anything, mock.Anything).Return(s.finish).Maybe()
	s.OnActivity(writing.Prepare, mock.Anything, mock.Anything).Return(func(_ context.Context, _ uuid.UUID) (activities.Prepared, error) {
		return activities.Prepared{Generation: activities.Generation{Model: "gemma"}}, s.prepare
	}).Maybe()
	s.OnActivity(writing.WriteOutline, mock.Anything, mock.Anything).Return(s.refs(), nil).Maybe()
	s.OnActivity(writing.WriteLesson, mock.Anything, mock.Anything).Return(s.writeLesson).Maybe()
	s.OnActivity(writing.WritePractice, mock.Anything, mock.Anything).Return(s.writePractice).Maybe()
	s.OnActivity(writing.WriteLessonAndPractice, mock.Anything, mock.Anything).Return(s.writeWhole).Maybe()
	s.OnActivity(writing.WriteSummary, mock.Anything, mock.Anything).Return(func(context.Context, activities.SummaryInput) error { return nil }).Maybe()
	s.OnActivity(checking.ListLessons, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) ([]activities.LessonRef, error) { return s.there, nil }).Maybe()
	s.OnActivity(checking.EditPlan, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.EditInput) ([]activities.LessonRef, error) {
		s.edited, s.stored = in.Plan, in.PlanID
		if in.PlanID != uuid.Nil {
			return s.refs()[:3], nil
		}
		return s.refs()[:len(in.Plan.Lessons)], nil
	}).Maybe()
	var researching *activities.SourceActivities
	s.OnActivity(researching.FindSources, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) (activities.Research, error) {
		return activities.Research{}, s.sources
	}).Maybe()
	s.OnActivity(researching.PlaceSources, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) error { return nil }).Maybe()
	s.OnActivity(checking.FindWeakLessons, mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) ([]activities.WeakLesson, error) { return s.weak, nil }).Maybe()
}

func (s *harness) writeLesson(_ context.Context, in activities.LessonInput) error {
	return s.write(in, s.lesson, &s.lessons)
}

func (s *harness) writePractice(_ context.Context, in activities.LessonInput) error {
	return s.write(in, s.practice, &s.quizzes)
}

// writeWhole writes a text unless an attempt before did, and practice.
func (s *harness) writeWhole(ctx context.Context, in activities.WholeLessonInput) error {
	s.mu.Lock()
	there := slices.Contains(s.lessons, s.version(in.LessonInput))
	s.mu.Unlock()
	if !there {
		if err := s.writeLesson(ctx, in.LessonInput); err != nil {
			return err
		}
	}
	in.Revision = in.PracticeRevision
	return s.writePractice(ctx, in.LessonInput)
}

func (s *harness) write(in activities.LessonInput, do func(activities.LessonInput) error, written *[]string) error {
	if err := do(in); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*written = append(*written, s.version(in))
	return nil
}

func (s *harness) version(in activities.LessonInput) string {
	return fmt.Sprintf("%d/%d", s.number(in), in.Revision)
}

func (s *harness) record(_ context.Context, in activities.RecordInput) (activities.Recorded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return activities.Recorded{}, s.refuse
	}
	done := activities.Recorded{Urgency: 3}
	if s.left != nil { // as the row does: what is there stays, the rest follows
		s.append(s.left)
		for _, e := range in.Events {
			e.Seq, e.Progress = s.row[len(s.row)-1].Seq+1, max(e.Progress, s.row[len(s.row)-1].Progress)
			s.append([]activities.Event{e})
		}
		s.left, done.Events = nil, slices.Clone(s.row)
		return done, nil
	}
	s.append(in.Events)
	return done, nil
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

func (s *harness) finish(_ context.Context, in activities.FinishInput) (activities.Recorded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return activities.Recorded{Events: s.lost}, nil
	}
	s.append(in.Rest)
	s.finished = &in
	return activities.Recorded{Events: in.Rest}, nil
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
