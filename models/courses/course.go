package courses

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
)

// Rule returns the question in the form that grading uses.
func (q QuizQuestion) Rule() gamification.Question {
	return gamification.Question{Kind: cmp.Or(q.Kind, gamification.SingleChoice), Options: q.Options, Answer: q.Answer, Answers: q.Answers, Accepted: q.Accepted}
}

// Solution returns the right answer in words.
func (q QuizQuestion) Solution() string {
	option := func(i int) string {
		if i < 0 || i >= len(q.Options) {
			return ""
		}
		return q.Options[i]
	}
	switch q.Rule().Kind {
	case gamification.ShortAnswer:
		if len(q.Accepted) > 0 {
			return q.Accepted[0]
		}
		return ""
	case gamification.MultipleChoice, gamification.Ordering:
		text := ""
		for _, i := range q.Answers {
			if text != "" {
				text += "\n"
			}
			text += option(i)
		}
		return text
	case gamification.TrueFalse:
		if len(q.Options) == 0 {
			return map[bool]string{true: "True", false: "False"}[q.Answer == 0]
		}
	}
	return option(q.Answer)
}

// CourseStatus is the state of a course.
type CourseStatus string

// A course is GENERATING only while its workflow is open.
const (
	CourseDraft      CourseStatus = "DRAFT"
	CourseGenerating CourseStatus = "GENERATING"
	CoursePartial    CourseStatus = "PARTIAL"
	CourseReady      CourseStatus = "READY"
	CourseError      CourseStatus = "ERROR"
)

// Visibility is who may see a course.
type Visibility string

// The visibilities. Only its owner sees a course that is not READY.
const (
	VisibilityPrivate  Visibility = "private"  // its owner
	VisibilityUnlisted Visibility = "unlisted" // who has its id
	VisibilityPublic   Visibility = "public"   // everybody: it is in lists, searches and feeds
)

// Course is a learner's request and the course written for it.
type Course struct {
	ID                     uuid.UUID `gorm:"type:uuid;primaryKey"`
	OwnerUserID            uuid.UUID `gorm:"type:uuid"`
	Title                  string
	Topic                  string
	Summary                string
	Description            string
	Status                 CourseStatus
	Interests              []string `gorm:"type:jsonb;serializer:json"`
	DifficultyLevel        string
	TargetDurationHours    *float64
	EstimatedDurationHours *float64
	Tags                   []string `gorm:"type:jsonb;serializer:json"`
	ThumbnailURL           *string  `gorm:"column:thumbnail_url"`
	Locale                 string
	Preferences            store.Object `gorm:"type:jsonb;serializer:json"`
	Generation             Generation   `gorm:"type:jsonb;serializer:json"`
	CreatedAt              time.Time
	UpdatedAt              time.Time
	PublishedAt            *time.Time
	Visibility             Visibility
	ModerationStatus       moderation.ContentStatus // visible, pending or hidden
	HiddenBy               *string                  // of a hidden one
	FlagReason             string                   `gorm:"column:held_for"` // why it waits for an administrator
	OwnMaterial            bool                     // written from its owner's uploads, notes or addresses
	RightsConfirmedAt      *time.Time               // when its owner said that this material may be published
	Manifest               *string                  // what it is made of, signed; nil: nothing is

	Lessons []Lesson `gorm:"-"`
	Items   []Item   `gorm:"-"`
	// IsFavorite reports whether it is a favorite of the reader.
	IsFavorite bool `gorm:"-"`
}

// Generation records how a course was generated.
type Generation struct {
	Model         string     `json:"model,omitempty"`
	ModelVersion  string     `json:"model_version,omitempty"`
	Provider      string     `json:"provider,omitempty"`
	PromptVersion string     `json:"prompt_version,omitempty"`
	Fallback      bool       `json:"fallback"`
	AIGenerated   bool       `json:"ai_generated"`      // noted since migration 24: ask ByAI
	Sources       []string   `json:"sources,omitempty"` // OwnSource and sites, as far as its lessons use them
	GeneratedAt   *time.Time `json:"generated_at,omitempty"`
	Seconds       float64    `json:"seconds"` // from the first step to the end
	InputTokens   int        `json:"input_tokens"`
	OutputTokens  int        `json:"output_tokens"`
	// QuizAgreement is the share of quiz questions, of those first written, whose
	// answer a second, independent solve by the model found again; nil without one.
	QuizAgreement *float64 `json:"quiz_agreement,omitempty"`
	// Citations counts what the lessons cite to the character; nil while there is none.
	Citations *CitationCount `json:"citations,omitempty"`
	// Notice is a text for readers about how the course was made.
	Notice string `json:"notice,omitempty"`
	// SitesUnreachable says whether no content site could be reached when one was last looked for; nil: none was.
	SitesUnreachable *bool `json:"sites_unreachable,omitempty"`
	// AskedLocale is the locale that was asked for, when the course's own is another: that of
	// the only language its writer knows.
	AskedLocale string `json:"asked_locale,omitempty"`
	// AskedWriter is the writer that was asked for: WriterModel or WriterExtractive; "" for whichever is there.
	AskedWriter string `json:"asked_writer,omitempty"`
}

// CitationCount counts the citations of a course. Those that are supported are verbatim at least.
type CitationCount struct {
	Claims      int `json:"claims"` // Supported, Unsupported and Cut
	Supported   int `json:"supported"`
	Unsupported int `json:"unsupported"`
	Cut         int `json:"cut"` // sentences that were taken out, since their source says otherwise
}

// The writers that can be asked for.
const (
	WriterModel      = "model"
	WriterExtractive = "extractive" // it quotes the sources, and is the provider of what it made
)

