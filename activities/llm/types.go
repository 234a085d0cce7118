package llm

import "time"

// Brief is what a learner asked for. Its strings come from the learner and reach
// the model only as quoted data.
type Brief struct {
	Topic, Description string
	Interests          []string
	Level              string  // beginner, intermediate or advanced; anything else reads as beginner
	Locale             string  // BCP 47, such as "en" or "pt-BR"
	Hours              float64 // of study in all; 0 leaves it free
	Format             string  // how the learner likes to learn, in their words; may be empty
}

// LessonPlan is one lesson of an outline. Minutes is the learner's time.
type LessonPlan struct {
	Title, Summary            string
	Objectives, Prerequisites []string
	Minutes                   int
}

// Outline is a course before its lessons are written: 3 to 8 lessons with distinct titles.
type Outline struct {
	Title, Summary, Description string
	Tags                        []string
	Lessons                     []LessonPlan
}

// Excerpt is a passage of a source, or of the learner's own material. It reaches
// the model only as quoted data. Label, by which a text cites it, is S and a number, such
// as S1; what is labelled otherwise is left out.
type Excerpt struct {
	Label, Title, Text string
}

// OutlineRequest asks for the plan of a course.
type OutlineRequest struct {
	Brief    Brief
	Excerpts []Excerpt
	Feedback []string // what was wrong with an earlier version; empty at first
}

// LessonRequest asks for the text of one lesson of a known outline.
type LessonRequest struct {
	Brief       Brief
	CourseTitle string
	Titles      []string // of all lessons, in order
	Number      int      // from 1
	Plan        LessonPlan
	Feedback    []string // what was wrong with an earlier version; empty at first
	Excerpts    []Excerpt
}

// LessonText is a written lesson. Cited are the labels of the excerpts that Markdown
// cites, in order of first use; marks of other labels are taken out of it.
type LessonText struct {
	Markdown  string
	Cited     []string
	Shortened bool // it came down to the smaller task
}

// KeyTerm is a term a lesson teaches.
type KeyTerm struct {
	Term       string `json:"term"`
	Definition string `json:"definition"`
}

// PracticeRequest asks for the practice that belongs to a lesson's text.
type PracticeRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Feedback                []string // what was wrong with an earlier version; empty at first
}

// QuestionsRequest asks for Count (1 to 5) more quiz questions, other than those in Avoid.
type QuestionsRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Count                   int
	Avoid                   []string // prompts of questions that exist or were refused
}

// SolveRequest asks for the answers of questions, of which the first 5 count. The model is
// told neither the answers nor the explanations, and sees the options in another order.
type SolveRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Questions               []Question
}

// SummaryRequest asks for what stands at the head of a course.
type SummaryRequest struct {
	Brief       Brief
	CourseTitle string
	Lessons     []LessonPlan
}

// CourseSummary is what stands at the head of a course.
type CourseSummary struct {
	Summary, Description string
}

// Question is one quiz question: four distinct options, Answer the index of the right one.
type Question struct {
	Prompt      string
	Options     []string
	Answer      int
	Explanation string
}

// Practice is 1 to 5 open questions to study by, up to 8 key terms, and 1 to 5 quiz questions.
type Practice struct {
	StudyQuestions []string
	KeyTerms       []KeyTerm
	Quiz           []Question
}

// Usage is what a call cost, its repair turn included. Tokens are the server's count
// where it gives one, else an estimate of four bytes a token. It is filled as far
// as known when a call fails.
type Usage struct {
	InputTokens, OutputTokens int
	Seconds                   float64
	Calls, Repairs            int    // requests to the server, and how many of them were repairs
	Smaller                   bool   // it came down to the smaller task
	Model, Endpoint           string // who answered
}

// Info says who writes. Fallback is true for a writer that is not a language model.
type Info struct {
	Model, Version, Provider, PromptVersion string
	Fallback                                bool
	Weights                                 Weights // as the server tells, when it was asked
}

// Weights are those behind a model. Only Lyo's own engine tells of them; of others nothing is known.
type Weights struct {
	Verified bool      `json:"checksum_verified"`
	SizeMB   float64   `json:"size_mb"`
	LoadedAt time.Time `json:"last_loaded_at"` // zero: not yet
}

// Beat is called from the goroutine that made the call: for each piece of text, and at
// least every 250 ms while the call waits for the server. tokens is an estimate of what
// has arrived so far in the whole call and never falls. It may be nil.
type Beat func(tokens int)
