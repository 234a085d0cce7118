package llm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// endless returns a lesson whose sentences are far too long for a beginner.
func endless() llmtest.Fault {
	var b strings.Builder
	b.WriteString("# Water\n\n")
	for i := range 8 {
		b.WriteString("Water")
		for j := range 60 {
			fmt.Fprintf(&b, " word%d", i*60+j)
		}
		b.WriteString(".\n\n")
	}
	return llmtest.Text(b.String())
}

func TestAReadingLevelThatMissesLosesNoLesson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		repair  llmtest.Fault // of the second answer; nil: a good one
		tooHard bool
	}{
		"repaired":                  {nil, false},
		"still too hard":            {endless(), true},
		"its repair is a refusal":   {llmtest.Refusal(), true},
		"its repair repeats itself": {llmtest.Repeat(), true},
		"its repair is not written": {llmtest.Status(503), true},
		"its repair is cut":         {llmtest.Cut(), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t)
			s.On(llmtest.Lesson, 1, endless())
			if c.repair != nil {
				s.On(llmtest.Lesson, 2, c.repair)
			}
			text, usage, err := client(t, s).Lesson(long(t), lesson(), nil)
			require.NoError(t, err)
			require.Equal(t, c.tooHard, text.TooHard)
			require.Equal(t, c.tooHard, strings.Contains(text.Markdown, "word479"))
			require.Equal(t, []int{2, 1}, []int{usage.Calls, usage.Repairs})
			require.False(t, text.Shortened)
			turns := s.Requests()[1].Messages
			require.Contains(t, turns[len(turns)-1].Content, "far too long for the level")
		})
	}
	s := llmtest.New(t)
	s.On(llmtest.Lesson, 0, endless())
	advanced := lesson()
	advanced.Brief.Level = "advanced"
	text, usage, err := client(t, s).Lesson(long(t), advanced, nil)
	require.NoError(t, err)
	require.False(t, text.TooHard)
	require.Equal(t, 1, usage.Calls)
}

func TestARefusedLessonWhoseRepairIsTooHardIsKept(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	s.On(llmtest.Lesson, 1, llmtest.InventedLink())
	s.On(llmtest.Lesson, 2, endless())
	text, _, err := client(t, s).Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	require.True(t, text.TooHard)
	require.Equal(t, 2, s.Count(llmtest.Lesson))
}
