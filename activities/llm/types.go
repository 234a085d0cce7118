package llm

import "time"

// Brief is a learner's request. Its strings come from the learner and reach the model only
// as quoted data.
type Brief struct {
	Topic, Description string
	Interests          []string
	Level              string  // beginner, intermediate or advanced; anything else reads as beginner
	Locale             string  // BCP 47, such as "en" or "pt-BR"
	Hours              float64 // of study in all; 0 means any
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
// as S1; excerpts with another label are left out.
type Excerpt struct {
	Label, Title, Text string
}

// OutlineRequest requests the plan of a course.
type OutlineRequest struct {
	Brief    Brief
	Excerpts []Excerpt
	Feedback []string // what was wrong with an earlier version; empty at first
}

// LessonRequest requests the text of one lesson of a known outline.
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
// cites, in order of first use; marks of other labels are removed from it.
type LessonText struct {
	Markdown  string
	Cited     []string
	Shortened bool // the smaller task was used
	TooHard   bool // its sentences are far too long for the level, also after the repair
}

// KeyTerm is a term a lesson teaches.
type KeyTerm struct {
	Term       string `json:"term"`
	Definition string `json:"definition"`
}

// PracticeRequest requests the practice of a lesson's text.
type PracticeRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Feedback                []string // what was wrong with an earlier version; empty at first
}

// QuestionsRequest requests Count (1 to 5) more quiz questions, other than those in Avoid.
type QuestionsRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Count                   int
	Avoid                   []string // prompts of questions that exist or were refused
}

// SolveRequest requests the answers of questions, of which the first 5 count. The prompt has
// neither the answers nor the explanations, and shows the options in another order.
type SolveRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
	Questions               []Question
}

// SummaryRequest requests a course's summary and description.
type SummaryRequest struct {
	Brief       Brief
	CourseTitle string
	Lessons     []LessonPlan
}

// CourseSummary is a course's summary and description.
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

// Usage is the cost of a call, its repair turn included. Tokens are the server's count
// where it gives one, else an estimate of four bytes a token. It is filled as far
// as known when a call fails.
type Usage struct {
	InputTokens, OutputTokens int
	Seconds                   float64
	Calls, Repairs            int    // requests to the server, and how many of them were repairs
	Smaller                   bool   // the smaller task was used
	Model, Endpoint           string // which answered
}

// Info describes a writer. Fallback is true for a writer that is not a language model.
type Info struct {
	Model, Version, Provider, PromptVersion string
	Fallback                                bool
	Weights                                 Weights // as the server reports, when it was asked
}

// Weights are those behind a model. Only Lyo's own engine reports them; of others nothing is known.
type Weights struct {
	Verified bool      `json:"checksum_verified"`
	SizeMB   float64   `json:"size_mb"`
	LoadedAt time.Time `json:"last_loaded_at"` // zero: not yet
}
