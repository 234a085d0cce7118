package api

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/passages"
)

// courseView is a course as clients see it.
type courseView struct {
	ID                     uuid.UUID      `json:"id"`
	OwnerUserID            uuid.UUID      `json:"owner_user_id"`
	Visibility             string         `json:"visibility" set:"visibility" doc:"Who sees it. private: its owner; unlisted: whoever has its id, but no list has it; public: everybody."`
	Title                  string         `json:"title"`
	Topic                  string         `json:"topic"`
	Summary                string         `json:"summary"`
	Description            string         `json:"description"`
	Status                 string         `json:"status" set:"course_status"`
	Interests              []string       `json:"interests" nullable:"false"`
	DifficultyLevel        string         `json:"difficulty_level" set:"level"`
	TargetDurationHours    *float64       `json:"target_duration_hours"`
	EstimatedDurationHours *float64       `json:"estimated_duration_hours" doc:"The sum of the lessons' minutes; null without a lesson."`
	Tags                   []string       `json:"tags" nullable:"false"`
	ThumbnailURL           *string        `json:"thumbnail_url"`
	Locale                 string         `json:"locale"`
	Generation             generationView `json:"generation"`
	IsFavorite             bool           `json:"is_favorite"`
	ModerationStatus       string         `json:"moderation_status" set:"content_status" doc:"held: it awaits review by an administrator. While it is held or hidden, only its owner sees it."`
	CreatedAt              time.Time      `json:"created_at"`
	UpdatedAt              time.Time      `json:"updated_at"`
	PublishedAt            *time.Time     `json:"published_at"`
	Lessons                []lessonView   `json:"lessons" nullable:"false" doc:"In order. Empty in lists: read the course for them."`
	Items                  []itemView     `json:"items" nullable:"false" doc:"In the order of their lessons. Empty in lists."`
}

// generationView says how a course was generated.
type generationView struct {
	Model         string        `json:"model"`
	ModelVersion  string        `json:"model_version"`
	Provider      string        `json:"provider"`
	PromptVersion string        `json:"prompt_version"`
	Fallback      bool          `json:"fallback" doc:"True when no language model wrote the course."`
	AIGenerated   bool          `json:"ai_generated" doc:"Whether a language model took part in writing it: clients show a mark. False for a study plan of the built-in outline writer."`
	Manifest      *string       `json:"manifest" nullable:"true" doc:"What the course is made of, signed (a JWS): its model, sources, and digests of its lessons; see /v1/provenance/check. null where there is none, and in lists."`
	Sources       []string      `json:"sources" nullable:"false" doc:"What the lessons cite and the sites their items are from; own is the owner's material."`
	GeneratedAt   *time.Time    `json:"generated_at"`
	Seconds       float64       `json:"seconds"`
	InputTokens   int           `json:"input_tokens"`
	OutputTokens  int           `json:"output_tokens"`
	QuizAgreement *float64      `json:"quiz_agreement" doc:"The share of quiz questions to which the model gave the same answer in a second, independent attempt; null when it was not asked."`
	Citations     citationsView `json:"citations" doc:"How many sentences cite their source to the character."`
	Notice        *string       `json:"notice" nullable:"true" doc:"A note for readers on how the course was made, and on how far its texts are from what was asked for."`
}

// citationsView counts citations.
type citationsView struct {
	Claims      int `json:"claims"`
	Supported   int `json:"supported" doc:"Those whose state is supported or quote_only."`
	Unsupported int `json:"unsupported"`
	Cut         int `json:"cut" doc:"Sentences that were taken out, since the source that they cited says otherwise."`
}

type lessonView struct {
	ID                       uuid.UUID   `json:"id"`
	Title                    string      `json:"title"`
	Order                    int         `json:"order" minimum:"1"`
	Summary                  string      `json:"summary"`
	Objectives               []string    `json:"objectives" nullable:"false"`
	Prerequisites            []string    `json:"prerequisites" nullable:"false"`
	EstimatedDurationMinutes int         `json:"estimated_duration_minutes" doc:"To read the text, and a minute for each of its steps and questions. Those of the plan until the lesson is written."`
	Content                  string      `json:"content" doc:"Markdown; empty until the lesson is written."`
	Items                    []uuid.UUID `json:"items" nullable:"false"`
	IsCompleted              bool        `json:"is_completed"`

	KeyTerms     []keyTermView  `json:"key_terms" nullable:"false"`
	Citations    []QuotedView   `json:"citations" nullable:"false" doc:"Where what the text says is from, by the [n] in it."`
	Sources      []citationView `json:"sources" nullable:"false" doc:"What the lesson was written from; empty for a study plan. The owner's source material is named to the owner only."`
	ReadingLevel *float64       `json:"reading_level" doc:"In school years; null when unknown."`
	QualityScore *float64       `json:"quality_score" doc:"0 to 1; null until the lesson is written."`
}

