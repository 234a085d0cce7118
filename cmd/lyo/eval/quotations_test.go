package eval_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/cmd/lyo/eval"
	"github.com/lyoapp/lyo/models/extractive"
)

func TestCoursesOfTheLibraryKeepTheBounds(t *testing.T) {
	t.Parallel()
	q, err := eval.QuoteLibrary()
	require.NoError(t, err)
	require.Len(t, q.Courses, 36)
	require.Len(t, q.Languages, 6)
	require.Empty(t, q.Faults())
}

func TestEachFigureHasItsBound(t *testing.T) {
	t.Parallel()
	good, err := eval.QuoteLibrary()
	require.NoError(t, err)
	for name, spoil := range map[string]func(f *eval.QuotedFigures){
		"courses made":              func(f *eval.QuotedFigures) { f.Made.N = 0 },
		"answer in the lesson":      func(f *eval.QuotedFigures) { f.AnswerInLesson = eval.Rate{N: 94, Of: 100} },
		"blank outside stop words":  func(f *eval.QuotedFigures) { f.OutsideStopWords = eval.Rate{N: 99, Of: 100} },
		"wrong options of the kind": func(f *eval.QuotedFigures) { f.SameKind = eval.Rate{N: 89, Of: 100} },
		"lessons of three sections": func(f *eval.QuotedFigures) { f.OfParts.N-- },
		"lessons in order":          func(f *eval.QuotedFigures) { f.InOrder = eval.Rate{} },
		"duplicates":                func(f *eval.QuotedFigures) { f.Duplicates = 1 },
		"dangling openings":         func(f *eval.QuotedFigures) { f.Dangling = 1 },
		"answers given away":        func(f *eval.QuotedFigures) { f.GivenAway = 1 },
		"unusable questions":        func(f *eval.QuotedFigures) { f.Unusable = 1 },
		"sections copied whole":     func(f *eval.QuotedFigures) { f.Whole = 1 },
		"not verbatim":              func(f *eval.QuotedFigures) { f.NotVerbatim = 1 },
	} {
		q := good
		q.Courses = slices.Clone(good.Courses)
		spoil(&q.Courses[0].Figures)
		require.Len(t, q.Faults(), 1, name)
		require.Contains(t, q.Faults()[0], ": "+name+" is ")
		require.Contains(t, q.Markdown(), q.Faults()[0])
	}
}

// What Evaluate counts is counted again without its rules, which are also the writer's: by other lists of
// words, other sentences and other kinds.
func TestCoursesOfTheLibraryAreGoodByOtherRules(t *testing.T) {
	t.Parallel()
	texts, err := eval.Library()
	require.NoError(t, err)
	common := map[string][]string{}
	for i := 0; i < len(texts); i += 2 {
		require.Equal(t, texts[i].Language, texts[i+1].Language)
		common[texts[i].Language] = commonest(texts[i].Markdown, texts[i+1].Markdown)
	}
	for language, words := range map[string]string{"de": "und", "en": "the", "es": "que", "fr": "est", "hi": "है", "ja": "は"} {
		require.Contains(t, common[language], words)
	}
	for _, text := range texts {
		for _, level := range []string{"beginner", "intermediate", "advanced"} {
			r := text.Request(level)
			c, ok := extractive.Write(r)
			require.True(t, ok)
			j := judge{request: r, course: c, source: text.Markdown, common: common[text.Language]}
			j.all()
			for _, f := range j.found {
				t.Errorf("%s, %s: %s", text.File, level, f)
			}
		}
	}
}

