package gemma

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

// LessonRequest asks for the text of one lesson of a known outline.
type LessonRequest struct {
	Brief       Brief
	CourseTitle string
	Titles      []string // of all lessons, in order
	Number      int      // from 1
	Plan        LessonPlan
	Feedback    []string // what was wrong with an earlier version; empty at first
}

// PracticeRequest asks for the practice that belongs to a lesson's text.
type PracticeRequest struct {
	Brief                   Brief
	LessonTitle, LessonText string
}

// Question is one quiz question: four distinct options, Answer the index of the right one.
type Question struct {
	Prompt      string
	Options     []string
	Answer      int
	Explanation string
}

// Practice is 2 to 5 open questions to study by, and 2 to 5 quiz questions.
type Practice struct {
	StudyQuestions []string
	Quiz           []Question
}

// Usage is what a call cost, its repair turn included. Tokens are the server's count
// where it gives one, else an estimate of four bytes a token. It is filled as far
// as known when a call fails.
type Usage struct {
	InputTokens, OutputTokens int
	Seconds                   float64
}

// Info says who writes. Fallback is true for a writer that is not a language model.
type Info struct {
	Model, Version, Provider, PromptVersion string
	Fallback                                bool
}

// Beat is called from the goroutine that made the call: for each piece of text, and at
// least every 250 ms while the call waits for the server. tokens is an estimate of what
// has arrived so far in the whole call and never falls. It may be nil.
type Beat func(tokens int)
