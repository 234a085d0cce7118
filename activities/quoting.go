package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/extractive"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/ranking"
)

// quotingVersion is the version of the rules by which courses are made of quotations.
const quotingVersion = "2026-11-1"

// quotedGeneration describes a course that is made of quotations. It stands in for a model where there is one.
func (w *CourseActivities) quotedGeneration(c courses.Course) Generation {
	return Generation{
		Model: "extractive-writer", ModelVersion: quotingVersion, Provider: courses.WriterExtractive, PromptVersion: quotingVersion,
		Fallback: w.Model != nil && c.Generation.AskedWriter != courses.WriterExtractive,
	}
}

// quotedCourse is a course made of quotations of its snapshots.
type quotedCourse struct {
	extractive.Course

	request   extractive.Request
	snapshots []passages.Snapshot // as request.Sources
}

// quote makes a course of its snapshots: of the learner's own material if that is enough, else with what was
// found outside; false where all of it is too little. The same course comes out each time.
func (w *CourseActivities) quote(ctx context.Context, c courses.Course) (quotedCourse, bool, error) {
	snapshots, err := passages.OfCourse(ctx, w.DB, c.ID)
	if err != nil {
		return quotedCourse{}, false, toApplicationError(err)
	}
	own := slices.DeleteFunc(slices.Clone(snapshots), func(s passages.Snapshot) bool { return s.OwnerUserID == nil })
	for _, some := range [][]passages.Snapshot{own, snapshots} {
		request := extractive.Request{Topic: c.Topic, Level: c.DifficultyLevel}
		request.Language, some = oneLanguage(some, c.Locale)
		if len(some) == 0 {
			continue
		}
		key := []any{c.ID, request.Topic, request.Level, request.Language}
		for _, s := range some {
			request.Sources = append(request.Sources, sourceOf(s))
			key = append(key, s.ID)
		}
		if made, ok := w.quoted.get(fmt.Sprint(key...), request); ok {
			return quotedCourse{made, request, some}, true, nil
		}
	}
	return quotedCourse{}, false, nil
}

func sourceOf(s passages.Snapshot) extractive.Source {
	source := extractive.Source{Title: s.Title, Language: s.Language, Text: s.Content}
	for _, part := range s.Sections {
		source.Sections = append(source.Sections, extractive.Section{Heading: part.Heading, Level: part.Level, Start: part.Begins, End: part.Ends})
	}
	return source
}

// oneLanguage returns the language that most of the text is in, and what is in it. Of two with as much text it
// is the one that was asked for.
func oneLanguage(snapshots []passages.Snapshot, locale string) (string, []passages.Snapshot) {
	amount := map[string]int{}
	most := baseOf(locale)
	for _, s := range snapshots {
		amount[baseOf(s.Language)] += len(s.Content)
	}
	for _, s := range snapshots {
		if base := baseOf(s.Language); amount[base] > amount[most] {
			most = base
		}
	}
	return most, slices.DeleteFunc(slices.Clone(snapshots), func(s passages.Snapshot) bool { return baseOf(s.Language) != most })
}

func baseOf(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	base, _ := parsed.Base()
	return base.String()
}

// planQuoted saves the plan of a course made of quotations.
func (w *CourseActivities) planQuoted(ctx context.Context, c courses.Course, quoted quotedCourse) (courses.Course, error) {
	outline := llm.Outline{Title: quoted.Title, Summary: quoted.text(quoted.Summary...), Tags: quoted.Tags}
	for _, l := range quoted.Lessons {
		plan := llm.LessonPlan{Title: l.Title, Objectives: []string{}, Prerequisites: []string{}, Minutes: 1}
		if len(l.Introduction) > 0 {
			plan.Summary = quoted.text(l.Introduction[0])
		}
		outline.Lessons = append(outline.Lessons, plan)
	}
	written := c.Locale
	if baseOf(written) != quoted.request.Language {
		written = quoted.request.Language
	}
	kept, err := courses.SaveOutline(ctx, w.DB, planned(c, outline, w.quotedGeneration(c), written, w.Clock()))
	return kept, toApplicationError(err)
}

// text returns quotes as one text.
func (q quotedCourse) text(quotes ...extractive.Quote) string {
	parts := make([]string, len(quotes))
	for i, quote := range quotes {
		parts[i] = q.snapshots[quote.Source].Content[quote.Start:quote.End]
	}
	return strings.Join(parts, " ")
}