// The other rules find what is planted in a good course.
func TestTheOtherRulesFindFaults(t *testing.T) {
	t.Parallel()
	texts, err := eval.Library()
	require.NoError(t, err)
	text := texts[slices.IndexFunc(texts, func(t eval.Text) bool { return t.File == "en-tides.md" })]
	const invented = "An invented sentence."
	for want, plant := range map[string]func(l *extractive.Lesson){
		"not in the source":      func(l *extractive.Lesson) { l.Parts[0].Quotes[0] = extractive.Quote{Source: 1, End: len(invented)} },
		"opens a paragraph with": func(l *extractive.Lesson) { l.Introduction[0] = at(text, "It does not lift the sea", "nail.") },
		"twice":                  func(l *extractive.Lesson) { l.Parts[0].Quotes = append(l.Parts[0].Quotes, l.Introduction[0]) },
		"out of order":           func(l *extractive.Lesson) { slices.Reverse(l.Parts) },
		"2 headed sections":      func(l *extractive.Lesson) { l.Parts[1].Heading = "" },
		"sentences shown of": func(l *extractive.Lesson) {
			l.Parts[0].Quotes = []extractive.Quote{
				at(text, "A tide is the slow", "the trough."), at(text, "On most coasts there", "each day."),
				at(text, "The tidal range is", "mud and sand."), at(text, "The rising tide", "can swim."),
			}
		},
		"asked twice":            func(l *extractive.Lesson) { l.Questions[1] = l.Questions[0] },
		"is given away by":       func(l *extractive.Lesson) { l.Questions[1].Prompt += " " + *right(l) },
		"is in its own question": func(l *extractive.Lesson) { l.Questions[0].Prompt += *right(l) },
		"opens with a pronoun":   func(l *extractive.Lesson) { l.Questions[0].Prompt = "Which term is meant? This is a ____." },
		"has no label":           func(l *extractive.Lesson) { l.Questions[0].Prompt = "This is a ____." },
		"is not in the lesson":   func(l *extractive.Lesson) { *right(l) = "perigees" },
		"does not fill":          func(l *extractive.Lesson) { *right(l) = "wave" },
		"is a common word":       func(l *extractive.Lesson) { *right(l) = "the" },
		"is not of the kind":     func(l *extractive.Lesson) { *right(l) = "13" },
		"not four options":       func(l *extractive.Lesson) { *right(l) = "distance" },
	} {
		c, ok := extractive.Write(text.Request("intermediate"))
		require.True(t, ok)
		plant(&c.Lessons[0])
		j := judge{request: text.Request("intermediate"), course: c, source: text.Markdown, common: []string{"the"}}
		j.request.Sources = append(j.request.Sources, extractive.Source{Text: invented})
		j.all()
		require.Contains(t, strings.Join(j.found, "\n"), want)
	}
}

// right is the answer to the first question of a lesson.
func right(l *extractive.Lesson) *string { return &l.Questions[0].Options[l.Questions[0].Answer] }

// at returns where a text has what begins and ends with some words.
func at(text eval.Text, begins, ends string) extractive.Quote {
	start := strings.Index(text.Markdown, begins)
	return extractive.Quote{Start: start, End: start + strings.Index(text.Markdown[start:], ends) + len(ends)}
}

// wordsIn returns the words of a text in small letters; where no spaces divide them, runs of one script.
func wordsIn(text string) []string {
	return regexp.MustCompile(`\p{Hiragana}+|[\p{Katakana}ー]+|\p{Han}+|[\p{L}\p{M}]+`).FindAllString(strings.ToLower(text), -1)
}

// nouns are those that both texts of a language happen to have often.
var nouns = []string{"wasser", "agua", "superficie", "भारत", "日本"}

// commonest returns the 50 words that are in most paragraphs of two texts on different topics.
func commonest(one, other string) []string {
	const most = 50
	count := func(text string) map[string]int {
		in := map[string]int{}
		for p := range strings.SplitSeq(text, "\n\n") {
			words := wordsIn(p)
			slices.Sort(words)
			for _, w := range slices.Compact(words) {
				in[w]++
			}
		}
		return in
	}
	a, b := count(one), count(other)
	words := slices.SortedFunc(maps.Keys(a), func(x, y string) int {
		return cmp.Or(cmp.Compare(min(a[y], b[y]), min(a[x], b[x])), cmp.Compare(x, y))
	})
	return words[:min(most, len(words))]
}

