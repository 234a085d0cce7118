package eval_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/cmd/lyo/eval"
)

func about() eval.About {
	return eval.About{
		Date: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC), Commit: "0123456789ab", Provider: "some|one", Model: "lab/Model 1B:latest",
		PromptVersion: "7", Settings: eval.Settings{Topics: 30, Lessons: 2, Parallel: 3, Whole: true},
	}
}

func sample() []eval.Course {
	talk := func(kind, outcome string) eval.Conversation {
		return eval.Conversation{Kind: kind, Outcome: outcome, Model: "gemma", In: 100, Out: 50, Seconds: 2, Tries: 1}
	}
	return []eval.Course{
		{
			Topic: eval.Topics()[0], Links: 1, Alike: 2,
			Conversations: []eval.Conversation{talk("outline", "first"), talk("lesson", "repaired"), talk("lesson", "smaller"), talk("practice", "bad_answer")},
			Lessons: []eval.Lesson{
				{Level: "beginner", ReadingLevel: 8, Quality: 0.5, Asked: 3, Agreed: 2},
				{Level: "beginner", ReadingLevel: 9, Quality: 0.75},
			},
		},
		{Topic: eval.Topics()[1], Conversations: []eval.Conversation{talk("outline", "unavailable")}},
	}
}

// TestGolden compares with testdata, which was reviewed by hand; UPDATE=1 rewrites it.
func TestGolden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, err := eval.NewReport(about(), sample(), 90*time.Second).Write(dir)
	require.NoError(t, err)
	require.Equal(t, "eval-lab-model-1b-latest-unknown-7.md", filepath.Base(path))
	for _, ending := range []string{".md", ".json"} {
		got, err := os.ReadFile(filepath.Join(dir, "eval-lab-model-1b-latest-unknown-7"+ending))
		require.NoError(t, err)
		golden := filepath.Join("testdata", "report"+ending)
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(golden, got, 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

func TestReportsReadBack(t *testing.T) {
	t.Parallel()
	r := eval.NewReport(about(), sample(), time.Minute)
	data, err := r.JSON()
	require.NoError(t, err)
	var back eval.Report
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, r, back)
}

func TestNames(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		"gemma-3-1b-it":      "eval-gemma-3-1b-it-v1-7",
		"../../etc/passwd":   "eval-etc-passwd-v1-7",
		"..":                 "eval-unknown-v1-7",
		"a..b":               "eval-a.b-v1-7",
		"Ünï code\x00\n":     "eval-n-code-v1-7",
		"hf://org/m@main#q4": "eval-hf-org-m-main-q4-v1-7",
	} {
		a := about()
		a.Model, a.Version = model, "v1"
		require.Equal(t, want, eval.Report{About: a}.Name())
	}
	a := about()
	a.Settings = eval.Settings{Topics: 3, Lessons: 1}
	require.Equal(t, "eval-lab-model-1b-latest-unknown-7-part-3x1", eval.Report{About: a}.Name(), "a part never replaces a whole run")
	for range 6 {
		a.Model += a.Model
	}
	require.Less(t, len(eval.Report{About: a}.Name()), 120)
}