// lessonOf returns which lesson of quotations stands for one of the plan, which its learner may have edited: the
// one of its title, else of those that no title names the one that fits best.
func (q quotedCourse) lessonOf(plan []courses.Lesson, wanted courses.Lesson) (int, bool) {
	titles := make([]string, len(plan))
	for i, l := range plan {
		titles[i] = l.Title
	}
	left := []int{}
	for i, l := range q.Lessons {
		if l.Title == wanted.Title {
			return i, true
		}
		if !slices.Contains(titles, l.Title) {
			left = append(left, i)
		}
	}
	for _, l := range plan {
		if slices.ContainsFunc(q.Lessons, func(quoted extractive.Lesson) bool { return quoted.Title == l.Title }) || len(left) == 0 {
			continue
		}
		texts := make([]string, len(left))
		for i, n := range left {
			texts[i], _ = extractive.Markdown(q.Course, n, q.request)
		}
		best := 0
		if picked := ranking.Pick(l.Title+" "+l.Summary, texts, 1); len(picked) > 0 {
			best = picked[0]
		}
		if l.ID == wanted.ID {
			return left[best], true
		}
		left = slices.Delete(left, best, best+1)
	}
	return 0, false
}

// findQuoted returns a course of quotations and which of its lessons stands for one of the plan.
func (w *CourseActivities) findQuoted(ctx context.Context, c courses.Course, lesson courses.Lesson) (quotedCourse, int, error) {
	quoted, ok, err := w.quote(ctx, c)
	if err != nil {
		return quoted, 0, err
	}
	n := 0
	if ok {
		n, ok = quoted.lessonOf(c.Lessons, lesson)
	}
	if !ok {
		return quoted, 0, failure("The sources have no more text for this lesson.", FailureNoText, nil, true, 0)
	}
	return quoted, n, nil
}

// writeQuoted saves the text of a lesson made of quotations.
func (w *CourseActivities) writeQuoted(ctx context.Context, c courses.Course, lesson *courses.Lesson, in LessonInput) error {
	quoted, n, err := w.findQuoted(ctx, c, *lesson)
	if err != nil {
		return err
	}
	text, quotes := extractive.Markdown(quoted.Course, n, quoted.request)
	now := w.Clock()
	lesson.Content, lesson.Revision, lesson.WrittenAt, lesson.UpdatedAt = text, in.Revision, &now, now
	if lesson.Quotations, err = w.quotations(ctx, quoted.quotes(quotes)); err != nil {
		return toApplicationError(err)
	}
	lesson.Citations = quoted.citations(quotes)
	judge(lesson, c, false)
	return toApplicationError(courses.SaveLesson(ctx, w.DB, *lesson))
}

// quotes returns where quotes are from.
func (q quotedCourse) quotes(all []extractive.Quote) []quoteOf {
	found := make([]quoteOf, len(all))
	for i, quote := range all {
		found[i] = quoteOf{&q.snapshots[quote.Source], quote.Start, quote.End, passages.Supported}
	}
	return found
}

// citations returns the sources that quotes are from.
func (q quotedCourse) citations(quotes []extractive.Quote) []courses.Citation {
	var found []courses.Citation
	for i, s := range q.snapshots {
		if slices.ContainsFunc(quotes, func(quote extractive.Quote) bool { return quote.Source == i }) {
			c := citationOf(s)
			c.Label, c.Cited = fmt.Sprintf("S%d", len(found)+1), true
			found = append(found, c)
		}
	}
	return found
}

// practiseQuoted saves the practice of a lesson made of quotations.
func (w *CourseActivities) practiseQuoted(ctx context.Context, c courses.Course, lesson *courses.Lesson, in LessonInput) error {
	quoted, n, err := w.findQuoted(ctx, c, *lesson)
	if err != nil {
		return err
	}
	from := quoted.Lessons[n]
	var practice llm.Practice
	for _, t := range from.Terms {
		practice.KeyTerms = append(practice.KeyTerms, llm.KeyTerm{Term: t.Term, Definition: quoted.text(t.Definition)})
		practice.StudyQuestions = append(practice.StudyQuestions, t.Term)
	}
	for _, p := range from.Parts {
		if len(practice.StudyQuestions) < mostStudyQuestions && p.Heading != "" && !slices.Contains(practice.StudyQuestions, p.Heading) {
			practice.StudyQuestions = append(practice.StudyQuestions, p.Heading)
		}
	}
	if len(practice.StudyQuestions) == 0 {
		practice.StudyQuestions = []string{lesson.Title}
	}
	for _, q := range from.Questions {
		practice.Quiz = append(practice.Quiz, llm.Question{Prompt: q.Prompt, Options: q.Options, Answer: q.Answer, Explanation: quoted.text(q.From)})
	}
	lesson.QuizAsked, lesson.QuizAgreed = 0, 0
	lesson.PracticeRevision, lesson.UpdatedAt, lesson.KeyTerms = in.Revision, w.Clock(), termsOf(practice.KeyTerms)
	labels := extractive.LabelsOf(quoted.request.Language)
	words := itemWords{study: labels.Study, aboutStudy: labels.Explain, quiz: labels.Quiz}
	return toApplicationError(courses.SavePractice(ctx, w.DB, *lesson, practiceItems(c, *lesson, practice, words, w.Clock())))
}

// mostStudyQuestions is how many things a lesson of quotations has its learner explain.
const mostStudyQuestions = 5