// judge collects what is wrong with a course.
type judge struct {
	request extractive.Request
	course  extractive.Course
	source  string
	common  []string
	found   []string
}

func (j *judge) requiref(is bool, format string, args ...any) {
	if !is {
		j.found = append(j.found, fmt.Sprintf(format, args...))
	}
}

func (j *judge) all() {
	stems := map[string]bool{}
	shown := ""
	for i, l := range j.course.Lessons {
		markdown, _ := extractive.Markdown(j.course, i, j.request)
		shown += j.lesson(i, l, markdown)
		for n, q := range l.Questions {
			j.question(q, markdown)
			j.requiref(!stems[q.Prompt], "asked twice: %s", q.Prompt)
			stems[q.Prompt] = true
			for m, p := range l.Questions {
				j.requiref(m == n || !wholeIn(p.Prompt, q.Options[q.Answer]), "%q is given away by: %s", q.Options[q.Answer], p.Prompt)
			}
		}
	}
	j.sections(shown)
}

var (
	citation = regexp.MustCompile(` \[\d+\]$`)
	stop     = regexp.MustCompile(`[.!?]\s+|[。।]\s*`)
)

// lesson judges the text of a lesson and returns what it quotes.
func (j *judge) lesson(i int, l extractive.Lesson, markdown string) string {
	headed, last, quoted := 0, 0, ""
	sentences := map[string]bool{}
	for p := range strings.SplitSeq(strings.TrimSpace(markdown), "\n\n") {
		switch {
		case strings.HasPrefix(p, "## "), strings.HasPrefix(p, "- "):
			continue
		case strings.HasPrefix(p, "#"), !citation.MatchString(p):
			j.requiref(false, "lesson %d has what is no quotation: %s", i, p)
			continue
		}
		p = citation.ReplaceAllString(p, "")
		at := strings.Index(j.source, p)
		j.requiref(at >= 0, "lesson %d, not in the source: %s", i, p)
		j.requiref(!pronoun(p, j.request.Language), "lesson %d opens a paragraph with a pronoun: %s", i, p)
		for _, s := range stop.Split(p, -1) {
			j.requiref(s == "" || !sentences[s], "lesson %d, twice: %s", i, s)
			sentences[s] = true
		}
		if quoted != "" || len(l.Introduction) == 0 {
			j.requiref(at >= last || j.request.Level == "beginner", "lesson %d, out of order: %s", i, p)
			last = at
		}
		quoted += p + "\n"
	}
	for _, p := range l.Parts {
		headed += strings.Count(markdown, "## "+p.Heading+"\n\n")
	}
	j.requiref(headed >= 3 && headed == len(l.Parts), "lesson %d has %d headed sections", i, headed)
	return quoted
}

func (j *judge) question(q extractive.Question, markdown string) {
	answer := q.Options[q.Answer]
	labels := extractive.LabelsOf(j.request.Language)
	label := map[extractive.Kind]string{extractive.Cloze: labels.Gap, extractive.Definition: labels.Term, extractive.Number: labels.Number}[q.Kind]
	stem, is := strings.CutPrefix(q.Prompt, label+" ")
	j.requiref(is && label != "", "has no label: %s", q.Prompt)
	j.requiref(strings.Contains(strings.ToLower(markdown), strings.ToLower(answer)), "%q is not in the lesson", answer)
	j.requiref(strings.Contains(strings.ToLower(j.source), strings.ToLower(strings.ReplaceAll(stem, extractive.Blank, answer))), "%q does not fill: %s", answer, q.Prompt)
	j.requiref(!strings.Contains(strings.ToLower(strings.ReplaceAll(stem, extractive.Blank, "")), strings.ToLower(answer)), "%q is in its own question: %s", answer, q.Prompt)
	j.requiref(!pronoun(stem, j.request.Language), "opens with a pronoun: %s", stem)
	says := slices.ContainsFunc(wordsIn(answer), func(w string) bool { return !slices.Contains(j.common, w) || slices.Contains(nouns, w) })
	j.requiref(q.Kind == extractive.Number || says, "%q is a common word: %s", answer, q.Prompt)
	distinct := map[string]bool{}
	for _, o := range q.Options {
		distinct[strings.ToLower(o)] = true
		j.requiref(kind(o) == kind(answer), "%q (%s) is not of the kind of %q (%s): %s", o, kind(o), answer, kind(answer), q.Prompt)
		j.requiref(strings.Contains(strings.ToLower(j.source), strings.ToLower(o)), "%q is not in the source", o)
	}
	j.requiref(len(distinct) == 4, "%q: not four options: %v", answer, q.Options)
}

