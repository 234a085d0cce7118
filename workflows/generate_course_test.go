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
