package eval

import (
	"math"

	"github.com/lyoapp/lyo/models/extractive"
)

// Quotations are the figures of courses that are made of quotations of the library, without a model: one of
// each text at each level.
type Quotations struct {
	Courses   []QuotedCourse           `json:"courses"`
	Languages map[string]QuotedFigures `json:"languages"`
	Total     QuotedFigures            `json:"total"`
}

// QuotedCourse is a course made of a text of the library.
type QuotedCourse struct {
	File     string        `json:"file"`
	Language string        `json:"language"`
	Level    string        `json:"level"`
	Figures  QuotedFigures `json:"figures"`
}

// QuotedFigures are those of extractive.Evaluate as numbers that can be added up.
type QuotedFigures struct {
	Made        Rate `json:"courses"` // of the courses asked for
	Lessons     int  `json:"lessons"`
	Parts       int  `json:"parts"`
	Terms       int  `json:"terms"`
	Questions   int  `json:"questions"`
	Definitions int  `json:"definition_questions"`
	Numbers     int  `json:"number_questions"`

	AnswerInLesson   Rate `json:"answer_in_lesson"`   // of the questions
	OutsideStopWords Rate `json:"outside_stop_words"` // of the questions
	SameKind         Rate `json:"same_kind"`          // of the wrong options
	OfParts          Rate `json:"of_parts"`           // of the lessons
	InOrder          Rate `json:"in_order"`           // of the lessons

	Duplicates  int `json:"duplicates"`
	Dangling    int `json:"dangling"`
	GivenAway   int `json:"given_away"`
	Unusable    int `json:"unusable"`
	Whole       int `json:"whole"`
	NotVerbatim int `json:"not_verbatim"`
}

// QuoteLibrary makes the courses and counts what they are like.
func QuoteLibrary() (Quotations, error) {
	texts, err := Library()
	if err != nil {
		return Quotations{}, err
	}
	q := Quotations{Languages: map[string]QuotedFigures{}}
	for _, t := range texts {
		for _, level := range levels() {
			made := QuotedCourse{File: t.File, Language: t.Language, Level: level, Figures: quote(t.Request(level))}
			q.Courses = append(q.Courses, made)
			q.Languages[t.Language] = q.Languages[t.Language].plus(made.Figures)
			q.Total = q.Total.plus(made.Figures)
		}
	}
	return q, nil
}

// quote returns the figures of the course made of a request.
func quote(r extractive.Request) QuotedFigures {
	const wrong = 3 // options of a question
	c, ok := extractive.Write(r)
	if !ok {
		return QuotedFigures{Made: Rate{Of: 1}}
	}
	f := extractive.Evaluate(r, c)
	share := func(part float64, of int) Rate { return Rate{N: int(math.Round(part * float64(of))), Of: of} }
	return QuotedFigures{
		Made: Rate{N: 1, Of: 1}, Lessons: f.Lessons, Parts: f.Parts, Terms: f.Terms, Questions: f.Questions, Definitions: f.Definitions, Numbers: f.Numbers,
		AnswerInLesson: share(f.AnswerInLesson, f.Questions), OutsideStopWords: share(f.OutsideStopWords, f.Questions), SameKind: share(f.SameKind, wrong*f.Questions),
		OfParts: share(f.OfParts, f.Lessons), InOrder: share(f.InOrder, f.Lessons),
		Duplicates: f.Duplicates, Dangling: f.Dangling, GivenAway: f.GivenAway, Unusable: f.Unusable, Whole: f.Whole, NotVerbatim: f.NotVerbatim,
	}
}

func (r Rate) plus(o Rate) Rate { return Rate{r.N + o.N, r.Of + o.Of} }

func (f QuotedFigures) plus(o QuotedFigures) QuotedFigures {
	return QuotedFigures{
		Made: f.Made.plus(o.Made), Lessons: f.Lessons + o.Lessons, Parts: f.Parts + o.Parts, Terms: f.Terms + o.Terms,
		Questions: f.Questions + o.Questions, Definitions: f.Definitions + o.Definitions, Numbers: f.Numbers + o.Numbers,
		AnswerInLesson: f.AnswerInLesson.plus(o.AnswerInLesson), OutsideStopWords: f.OutsideStopWords.plus(o.OutsideStopWords), SameKind: f.SameKind.plus(o.SameKind),
		OfParts: f.OfParts.plus(o.OfParts), InOrder: f.InOrder.plus(o.InOrder),
		Duplicates: f.Duplicates + o.Duplicates, Dangling: f.Dangling + o.Dangling, GivenAway: f.GivenAway + o.GivenAway,
		Unusable: f.Unusable + o.Unusable, Whole: f.Whole + o.Whole, NotVerbatim: f.NotVerbatim + o.NotVerbatim,
	}
}
