package gemma

import (
	"fmt"
	"strings"
)

type practiceAnswer struct {
	StudyQuestions []string         `json:"study_questions"`
	Quiz           []questionAnswer `json:"quiz"`
}

type questionAnswer struct {
	Prompt      string   `json:"prompt"`
	Options     []string `json:"options"`
	Explanation string   `json:"explanation"`
	Answer      int      `json:"answer"`
}

// readPractice turns an answer's text into a practice, or says what is wrong with it.
func (c *Client) readPractice(text string) (Practice, []string) {
	var a practiceAnswer
	if problems := c.practice.parse(text, &a); len(problems) > 0 {
		return Practice{}, problems
	}
	p := a.trimmed()
	return p, practiceProblems(p)
}

func (a practiceAnswer) trimmed() Practice {
	p := Practice{StudyQuestions: lines(a.StudyQuestions)}
	for _, q := range a.Quiz {
		p.Quiz = append(p.Quiz, Question{
			Prompt: clean(q.Prompt), Options: each(q.Options, line), Answer: q.Answer, Explanation: clean(q.Explanation),
		})
	}
	return p
}

func practiceProblems(pr Practice) []string {
	var p problems
	if n := len(pr.StudyQuestions); n < 2 || n > 5 {
		p.addf("study_questions: %d are not blank, wanted are 2 to 5", n)
	}
	if n := len(pr.Quiz); n < 2 || n > 5 {
		p.addf("quiz: there are %d questions, wanted are 2 to 5", n)
	}
	for i, q := range pr.Quiz {
		at := fmt.Sprintf("quiz question %d ", i+1)
		p.blank(at+"prompt", q.Prompt)
		p.blank(at+"explanation", q.Explanation)
		if !distinct(q.Options) {
			p.addf("%sneeds 4 options that differ and are not blank", at)
		}
		if q.Answer < 0 || q.Answer >= len(q.Options) {
			p.addf("%shas an answer that is not the index of an option", at)
		}
	}
	return p
}

// distinct compares as a reader would: case and outer space make no difference.
func distinct(options []string) bool {
	seen := map[string]bool{"": true}
	for _, o := range options {
		key := strings.ToLower(o)
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return len(options) == 4
}
