package builtin

import (
	"context"
	"fmt"
	"strings"

	"github.com/lyoapp/lyo/activities/gemma"
)

// Version names the wording of the study plan.
const Version = "2026-11-1"

// Writer has the methods of gemma.Client. The zero value is ready, safe for concurrent use.
type Writer struct{}

// New returns a Writer.
func New() Writer { return Writer{} }

// Info says that this is no language model.
func (Writer) Info() gemma.Info {
	return gemma.Info{Model: "outline-writer", Version: Version, Provider: "builtin", PromptVersion: Version, Fallback: true}
}

// Probe always succeeds, unless ctx is over.
func (w Writer) Probe(ctx context.Context) (gemma.Info, error) { return w.Info(), ended(ctx) }

// Outline plans 4 to 6 lessons, by the hours given.
func (Writer) Outline(ctx context.Context, r gemma.OutlineRequest, beat gemma.Beat) (gemma.Outline, gemma.Usage, error) {
	pulse(beat)
	if err := ended(ctx); err != nil {
		return gemma.Outline{}, gemma.Usage{}, err
	}
	b := r.Brief
	topic := shortTopic(b.Topic)
	o := gemma.Outline{
		Title:   "A study plan for " + topic,
		Summary: "A study plan, written without a language model: how to study " + topic + " on your own." + englishOnly(b.Locale),
		Description: "This course does not claim to know " + topic + ". It leads you through mapping it, learning its words, " +
			"asking how it works, working through an example and explaining it back.",
		Tags:    []string{"study plan", "self-study"},
		Lessons: plans(stagesFor(lessonCount(b.Hours)), topic),
	}
	return withMinutes(o, b.Hours), gemma.Usage{}, nil
}

// Lesson writes the step of the study plan that r.Number stands for, under the heading
// r.Plan.Title, so that it also serves an outline that somebody else made.
func (Writer) Lesson(ctx context.Context, r gemma.LessonRequest, beat gemma.Beat) (gemma.LessonText, gemma.Usage, error) {
	pulse(beat)
	if err := ended(ctx); err != nil {
		return gemma.LessonText{}, gemma.Usage{}, err
	}
	stages := stagesFor(len(r.Titles))
	at := stages[min(max(r.Number, 1), len(stages))-1]
	return gemma.LessonText{Markdown: at.render(pageFor(r, at))}, gemma.Usage{}, nil
}

// Practice asks about the study plan's step whose text is given. For other texts it asks
// for words missing from them; a text too short for that is a BadAnswer.
func (Writer) Practice(ctx context.Context, r gemma.PracticeRequest, beat gemma.Beat) (gemma.Practice, gemma.Usage, error) {
	pulse(beat)
	if err := ended(ctx); err != nil {
		return gemma.Practice{}, gemma.Usage{}, err
	}
	p := practiceFor(r)
	if len(p.Quiz) < 2 {
		return gemma.Practice{}, gemma.Usage{}, &gemma.Error{Kind: gemma.BadAnswer, Message: "the lesson is too short to ask about"}
	}
	return p, gemma.Usage{}, nil
}

// Questions fails: the built-in writer takes its questions out of the text itself, so
// that there is nothing to replace.
func (Writer) Questions(context.Context, gemma.QuestionsRequest, gemma.Beat) ([]gemma.Question, gemma.Usage, error) {
	return nil, gemma.Usage{}, cannot("write other questions")
}

// Solve fails: there is no model that could understand a question.
func (Writer) Solve(context.Context, gemma.SolveRequest, gemma.Beat) ([]int, gemma.Usage, error) {
	return nil, gemma.Usage{}, cannot("solve a quiz")
}

// Curate fails: an order by score is made without a writer.
func (Writer) Curate(context.Context, gemma.CurateRequest, gemma.Beat) ([]gemma.Curated, gemma.Usage, error) {
	return nil, gemma.Usage{}, cannot("put things in order")
}

func cannot(what string) error {
	return &gemma.Error{Kind: gemma.BadAnswer, Message: "the built-in writer cannot " + what}
}

// Summary says what the study plan's course says of itself.
func (w Writer) Summary(ctx context.Context, r gemma.SummaryRequest, beat gemma.Beat) (gemma.CourseSummary, gemma.Usage, error) {
	o, usage, err := w.Outline(ctx, gemma.OutlineRequest{Brief: r.Brief}, beat)
	return gemma.CourseSummary{Summary: o.Summary, Description: o.Description}, usage, err
}

func pulse(beat gemma.Beat) {
	if beat != nil {
		beat(0)
	}
}

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("builtin: %w", ctx.Err())
	}
	return nil
}

func lessonCount(hours float64) int {
	switch {
	case hours > 0 && hours < 2:
		return 4
	case hours > 6:
		return 6
	default:
		return 5
	}
}

func plans(stages []stage, topic string) []gemma.LessonPlan {
	out := make([]gemma.LessonPlan, len(stages))
	for i, s := range stages {
		out[i] = gemma.LessonPlan{
			Title: about(topic, s.Title), Summary: about(topic, s.Summary), Prerequisites: []string{}, Minutes: 40,
		}
		for _, o := range s.Objectives {
			out[i].Objectives = append(out[i].Objectives, about(topic, o))
		}
		if i > 0 {
			out[i].Prerequisites = []string{out[i-1].Title}
		}
	}
	return out
}

func withMinutes(o gemma.Outline, hours float64) gemma.Outline {
	weights := make([]int, len(o.Lessons))
	for i, l := range o.Lessons {
		weights[i] = l.Minutes
	}
	for i, m := range gemma.SpreadMinutes(weights, hours) {
		o.Lessons[i].Minutes = m
	}
	return o
}

func english(locale string) bool {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(locale), "_", "-"), "-")
	return base == "" || strings.EqualFold(base, "en")
}

func englishOnly(locale string) string {
	if english(locale) {
		return ""
	}
	return " The built-in writer writes English only."
}