// sections requires that no section of the source is shown as a whole.
func (j *judge) sections(shown string) {
	for section := range strings.SplitSeq(j.source, "\n## ") {
		_, body, _ := strings.Cut(section, "\n\n")
		all, some := 0, 0
		for _, s := range stop.Split(body, -1) {
			if strings.TrimSpace(s) != "" {
				all++
				if strings.Contains(shown, strings.TrimSpace(s)) {
					some++
				}
			}
		}
		j.requiref(all < 2 || some*4 <= all*3, "%d of %d sentences shown of: %s", some, all, section[:min(len(section), 40)])
	}
}

var fraction = regexp.MustCompile(`^\p{Nd}+[.,](\p{Nd}{1,2}|\p{Nd}{4,})$`) // three digits may be a thousand

// kind is the script that an option is in, and whether it is a fraction.
func kind(option string) string {
	kinds := []string{fmt.Sprint("fraction: ", fraction.MatchString(option))}
	for _, r := range option {
		switch {
		case r >= '0' && r <= '9':
			kinds = append(kinds, "digits")
		case unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han):
			kinds = append(kinds, "Japanese")
		case unicode.Is(unicode.Devanagari, r):
			kinds = append(kinds, "Devanagari")
		case unicode.Is(unicode.Latin, r):
			kinds = append(kinds, "Latin")
		}
	}
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), "+")
}

// wholeIn reports whether a text has a word or a phrase in it as a whole; in Japanese, anywhere.
func wholeIn(text, phrase string) bool {
	for at := range text {
		rest, is := strings.CutPrefix(strings.ToLower(text[at:]), strings.ToLower(phrase))
		if !is {
			continue
		}
		inside := func(s string) bool {
			return strings.IndexFunc(s, func(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.Nd) }) == 0
		}
		before := []rune(text[:at])
		if strings.Contains(kind(phrase), "Japanese") || !inside(rest) && (len(before) == 0 || !inside(string(before[len(before)-1:]))) {
			return true
		}
	}
	return false
}

// pronoun reports whether a text opens with a word that stands for something said before.
func pronoun(text, language string) bool {
	words := map[string]string{
		"de": "er sie es dieser diese dieses dies jener jene jenes ihm ihn ihr ihnen deren dessen",
		"en": "he she it they this these that those his her its their him them such",
		"es": "él ella ello ellos ellas este esta esto estos estas ese esa eso esos esas aquel aquella",
		"fr": "il elle ils elles ce ceci cela celui celle ceux celles leur leurs",
		"hi": "यह वह ये वे इस इसे इन इन्हें इसका इसकी इसके उस उसे उन उन्हें उसका उसकी उसके",
		"ja": "これ それ あれ この その あの ここ そこ こう そう",
	}
	for w := range strings.FieldsSeq(words[language]) {
		if rest, is := strings.CutPrefix(strings.ToLower(text), w); is && (language == "ja" || rest == "" || strings.ContainsAny(rest[:1], " ,")) {
			return true
		}
	}
	return false
}
