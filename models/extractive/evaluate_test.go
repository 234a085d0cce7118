package extractive_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/extractive"
)

// Each fault that is planted in a good course is counted.
func TestEvaluateFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	s := samples(t)["en"]
	r := extractive.Request{Language: "en", Level: "intermediate", Sources: []extractive.Source{s}}
	for name, fault := range map[string]struct {
		plant func(c *extractive.Course)
		found func(f extractive.Figures) bool
	}{
		"a part of a sentence": {func(c *extractive.Course) { c.Lessons[0].Parts[0].Quotes[0].End -= 3 }, func(f extractive.Figures) bool { return f.NotVerbatim == 1 }},
		"out of bounds":        {func(c *extractive.Course) { c.Lessons[0].Parts[0].Quotes[0].Source = 7 }, func(f extractive.Figures) bool { return f.NotVerbatim == 1 }},
		"a sentence twice": {func(c *extractive.Course) {
			l := &c.Lessons[0]
			l.Parts[1].Quotes = append(l.Parts[1].Quotes, l.Introduction...)
		}, func(f extractive.Figures) bool { return f.Duplicates > 0 }},
		"a question twice":          {func(c *extractive.Course) { l := &c.Lessons[0]; l.Questions = append(l.Questions, l.Questions[0]) }, func(f extractive.Figures) bool { return f.Duplicates == 1 }},
		"an answer of another page": {func(c *extractive.Course) { c.Lessons[0].Questions = c.Lessons[4].Questions }, func(f extractive.Figures) bool { return f.AnswerInLesson < 1 }},
		"a stop word left out": {func(c *extractive.Course) {
			q := &c.Lessons[0].Questions[0]
			q.Options = []string{"the", "of", "at", "in"}
			q.Answer = 0
		}, func(f extractive.Figures) bool { return f.OutsideStopWords < 1 }},
		"an option of another kind": {func(c *extractive.Course) {
			q := &c.Lessons[0].Questions[0]
			q.Options = []string{q.Options[q.Answer], "NASA", "1815", "x"}
			q.Answer = 0
		}, func(f extractive.Figures) bool { return f.SameKind < 1 }},
		"an option twice": {func(c *extractive.Course) {
			q := &c.Lessons[0].Questions[0]
			q.Options[0], q.Options[1] = "Rock", "rock"
		}, func(f extractive.Figures) bool { return f.Unusable == 1 }},
		"no gap": {func(c *extractive.Course) { c.Lessons[0].Questions[0].Prompt = "Which?" }, func(f extractive.Figures) bool { return f.Unusable == 1 }},
		"an answer given away": {func(c *extractive.Course) {
			q := c.Lessons[0].Questions
			q[1].Prompt += " " + q[0].Options[q[0].Answer]
		}, func(f extractive.Figures) bool { return f.GivenAway > 0 }},
		"a section as a whole": {func(c *extractive.Course) {
			c.Lessons[0].Parts[0].Quotes = []extractive.Quote{{End: s.Sections[0].Start - len("Magma and lava\n\n")}}
			c.Lessons[0].Introduction = nil
		}, func(f extractive.Figures) bool { return f.Whole+f.NotVerbatim > 0 }},
		"two parts":          {func(c *extractive.Course) { c.Lessons[0].Parts = c.Lessons[0].Parts[:2] }, func(f extractive.Figures) bool { return f.OfParts < 1 }},
		"parts out of order": {func(c *extractive.Course) { p := c.Lessons[0].Parts; p[0], p[1] = p[1], p[0] }, func(f extractive.Figures) bool { return f.InOrder < 1 }},
	} {
		c, ok := extractive.Write(r)
		require.True(t, ok)
		fault.plant(&c)
		require.True(t, fault.found(extractive.Evaluate(r, c)), "%s: %+v", name, extractive.Evaluate(r, c))
	}
}
