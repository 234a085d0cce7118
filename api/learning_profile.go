package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
	texts "github.com/lyoapp/lyo/models/text"
)

// profile registers the routes of the learning profile.
func (s *Server) profile() {
	rest.Register(s.API, huma.Operation{
		OperationID: "get-learning-profile", Method: http.MethodGet, Path: "/v1/users/me/learning-profile", Tags: []string{rest.TagUsers},
		Summary:     "Get your learning profile",
		Description: "Interests, level and skills: measured from courses, quizzes and reviews, or stated by the user.",
	}, s.learningProfile)
	rest.Register(s.API, huma.Operation{
		OperationID: "update-learning-profile", Method: http.MethodPut, Path: "/v1/users/me/learning-profile", Tags: []string{rest.TagUsers},
		Summary:     "Update your learning profile",
		Description: "Sets what the user states about themselves, which overrides what was measured. Absent or null fields stay.",
	}, s.changeLearningProfile)
}

type learningView struct {
	Interests       []string      `json:"interests" nullable:"false"`
	InterestsStated bool          `json:"interests_stated" doc:"False: inferred from the courses the user requested."`
	Level           string        `json:"level" set:"level"`
	LevelStated     bool          `json:"level_stated" doc:"False: inferred from the hardest completed course."`
	CompletedTopics []string      `json:"completed_topics" nullable:"false"`
	Skills          []masteryView `json:"skills" nullable:"false" doc:"Measured from quizzes and reviews, or stated by the user."`
	Due             dueView       `json:"due"`
	UpdatedAt       *time.Time    `json:"updated_at" nullable:"true" doc:"When it was last updated."`
}

type masteryView struct {
	Skill    string     `json:"skill"`
	Mastery  float64    `json:"mastery" doc:"0 to 1: the stated value, else the measured one."`
	Measured *float64   `json:"measured" nullable:"true" doc:"From quizzes and reviews, recent ones weighted higher."`
	Stated   *float64   `json:"stated" nullable:"true"`
	Quizzes  int        `json:"quizzes"`
	Reviews  int        `json:"reviews"`
	LastAt   *time.Time `json:"last_at" nullable:"true"`
}

type dueView struct {
	Cards     int             `json:"cards" doc:"Cards due now."`
	NextDueAt *time.Time      `json:"next_due_at" nullable:"true"`
	ByCourse  []dueCourseView `json:"by_course" nullable:"false"`
}

type dueCourseView struct {
	CourseID uuid.UUID `json:"course_id" format:"uuid"`
	Title    string    `json:"title"`
	Cards    int       `json:"cards"`
}

func viewLearning(p feed.ProfileView) learningView {
	v := learningView{
		Interests: rest.ListOf(p.Interests), InterestsStated: p.InterestsStated, Level: p.Level, LevelStated: p.LevelStated,
		CompletedTopics: rest.ListOf(p.CompletedTopics), Skills: []masteryView{}, UpdatedAt: rest.UTC(p.UpdatedAt),
		Due: dueView{Cards: p.DueNow, NextDueAt: rest.UTC(p.NextDueAt), ByCourse: []dueCourseView{}},
	}
	for _, s := range p.Skills {
		v.Skills = append(v.Skills, masteryView{s.Skill, s.Mastery, s.Measured, s.Stated, s.Quizzes, s.Reviews, rest.UTC(s.LastAt)})
	}
	for _, d := range p.DueByCourse {
		v.Due.ByCourse = append(v.Due.ByCourse, dueCourseView(d))
	}
	return v
}

type learningInput struct{ rest.Reading }

func (s *Server) learningProfile(ctx context.Context, in *learningInput) (*rest.Tagged[learningView], error) {
	p, err := feed.FindProfile(ctx, s.DB, rest.PrincipalOf(ctx).UserID, s.Now())
	if err != nil {
		return nil, err
	}
	return rest.Conditional(in.IfNoneMatch, viewLearning(p))
}

type changeLearningInput struct {
	rest.Changing
	Body learningBody
}

// learningBody holds the fields that may be corrected. An absent or null field is left as it is.
type learningBody struct {
	Interests       *[]string           `json:"interests,omitempty" nullable:"true" maxItems:"20" each:"200" text:"line"`
	Level           *string             `json:"level,omitempty" nullable:"true" set:"level,loosely"`
	CompletedTopics *[]string           `json:"completed_topics,omitempty" nullable:"true" maxItems:"100" each:"200" text:"line"`
	Skills          map[string]*float64 `json:"skills,omitempty" nullable:"true" members:"100" doc:"Mastery by skill, 0 to 1; null removes a stated value."`
}

