package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// written returns the course's lessons, all with the given versions.
func (s *harness) written(revision, practice int) []activities.LessonRef {
	refs := s.refs()
	for i := range refs {
		refs[i].Revision, refs[i].PracticeRevision = revision, practice
	}
	return refs
}

func regenerate(t *testing.T, section string) *harness {
	t.Helper()
	s := newHarness(t)
	s.again = &workflows.RegenerateCourseInput{Section: section}
	s.there = s.written(2, 5)
	return s
}

func TestALessonIsWrittenAgainWithItsPractice(t *testing.T) {
	t.Parallel()
	s := regenerate(t, activities.SectionLessons)
	s.again.LessonID = &s.there[1].ID
	require.NoError(t, s.run())
	require.Equal(t, []string{"2/3"}, s.lessons)
	require.Equal(t, []string{"2/6"}, s.quizzes)
	require.Nil(t, s.finished.Generation, "what the whole course came from stays")
	require.Equal(t, activities.Done, s.last().State)
}

func TestAllLessonsOfAWholeCourseAreWrittenAgain(t *testing.T) {
	t.Parallel()
	s := regenerate(t, activities.SectionLessons)
	s.weak = []activities.WeakLesson{{ID: s.there[0].ID, Number: 1, Reasons: []string{"short"}}}
	require.NoError(t, s.run())
	require.ElementsMatch(t, []string{"1/3", "2/3", "3/3", "4/3", "1/4"}, s.lessons, "and the weak one once more")
}

func TestOfACourseWithHolesOnlyTheHolesAreWritten(t *testing.T) {
	t.Parallel()
	s := regenerate(t, activities.SectionLessons)
	s.there[1].Revision, s.there[1].PracticeRevision = 0, 0
	s.there[3].PracticeRevision = 0
	require.NoError(t, s.run())
	require.Equal(t, []string{"2/1"}, s.lessons)
	require.ElementsMatch(t, []string{"2/1", "4/1"}, s.quizzes)
}

func TestACourseWithoutAPlanIsPlannedFirst(t *testing.T) {
	t.Parallel()
	s := regenerate(t, activities.SectionLessons)
	s.there = nil
	require.NoError(t, s.run())
	require.Len(t, s.lessons, lessonCount)
	require.Equal(t, "gemma", s.finished.Generation.Model)
}

func TestItemsAndSummaryLeaveTheTextsAlone(t *testing.T) {
	t.Parallel()
	for _, section := range []string{activities.SectionItems, activities.SectionSummary} {
		s := regenerate(t, section)
		require.NoError(t, s.run())
		require.Empty(t, s.lessons)
		require.Equal(t, section == activities.SectionItems, len(s.quizzes) == lessonCount)
	}
}

func TestARegenerationThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	s := regenerate(t, activities.SectionLessons)
	s.lesson = func(in activities.LessonInput) error {
		if s.number(in) == 3 {
			return final(activities.FailureBadAnswer)
		}
		return nil
	}
	require.Error(t, s.run())
	require.Equal(t, "unfinished", s.last().Fault.Code)
	require.Len(t, s.lessons, 3)
}
