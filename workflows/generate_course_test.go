package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

func TestATopicBecomesACourse(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	require.NoError(t, s.run())
	last := s.last()
	require.Equal(t, activities.Done, last.State)
	require.Equal(t, 100, last.Progress)
	require.ElementsMatch(t, []string{"1/1", "2/1", "3/1", "4/1"}, s.lessons)
	require.Equal(t, "gemma", s.finished.Generation.Model)
	require.Equal(t, &activities.Research{}, s.finished.Research)
	var steps []string
	for _, e := range s.row {
		if len(steps) == 0 || steps[len(steps)-1] != e.Step {
			steps = append(steps, e.Step)
		}
	}
	require.Equal(t, []string{"prepare", "sources", "outline", "lessons", "items", "quality", "done"}, steps)
}

// TestACourseIsFewActivities counts those that Temporal hands out.
func TestACourseIsFewActivities(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	counts := map[string]int{}
	s.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		s.mu.Lock()
		defer s.mu.Unlock()
		counts[info.ActivityType.Name]++
	})
	require.NoError(t, s.run())
	require.Equal(t, map[string]int{"Prepare": 1, "FindSources": 1, "WriteOutline": 1, "WriteLessonAndPractice": lessonCount}, counts)
}

// TestARunOfBeforeGoesOnAsItBegan has the run decide as those did that began before leanRuns existed.
func TestARunOfBeforeGoesOnAsItBegan(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.OnGetVersion("LeanRuns", workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	local := 0
	s.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { local++ })
	require.NoError(t, s.run())
	require.Zero(t, local)
	require.Equal(t, activities.Done, s.last().State)
	require.Len(t, s.lessons, lessonCount)
	require.Len(t, s.quizzes, lessonCount)
}

// TestEventsThatALostTaskLeftAreTakenOver has the row be ahead of the run, which a worker's death brings about.
func TestEventsThatALostTaskLeftAreTakenOver(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.left = []activities.Event{{Seq: 2, State: activities.Running, Progress: 15, Step: "sources", Message: "said before"}}
	require.NoError(t, s.run())
	events := s.events()
	require.Equal(t, "said before", events[0].Message)
	require.Equal(t, "prepare", events[1].Step)
	require.Equal(t, 15, events[1].Progress, "it never falls")
	require.Equal(t, activities.Done, s.last().State)
}

// TestATaskThatIsDoneStaysDone has its end be committed in a workflow task that is lost, and the next one find a cancel.
func TestATaskThatIsDoneStaysDone(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.lost = []activities.Event{{Seq: 99, State: activities.Done, Progress: 100, Step: "done", Message: "Your course is ready"}}
	s.lesson = func(activities.LessonInput) error { return unavailable() } // keeps it busy
	s.RegisterDelayedCallback(s.CancelWorkflow, 5*time.Second)
	require.NoError(t, s.run())
	said := s.ask().Events
	require.Equal(t, activities.Done, said[len(said)-1].State)
}

func TestSourcesThatCannotBeHadDoNotHoldUpACourse(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.sources = errors.New("no network")
	require.NoError(t, s.run())
	require.Equal(t, &activities.Research{SitesUnreachable: true}, s.finished.Research)
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

// TestTheQueryReportsWhatIsRecorded checks that the query omits events not yet in the row: they may
// change when the worker dies before its workflow task is completed.
func TestTheQueryReportsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	// Fast events are recorded together, so each lesson waits until something was recorded.
	recorded := make(chan struct{}, 100)
	s.lesson = func(activities.LessonInput) error { <-recorded; return nil }
	looks := 0
	s.SetOnLocalActivityStartedListener(func(info *activity.Info, _ context.Context, args []any) {
		if info.ActivityType.Name != "AddProgress" {
			return
		}
		in, ok := args[0].(activities.RecordInput)
		require.True(t, ok)
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