// Document gives the bounds of a mastery.
func (learningBody) Document(schema map[string]any) {
	skills, _ := schema["properties"].(map[string]any)["skills"].(map[string]any)
	mastery, _ := skills["additionalProperties"].(map[string]any)
	mastery["minimum"], mastery["maximum"] = 0, 1
}

// Resolve reports the rule violations that the schema cannot express.
func (in *changeLearningInput) Resolve(huma.Context) []error {
	faults := rest.FieldFaults{}
	checkWords(&faults, "interests", in.Body.Interests)
	checkWords(&faults, "completed_topics", in.Body.CompletedTopics)
	if in.Body.Level != nil {
		checkLevel(&faults, "level", *in.Body.Level)
	}
	if len(in.Body.Skills) > feed.MostSkills {
		faults.Add("skills", "must be at most 100")
	}
	for skill, mastery := range in.Body.Skills {
		if n := utf8.RuneCountInString(texts.Key(skill)); n < 1 || n > 100 {
			faults.Add("skills", "names must have 1 to 100 characters")
		}
		faults.Line("skills", skill)
		if mastery != nil && (*mastery < 0 || *mastery > 1) {
			faults.Add("skills", "values must be from 0 to 1")
		}
	}
	return faults
}

// checkWords reports texts that are empty or too long.
func checkWords(f *rest.FieldFaults, path string, words *[]string) {
	if words == nil {
		return
	}
	for i, word := range *words {
		if n := utf8.RuneCountInString(word); n < 1 || n > 200 {
			f.Add(path+"["+strconv.Itoa(i)+"]", "must have 1 to 200 characters")
		}
	}
}

func (b learningBody) change() feed.ProfileChange {
	change := feed.ProfileChange{Interests: tidy(b.Interests), Level: b.Level, CompletedTopics: tidy(b.CompletedTopics), Skills: map[string]*float64{}}
	for skill, mastery := range b.Skills {
		change.Skills[texts.Key(skill)] = mastery
	}
	return change
}

// tidy removes duplicate words, ignoring differences in spelling.
func tidy(words *[]string) *[]string {
	if words == nil {
		return nil
	}
	kept := texts.Distinct(*words)
	return &kept
}

func (s *Server) changeLearningProfile(ctx context.Context, in *changeLearningInput) (*rest.Tagged[learningView], error) {
	allowed := func(p feed.ProfileView) error {
		if in.IfMatch == "" {
			return nil
		}
		return rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewLearning(p)))
	}
	p, err := feed.ChangeLearning(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.Body.change(), s.Now(), allowed)
	if err != nil {
		return nil, err
	}
	return rest.Conditional("", viewLearning(p))
}

type pathInput struct {
	Skills string `query:"skills" maxLength:"500" doc:"Comma-separated, at most 10; absent: the caller's weakest skills, then their interests."`
}

type pathStepView struct {
	SequenceOrder int       `json:"sequence_order" minimum:"1"`
	ContentID     uuid.UUID `json:"content_id" format:"uuid"`
	Title         string    `json:"title"`
	ContentType   string    `json:"content_type" enum:"course"`
	Difficulty    string    `json:"difficulty" set:"level"`
	Duration      int       `json:"estimated_duration" doc:"In minutes."`
	Prerequisites []string  `json:"prerequisites" nullable:"false" doc:"content_id of the earlier steps it builds on."`
	Objectives    []string  `json:"learning_objectives" nullable:"false"`
	Confidence    float64   `json:"confidence_score" doc:"0 to 1: the confidence that the step helps."`
}

type pathOutput struct{ Body []pathStepView }

func (s *Server) learningPath(ctx context.Context, in *pathInput) (*pathOutput, error) {
	var skills []string
	for skill := range strings.SplitSeq(in.Skills, ",") {
		if skill = texts.Trim(skill); skill != "" {
			skills = append(skills, skill)
		}
	}
	steps, err := feed.LearningPath(ctx, s.DB, rest.PrincipalOf(ctx).UserID, skills, s.Now())
	out := &pathOutput{make([]pathStepView, 0, len(steps))}
	for i, step := range steps {
		out.Body = append(out.Body, pathStepView{
			i + 1, step.Content, step.Title, step.ContentType, step.Difficulty, step.Minutes, rest.ListOf(step.Prerequisites), rest.ListOf(step.Objectives), step.Confidence,
		})
	}
	return out, err
}

// sizeAsJSON returns the length of v as JSON. v was decoded from JSON, so it marshals.
func sizeAsJSON(v any) int {
	text, _ := json.Marshal(v) //nolint:errchkjson // it came from JSON
	return len(text)
}
