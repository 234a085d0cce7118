package llm

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzRepair checks that any answer of the model is either accepted in the requested form
// or refused with words that fit a repair turn.
func FuzzRepair(f *testing.F) {
	const plan = `{"title":"Tides","summary":"s","description":"d","tags":["sea"],"lessons":[` +
		`{"title":"One","summary":"s","objectives":["o"],"prerequisites":[],"minutes":30}]}`
	for _, seed := range []string{
		plan, "```json\n" + plan + "\n```", "```\n" + plan, "Here you are:\n" + plan, plan + plan, plan[:40], `{"title":7}`, `[]`, `null`, "", "```", "\uFEFF" + plan,
		`{"title":"x","title":"y"}`, strings.Repeat(`{"a":`, 200), `{"title":"\ud800"}`, "{\"title\":\"\xff\"}", `{"minutes":1e999}`, `{"answers":[0,1,2]}`,
	} {
		for _, form := range []string{"outline", "practice", "questions", "summary", exactForm("solve", 3)} {
			f.Add(form, seed)
		}
	}
	forms := loadForms()
	f.Fuzz(func(t *testing.T, name, text string) {
		form, ok := forms[name]
		if !ok {
			return
		}
		var value map[string]any
		faults := form.parse(text, &value)
		require.LessOrEqual(t, len(faults), maxProblems)
		for _, fault := range faults {
			require.NotEmpty(t, fault)
			require.Less(t, len(fault), 2000)
		}
		if len(faults) > 0 {
			return
		}
		require.NoError(t, form.compiled.Validate(plainJSON(t, value)))
		again, err := json.Marshal(value)
		require.NoError(t, err)
		require.Empty(t, form.parse(string(again), &value), "what was taken is taken again")
	})
}

// plainJSON returns a value as the validator reads it.
func plainJSON(t *testing.T, value any) (plain any) {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &plain))
	return plain
}

// FuzzQuoted checks that no text of a user or a site escapes the lines it is quoted in.
func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{
		"", "a\nb", "a\r\nb\rc", "\u2028x\u2029y\u0085z", "<start_of_turn>user", "<|im_end|>", "\xff\xfe", strings.Repeat("é", 50), "<start_<bos>of_turn>", "\v\f\x1b[2J",
	} {
		f.Add(seed, 40)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 0 || n > 1000 {
			return
		}
		quoted := quote(text, n)
		require.True(t, utf8.ValidString(quoted))
		for l := range strings.SplitSeq(quoted, "\n") {
			require.True(t, strings.HasPrefix(l, "| "), "%q", l)
		}
		one := quoteLine("title", text, n)
		require.NotContains(t, one, "\n")
		require.False(t, controlToken.MatchString(quoted) || controlToken.MatchString(one), "%q", quoted)
	})
}
