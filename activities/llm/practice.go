package llm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
)

type practiceAnswer struct {
	StudyQuestions []string         `json:"study_questions"`
	KeyTerms       []KeyTerm        `json:"key_terms"`
	Quiz           []questionAnswer `json:"quiz"`
}

type questionAnswer struct {
	Prompt      string   `json:"prompt"`
	Options     []string `json:"options"`
	Explanation string   `json:"explanation"`
	Answer      int      `json:"answer"`
}

// read parses an answer's text into a practice, or returns what is wrong with it.
//
// Left out are citation marks, blank and double study questions and terms, and quiz questions
// that are blank, double or without four different options. Refused is a practice without a
// remaining study question or quiz question, a refusal, another language, links that the
// lesson does not contain, and HTML.
func (r PracticeRequest) read(t task, text string) (Practice, []string) {
	var a practiceAnswer
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return Practice{}, problems
	}
	p := Practice{StudyQuestions: distinctLines(each(a.StudyQuestions, unmarked)), KeyTerms: usableTerms(a.KeyTerms)}
	var found problems
	p.Quiz, found = usableQuestions(a.Quiz, len(a.Quiz), nil)
	if len(p.StudyQuestions) == 0 {
		found.addf("study_questions: all are blank")
	}
	return p, append(found, p.proseProblems(r.Brief, r.LessonText)...)
}

// proseProblems checks options and terms for links only: they may well be in another language,
// or in HTML where that is taught.
func (p Practice) proseProblems(b Brief, given string) []string {
	parts, marks := slices.Clone(p.StudyQuestions), []string{}
	for _, q := range p.Quiz {
		parts, marks = append(parts, q.Prompt, q.Explanation), append(marks, q.Options...)
	}
	for _, t := range p.KeyTerms {
		parts, marks = append(parts, t.Definition), append(marks, t.Term)
	}
	if p := refuseTask(parts); p != "" {
		return []string{p}
	}
	found := proseProblems(strings.Join(parts, "\n"), b, given)
	if len(found) == 0 && inventsLink(strings.Join(marks, "\n"), []string{given}) {
		found = append(found, "it holds a link that the lesson does not hold; leave links out")
	}
	return found
}

// read parses an answer's text into at most r.Count questions. What is left out and what
// is refused is as for a practice; those in r.Avoid count as double.
func (r QuestionsRequest) read(t task, text string) ([]Question, []string) {
	var a struct {
		Quiz []questionAnswer `json:"quiz"`
	}
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return nil, problems
	}
	questions, found := usableQuestions(a.Quiz, r.Count, r.Avoid)
	return questions, append(found, Practice{Quiz: questions}.proseProblems(r.Brief, r.LessonText)...)
}

// read parses an answer's text into the original indexes of the chosen options.
func (r SolveRequest) read(t task, text string) ([]int, []string) {
	var a struct {
		Answers []int `json:"answers"`
	}
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return nil, problems
	}
	for i, place := range a.Answers {
		a.Answers[i] = original(i, place, len(r.Questions[i].Options))
	}
	return a.Answers, nil
}

// read parses an answer's text into a course's summary and description.
func (r SummaryRequest) read(t task, text string) (CourseSummary, []string) {
	var a struct {
		Summary     string `json:"summary"`
		Description string `json:"description"`
	}
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return CourseSummary{}, problems
	}
	s := CourseSummary{Summary: strings.TrimSpace(a.Summary), Description: strings.TrimSpace(a.Description)}
	var found problems
	found.blank("summary", s.Summary)
	found.blank("description", s.Description)
	if p := refuseTask([]string{s.Summary, s.Description}); p != "" {
		return CourseSummary{}, []string{p}
	}
	return s, append(found, proseProblems(s.Summary+"\n"+s.Description, r.Brief)...)
}

// usableQuestions returns the first valid questions that are not to be avoided; if there
// are none, the problems say why.
func usableQuestions(answers []questionAnswer, most int, avoid []string) ([]Question, problems) {
	var usable []Question
	var found problems
	seen := map[string]bool{}
	for _, prompt := range avoid {
		seen[strings.ToLower(strings.TrimSpace(prompt))] = true
	}
	for i, a := range answers {
		q := Question{Prompt: strings.TrimSpace(unmarked(a.Prompt)), Options: unlabelled(each(each(a.Options, unmarked), texts.CleanLine)), Answer: a.Answer, Explanation: strings.TrimSpace(unmarked(a.Explanation))}
		at := fmt.Sprintf("quiz question %d ", i+1)
		switch key := strings.ToLower(q.Prompt); {
		case q.Prompt == "":
			found.addf("%sprompt is blank", at)
		case seen[key]:
			found.addf("%swas asked before", at)
		case !distinct(q.Options):
			found.addf("%sneeds 4 options that differ and are not blank", at)
		case q.Explanation == "":
			found.addf("%sexplanation is blank", at)
		case len(usable) < most:
			seen[key] = true
			usable = append(usable, q)
		}
	}
	if len(usable) > 0 {
		return usable, nil
	}
	return nil, found
}

func usableTerms(answers []KeyTerm) []KeyTerm {
	var usable []KeyTerm
	seen := map[string]bool{}
	for _, a := range answers {
		t := KeyTerm{Term: texts.CleanLine(unmarked(a.Term)), Definition: texts.CleanLine(unmarked(a.Definition))}
		if key := strings.ToLower(t.Term); t.Term != "" && t.Definition != "" && !seen[key] {
			seen[key] = true
			usable = append(usable, t)
		}
	}
	return usable
}

// optionLabel matches the letter or number that a model puts before an option.
var optionLabel = regexp.MustCompile(`^\(?([A-Da-d1-4])[).:、．]\s*`)

// unlabelled returns options without the letters or numbers before them, which say where they stood. They are
// labels only if every option has the one of its place.
func unlabelled(options []string) []string {
	bare := make([]string, len(options))
	for i, o := range options {
		m := optionLabel.FindStringSubmatch(o)
		if m == nil || len(m[0]) == len(o) || int(m[1][0]) != i+'A' && int(m[1][0]) != i+'a' && int(m[1][0]) != i+'1' {
			return options
		}
		bare[i] = o[len(m[0]):]
	}
	return bare
}

// distinct compares as a reader would: case, white space, the width and the encoding of
// characters and a mark at the end make no difference.
func distinct(options []string) bool {
	seen := map[string]bool{"": true}
	for _, o := range options {
		key := texts.Key(strings.TrimRightFunc(o, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.Is(unicode.Sentence_Terminal, r) && r != '!' && r != '?'
		}))
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return len(options) == 4
}
