package extractive

// Source is the text of one source, without markup. Offsets are in bytes of Text.
type Source struct {
	Title, Language, Text string
	Sections              []Section // nil for a text without headings
}

// Section is a heading, and where its body is: up to the next heading of any level.
type Section struct {
	Heading    string
	Level      int // 1 is the highest
	Start, End int
}

// Request is what a course is made of. Languages are BCP 47; the one of a source that names none is that of
// the request.
type Request struct {
	Topic, Language, Level string // Level is beginner, intermediate or advanced
	Sources                []Source
	Lessons                int // 3 to 8; 0 is by the amount of text
}

// Quote is a run of whole sentences of a source: Text[Start:End].
type Quote struct{ Source, Start, End int }

// Course is an outline with its lessons.
type Course struct {
	Title   string
	Summary []Quote
	Tags    []string // the strongest key terms
	Lessons []Lesson
}

// Lesson has no sentence twice in its introduction and parts; those of Terms and Questions are among them.
type Lesson struct {
	Title        string
	Introduction []Quote
	Parts        []Part
	Terms        []Term
	Questions    []Question
	ReadOn       []Reading
}

// Part is a section of a lesson.
type Part struct {
	Heading string // "" where no heading and no key term could be found
	Quotes  []Quote
}

// Term is a key term, in a form that occurs in the sentence that defines it.
type Term struct {
	Term       string
	Definition Quote
}

// Reading is a section of a source of which a lesson shows only some sentences.
type Reading struct {
	Source  int
	Heading string // "" where the source has none there
}

// Kind is what a question asks for.
type Kind string

// The kinds of questions.
const (
	Cloze      Kind = "cloze"      // a key term in any sentence
	Number     Kind = "number"     // a number or a year
	Definition Kind = "definition" // the term that a sentence defines
)

// Question leaves a word or a number out of a sentence of its lesson. From is the sentence, which explains
// the answer.
type Question struct {
	Kind    Kind
	Prompt  string
	Options []string // four, sorted
	Answer  int
	From    Quote
}

// Blank stands in a prompt for what was left out.
const Blank = "____"

// The bounds of a course.
const (
	LeastLessons  = 3
	MostLessons   = 8
	LeastParts    = 3
	MostQuestions = 5
)