type keyTermView struct {
	Term       string `json:"term"`
	Definition string `json:"definition"`
}

// citationView is a cited source of a lesson.
type citationView struct {
	Label     string     `json:"label" doc:"How the text refers to it, as in [S1]."`
	Title     string     `json:"title"`
	SourceID  *uuid.UUID `json:"source_id" format:"uuid" nullable:"true" doc:"The caller's source material."`
	SourceURL *string    `json:"source_url"`
	Cited     bool       `json:"cited" doc:"Whether the text refers to it."`
}

// QuotedView is a citation to the character. It is exported since Huma passes over embedded types that are not.
type QuotedView struct {
	N       int     `json:"n" minimum:"1" doc:"How the text refers to it, as in [1]."`
	State   string  `json:"state" set:"citation_state" doc:"supported: the quote says what the sentence says; quote_only: it is verbatim, and in another language; unsupported: it does not say so."`
	Quote   string  `json:"quote" doc:"Verbatim in the source."`
	Title   string  `json:"title" doc:"Of the source; the owner's material is named to the owner only."`
	URL     *string `json:"url"`
	License string  `json:"license" doc:"Of the source; empty when it is not known."`
}

func viewQuoted(all []passages.Cited) []QuotedView {
	views := make([]QuotedView, len(all))
	for i, q := range all {
		views[i] = QuotedView{q.N, string(q.State), q.Quote, q.Title, q.URL, q.License}
	}
	return views
}

// itemView is a content item, one shape for every kind.
type itemView struct {
	ID                   uuid.UUID          `json:"id"`
	LessonID             uuid.UUID          `json:"lesson_id"`
	Type                 string             `json:"type" enum:"video,article,text,ebook,pdf,podcast,course,quiz,interactive,assessment"`
	Title                string             `json:"title"`
	Source               string             `json:"source"`
	SourceURL            *string            `json:"source_url"`
	SourceURLAgain       *string            `json:"sourceUrl" doc:"The same as source_url, for existing clients."`
	ThumbnailURL         *string            `json:"thumbnail_url"`
	DurationSec          *int               `json:"duration_sec"`
	Pages                *int               `json:"pages"`
	WordCount            *int               `json:"word_count"`
	FileSizeBytes        *int64             `json:"file_size_bytes"`
	Summary              string             `json:"summary"`
	Content              string             `json:"content" doc:"Markdown. For a quiz, the questions without the answers."`
	Attribution          string             `json:"attribution"`
	Tags                 []string           `json:"tags" nullable:"false"`
	DifficultyLevel      string             `json:"difficulty_level" set:"level"`
	Language             string             `json:"language"`
	QualityScore         *float64           `json:"quality_score" doc:"0 to 1; null when it was not rated."`
	IsFree               bool               `json:"is_free"`
	RequiresSubscription bool               `json:"requires_subscription"`
	LicenseType          *string            `json:"license_type"`
	ExternalID           *string            `json:"external_id"`
	PublishedAt          *time.Time         `json:"published_at"`
	PassMark             *float64           `json:"pass_mark,omitempty" doc:"For a quiz: the share of right answers needed to pass."`
	Questions            []quizQuestionView `json:"questions,omitempty" doc:"For a quiz. The right answers are not sent before an attempt."`
}

type quizQuestionView struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind" set:"question_kind"`
	Prompt  string   `json:"prompt"`
	Options []string `json:"options" nullable:"false"`
}

