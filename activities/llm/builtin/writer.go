package builtin

import (
	"context"
	"fmt"
	"strings"

	"github.com/lyoapp/lyo/activities/llm"
)

// Version is the version of the study plan's texts.
const Version = "2026-12-1"

// Writer has the methods of llm.Client. The zero value is ready, safe for concurrent use.
type Writer struct{}

// New returns a Writer.
func New() Writer { return Writer{} }

// Info returns that this is no language model.
func (Writer) Info() llm.Info {
	return llm.Info{Model: "outline-writer", Version: Version, Provider: "builtin", PromptVersion: Version, Fallback: true}
}

// Probe always succeeds, unless ctx has ended.
func (w Writer) Probe(ctx context.Context) (llm.Info, error) { return w.Info(), ended(ctx) }

// Outline plans 4 to 6 lessons, by the given hours.
func (Writer) Outline(ctx context.Context, r llm.OutlineRequest, session *llm.Session) (llm.Outline, llm.Usage, error) {
	sendFirst(session)
	if err := ended(ctx); err != nil {
		return llm.Outline{}, llm.Usage{}, err
	}
	b := r.Brief
	topic := shortTopic(b.Topic)
	o := llm.Outline{
		Title:   "A study plan for " + topic,
		Summary: "A study plan, written without a language model: how to study " + topic + " on your own." + englishOnly(b.Locale),
		Description: "This course does not claim to know " + topic + ". It leads you through mapping it, learning its words, " +
			"asking how it works, working through an example and explaining it back.",
		Tags:    []string{"study plan", "self-study"},
		Lessons: plans(stagesFor(lessonCount(b.Hours)), topic),
	}
	return o, llm.Usage{}, nil
}

// Lesson writes the step of the study plan at r.Number, under the heading r.Plan.Title, so
// that it also serves another writer's outline.
func (Writer) Lesson(ctx context.Context, r llm.LessonRequest, session *llm.Session) (llm.LessonText, llm.Usage, error) {
	sendFirst(session)
	if err := ended(ctx); err != nil {
		return llm.LessonText{}, llm.Usage{}, err
	}
	stages := stagesFor(len(r.Titles))
	at := stages[min(max(r.Number, 1), len(stages))-1]
	return llm.LessonText{Markdown: at.render(pageFor(r, at))}, llm.Usage{}, nil
}

// Practice returns questions on the study plan's step whose text is given. For other texts it
// asks for words missing from them; a text too short for that is a BadAnswer.
func (Writer) Practice(ctx context.Context, r llm.PracticeRequest, session *llm.Session) (llm.Practice, llm.Usage, error) {
	sendFirst(session)
	if err := ended(ctx); err != nil {
		return llm.Practice{}, llm.Usage{}, err
	}
	p := practiceFor(r)
	if len(p.Quiz) < 2 {
		return llm.Practice{}, llm.Usage{}, &llm.Error{Kind: llm.BadAnswer, Message: "the lesson is too short to ask about"}
	}
	return p, llm.Usage{}, nil
}

// Questions fails: the built-in writer takes its questions from the text itself, so
// there is nothing to replace.
func (Writer) Questions(context.Context, llm.QuestionsRequest, *llm.Session) ([]llm.Question, llm.Usage, error) {
	return nil, llm.Usage{}, cannot("write other questions")
}

// Solve fails: without a model no question can be understood.
func (Writer) Solve(context.Context, llm.SolveRequest, *llm.Session) ([]int, llm.Usage, error) {
	return nil, llm.Usage{}, cannot("solve a quiz")
}

// Curate fails: the order by score needs no writer.
func (Writer) Curate(context.Context, llm.CurateRequest, *llm.Session) ([]llm.Curated, llm.Usage, error) {
	return nil, llm.Usage{}, cannot("put things in order")
}

func cannot(what string) error {
	return &llm.Error{Kind: llm.BadAnswer, Message: "the built-in writer cannot " + what}
}

// Summary returns the fixed summary of the study plan's course.
func (w Writer) Summary(ctx context.Context, r llm.SummaryRequest, session *llm.Session) (llm.CourseSummary, llm.Usage, error) {
	o, usage, err := w.Outline(ctx, llm.OutlineRequest{Brief: r.Brief}, session)
	return llm.CourseSummary{Summary: o.Summary, Description: o.Description}, usage, err
}

func sendFirst(session *llm.Session) {
	if session != nil && session.Heartbeat != nil {
		session.Heartbeat(0)
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

// stepMinutes is about what quality.LessonMinutes finds for a step of the plan with its questions.
const stepMinutes = 20

func plans(stages []stage, topic string) []llm.LessonPlan {
	out := make([]llm.LessonPlan, len(stages))
	for i, s := range stages {
		out[i] = llm.LessonPlan{
			Title: about(topic, s.Title), Summary: about(topic, s.Summary), Prerequisites: []string{}, Minutes: stepMinutes,
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
