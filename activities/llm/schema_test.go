package llm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchemasObeyTheRulesEveryServerKeeps(t *testing.T) {
	t.Parallel()
	for name, form := range loadForms() {
		var schema map[string]any
		require.NoError(t, json.Unmarshal(form.schema, &schema))
		walk(t, name, schema)
	}
}

// readAs parses a text as the answer to a task.
func readAs[T any](c *Client, name string, read reader[T], text string) (T, []string) {
	return read(task{form: c.forms[name]}, text)
}

func walk(t *testing.T, at string, s map[string]any) {
	known := []string{"type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"}
	for key := range s {
		require.Contains(t, known, key, at)
	}
	switch s["type"] {
	case "object":
		require.Equal(t, false, s["additionalProperties"], at)
		properties := s["properties"].(map[string]any)
		require.Len(t, s["required"], len(properties), at)
		for name, p := range properties {
			require.True(t, slices.Contains(s["required"].([]any), any(name)), at+"."+name)
			walk(t, at+"."+name, p.(map[string]any))
		}
	case "array":
		require.Contains(t, s, "minItems", at)
		require.LessOrEqual(t, s["maxItems"], 30.0, at)
		walk(t, at+"[]", s["items"].(map[string]any))
	case "string":
		require.LessOrEqual(t, s["maxLength"], 400.0, at)
	default:
		require.Equal(t, "integer", s["type"], at)
	}
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	c := New(Options{BaseURL: "http://127.0.0.1:1/v1", Model: "m"})
	good := `{"study_questions":["a","b"],"key_terms":[],"quiz":[` + question("0") + `,` + question("3") + `]}`
	for name, text := range map[string]string{
		"good": good, "fenced": "```json\n" + good + "\n```", "bare fence": "```\n" + good + "```", "spaces and mark": "\uFEFF \n" + good + "\n",
		"words after": good + " done", "words before": "Here it is, as {asked}: " + good, "list": "[" + good + "]", "fence in words": "So:\n```json\n" + good + "\n```\nBye {}",
		"one line": "```json " + good + " ```", "said twice": good + good, "whole number": strings.Replace(good, `"answer":3`, `"answer":3.0`, 1),
		"exponent": strings.Replace(good, `"answer":3`, `"answer":0.3e1`, 1), "control": strings.Replace(good, `"p"`, `"p\u0000"`, 1),
	} {
		_, found := readAs(c, "practice", PracticeRequest{}.read, text)
		require.Empty(t, found, name)
	}
	for name, text := range map[string]string{
		"two": good + strings.Replace(good, "why", "because", 1), "null": "null", "deep": strings.Repeat("[", 100_000), "open": strings.Repeat(`{"a":`, 20_000),
		"unknown": strings.Replace(good, `{"study`, `{"more":1,"study`, 1), "case": strings.Replace(good, "quiz", "Quiz", 1),
		"range": strings.Replace(good, `"answer":3`, `"answer":4`, 1), "fraction": strings.Replace(good, `"answer":3`, `"answer":1.5`, 1),
		"twins":  strings.ReplaceAll(good, `"w"`, `"X "`),
		"blank":  strings.ReplaceAll(good, `"why"`, `"  "`),
		"one":    `{"study_questions":["a","b"],"key_terms":[],"quiz":[` + question("0") + `]}`,
		"spaces": strings.Replace(good, `["a","b"]`, `["\t"," "]`, 1),
	} {
		_, found := readAs(c, "practice", PracticeRequest{}.read, text)
		require.NotEmpty(t, found, name)
	}
}

func TestWhatAPracticeCanDoWithoutIsDropped(t *testing.T) {
	t.Parallel()
	c := New(Options{BaseURL: "http://127.0.0.1:1/v1", Model: "m"})
	twins := strings.Replace(question("1"), `"w"`, `"X "`, 1)
	text := `{"study_questions":["a [S1]"," ","A"],"key_terms":[{"term":"t","definition":"d"},{"term":"T","definition":"e"},{"term":" ","definition":"f"}],"quiz":[` +
		twins + `,` + question("2") + `,` + question("3") + `]}`
	p, found := readAs(c, "practice", PracticeRequest{}.read, text)
	require.Empty(t, found)
	require.Equal(t, []string{"a"}, p.StudyQuestions)
	require.Equal(t, []KeyTerm{{"t", "d"}}, p.KeyTerms)
	require.Len(t, p.Quiz, 1, "two ask the same, one has two equal options")
	require.Equal(t, 2, p.Quiz[0].Answer)
}

func question(answer string) string {
	return `{"prompt":"p","options":["w","x","y","z"],"explanation":"why","answer":` + answer + `}`
}

func TestOutlineProblems(t *testing.T) {
	t.Parallel()
	plan := func(title string) LessonPlan {
		return LessonPlan{Title: title, Summary: "s", Objectives: []string{"o"}, Minutes: 10}
	}
	o := Outline{Title: "t", Summary: "s", Description: "d", Lessons: []LessonPlan{plan("a"), plan("b"), plan("c")}}
	require.Empty(t, outlineProblems(o))
	o.Lessons[0].Prerequisites = []string{"Sums", "B", "a"}
	o.Lessons[2].Prerequisites = []string{"A", "c"}
	o.dropForwardReferences()
	require.Equal(t, [][]string{{"Sums"}, {"A"}}, [][]string{o.Lessons[0].Prerequisites, o.Lessons[2].Prerequisites})
	o.Lessons[2] = plan("A")
	require.Equal(t, []string{"lesson 3 has the title of an earlier lesson"}, []string(outlineProblems(o)))
	o.Lessons = o.Lessons[:2]
	require.Equal(t, []string{"lessons: there are 2, wanted are 3 to 8"}, []string(outlineProblems(o)))
}