func viewCourse(c courses.Course) courseView {
	v := courseView{
		ID: c.ID, OwnerUserID: c.OwnerUserID, Visibility: string(c.Visibility), Title: c.Title, Topic: c.Topic, Summary: c.Summary,
		Description: c.Description, Status: string(c.Status), Interests: rest.ListOf(c.Interests),
		DifficultyLevel: c.DifficultyLevel, TargetDurationHours: c.TargetDurationHours,
		EstimatedDurationHours: c.EstimatedDurationHours, Tags: rest.ListOf(c.Tags), ThumbnailURL: c.ThumbnailURL,
		Locale: c.Locale, Generation: viewGeneration(c), CreatedAt: c.CreatedAt.UTC(),
		UpdatedAt: c.UpdatedAt.UTC(), PublishedAt: rest.UTC(c.PublishedAt),
		IsFavorite: c.IsFavorite, ModerationStatus: string(c.ModerationStatus), Lessons: []lessonView{}, Items: []itemView{},
	}
	items := map[uuid.UUID][]uuid.UUID{}
	for _, item := range c.Items {
		items[item.LessonID] = append(items[item.LessonID], item.ID)
		v.Items = append(v.Items, viewItem(item))
	}
	for _, lesson := range c.Lessons {
		v.Lessons = append(v.Lessons, viewLesson(lesson, items[lesson.ID]))
	}
	return v
}

func viewGeneration(c courses.Course) generationView {
	g := c.Generation
	v := generationView{
		Model: g.Model, ModelVersion: g.ModelVersion, Provider: g.Provider, PromptVersion: g.PromptVersion,
		Fallback: g.Fallback, AIGenerated: g.ByAI(), Manifest: c.Manifest, Sources: rest.ListOf(g.Sources), GeneratedAt: rest.UTC(g.GeneratedAt), Seconds: g.Seconds,
		InputTokens: g.InputTokens, OutputTokens: g.OutputTokens, QuizAgreement: g.QuizAgreement, Notice: filled(g.Notice),
	}
	if n := g.Citations; n != nil {
		v.Citations = citationsView{n.Claims, n.Supported, n.Unsupported, n.Cut}
	}
	return v
}

// filled returns nil for an empty text.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func viewLesson(l courses.Lesson, items []uuid.UUID) lessonView {
	v := lessonView{
		ID: l.ID, Title: l.Title, Order: l.Position, Summary: l.Summary, Objectives: rest.ListOf(l.Objectives),
		Prerequisites: rest.ListOf(l.Prerequisites), EstimatedDurationMinutes: l.EstimatedDurationMinutes,
		Content: l.Content, Items: rest.ListOf(items), ReadingLevel: l.ReadingLevel, QualityScore: l.QualityScore,
		KeyTerms: []keyTermView{}, Sources: []citationView{}, Citations: viewQuoted(l.Quotations), IsCompleted: l.Completed,
	}
	for _, k := range l.KeyTerms {
		v.KeyTerms = append(v.KeyTerms, keyTermView{k.Term, k.Definition})
	}
	for _, c := range l.Citations {
		v.Sources = append(v.Sources, citationView{c.Label, c.Title, c.SourceID, filled(c.URL), c.Cited})
	}
	return v
}

func viewItem(i courses.Item) itemView {
	v := itemView{
		ID: i.ID, LessonID: i.LessonID, Type: i.Type, Title: i.Title, Source: i.Source, SourceURL: i.SourceURL,
		SourceURLAgain: i.SourceURL, ThumbnailURL: i.ThumbnailURL, DurationSec: i.DurationSec, Pages: i.Pages,
		WordCount: i.WordCount, FileSizeBytes: i.FileSizeBytes, Summary: i.Summary, Content: i.Content,
		Attribution: i.Attribution, Tags: rest.ListOf(i.Tags), DifficultyLevel: i.DifficultyLevel, Language: i.Language,
		QualityScore: i.QualityScore, IsFree: i.IsFree, RequiresSubscription: i.RequiresSubscription,
		LicenseType: i.LicenseType, ExternalID: i.ExternalID, PublishedAt: rest.UTC(i.PublishedAt),
	}
	if len(i.Quiz) > 0 {
		mark := gamification.PassMark
		if i.PassMark != nil {
			mark = *i.PassMark
		}
		v.PassMark = &mark
	}
	for _, q := range i.Quiz {
		v.Questions = append(v.Questions, quizQuestionView{q.ID, cmp.Or(q.Kind, gamification.SingleChoice), q.Prompt, rest.ListOf(q.Options)})
	}
	return v
}