// Extractive reports whether the course is made of quotations.
func (c Course) Extractive() bool { return c.Generation.Provider == WriterExtractive }

// Lesson is one part of a course. Its id is derived from the course and the
// position, so writing it twice finds the same row.
type Lesson struct {
	ID                       uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseID                 uuid.UUID `gorm:"type:uuid"`
	Position                 int       // from 1
	Title                    string
	Summary                  string
	Objectives               []string `gorm:"type:jsonb;serializer:json"`
	Prerequisites            []string `gorm:"type:jsonb;serializer:json"`
	EstimatedDurationMinutes int
	Content                  string             // Markdown; empty until written
	Revision                 int                // 0 until written, then one more each time it is written again
	PracticeRevision         int                // of its own items, likewise
	KeyTerms                 []KeyTerm          `gorm:"type:jsonb;serializer:json"`
	Citations                []Citation         `gorm:"type:jsonb;serializer:json"`
	ReadingLevel             *float64           // in school years, nil when unknown
	QualityScore             *float64           // 0 to 1, nil until judged
	Quality                  map[string]float64 `gorm:"type:jsonb;serializer:json"` // the parts of the score, 0 to 1
	QuizAsked                int                // questions given to the independent solve
	QuizAgreed               int                // and those it answered the same way
	CreatedAt                time.Time
	UpdatedAt                time.Time
	WrittenAt                *time.Time

	Completed bool `gorm:"-"` // by the reader of the course
	// Quotations are the citations to the character, as in [1], with what their readers may know of the sources.
	Quotations []passages.Cited `gorm:"-"`
	ClaimsCut  int              // sentences that were taken out, since the source that they cited says otherwise
}

// KeyTerm is a term a lesson teaches.
type KeyTerm struct {
	Term       string `json:"term"`
	Definition string `json:"definition"`
}

// Citation is a source a lesson was written from. Label is how the text refers to it, as in [S1].
type Citation struct {
	Label    string     `json:"label"`
	Title    string     `json:"title"`
	SourceID *uuid.UUID `json:"source_id,omitempty"` // the learner's own material
	Site     string     `json:"site,omitempty"`      // else the content site, by its name
	URL      string     `json:"url,omitempty"`
	Cited    bool       `json:"cited"` // the text refers to it; else it was only at hand
}

// SourceLyo is the source of the items that Lyo wrote itself.
const SourceLyo = "lyo"

// Item is a piece of content of a lesson, one shape for every kind.
type Item struct {
	ID                   uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseID             uuid.UUID `gorm:"type:uuid"`
	LessonID             uuid.UUID `gorm:"type:uuid"`
	Position             int
	Type                 string
	Title                string
	Source               string
	SourceURL            *string `gorm:"column:source_url"`
	ThumbnailURL         *string `gorm:"column:thumbnail_url"`
	DurationSec          *int
	Pages                *int
	WordCount            *int
	FileSizeBytes        *int64
	Summary              string
	Content              string
	Attribution          string
	Tags                 []string `gorm:"type:jsonb;serializer:json"`
	DifficultyLevel      string
	Language             string
	QualityScore         *float64 // 0 to 1, nil when not judged
	IsFree               bool
	RequiresSubscription bool
	LicenseType          *string
	ExternalID           *string
	Quiz                 []QuizQuestion `gorm:"type:jsonb;serializer:json"`
	PassMark             *float64       // of a quiz: the share of right answers that passes; nil: gamification.PassMark
	PublishedAt          *time.Time
	CreatedAt            time.Time
}

// QuizQuestion is a question with its answer, which never leaves the server before an attempt.
type QuizQuestion struct {
	ID          string   `json:"id"`
	Kind        string   `json:"kind"` // see package gamification
	Prompt      string   `json:"prompt"`
	Options     []string `json:"options"`            // in the order in which they are shown
	Answer      int      `json:"answer"`             // single choice, true or false: index into Options
	Answers     []int    `json:"answers,omitempty"`  // multiple choice: all that are right; ordering: all, in the right order
	Accepted    []string `json:"accepted,omitempty"` // short answer: what counts as right
	Explanation string   `json:"explanation"`
}

// BeforeSave writes nil lists as empty ones, since the columns are not null, and sets the defaults of a new course.
func (c *Course) BeforeSave(*gorm.DB) error {
	c.Interests, c.Tags = store.OrEmpty(c.Interests), store.OrEmpty(c.Tags)
	if c.Preferences == nil {
		c.Preferences = map[string]any{}
	}
	c.Visibility = cmp.Or(c.Visibility, VisibilityPrivate)
	c.ModerationStatus = cmp.Or(c.ModerationStatus, moderation.ContentVisible)
	return nil
}

// BeforeSave does the same for a lesson.
func (l *Lesson) BeforeSave(*gorm.DB) error {
	l.fill()
	return nil
}

func (l *Lesson) fill() {
	l.Objectives, l.Prerequisites = store.OrEmpty(l.Objectives), store.OrEmpty(l.Prerequisites)
	l.KeyTerms, l.Citations = store.OrEmpty(l.KeyTerms), store.OrEmpty(l.Citations)
	if l.Quality == nil {
		l.Quality = map[string]float64{}
	}
}

// BeforeSave does the same for an item.
func (i *Item) BeforeSave(*gorm.DB) error {
	i.Tags = store.OrEmpty(i.Tags)
	return nil
}

// Asked returns the texts of the learner's request for a course.
func (c Course) Asked() []string {
	texts := append([]string{c.Topic, c.Title, c.Description}, c.Interests...)
	return append(texts, moderation.TextsOf(c.Preferences)...)
}
