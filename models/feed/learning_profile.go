package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// ProfileView is a learner's profile: what they stated, otherwise what follows from
// their activity.
type ProfileView struct {
	Interests       []string       `json:"interests"`
	InterestsStated bool           `json:"interests_stated"`
	Level           string         `json:"level"`
	LevelStated     bool           `json:"level_stated"`
	CompletedTopics []string       `json:"completed_topics"`
	Skills          []SkillMastery `json:"skills"`
	DueNow          int            `json:"due_now"`
	DueByCourse     []DueCourse    `json:"due_by_course"`
	NextDueAt       *time.Time     `json:"next_due_at"`
	UpdatedAt       *time.Time     `json:"updated_at"`
}

// SkillMastery is how well a skill is known, 0 to 1. Measured is nil without a measurement,
// Stated without a statement; the statement has precedence.
type SkillMastery struct {
	Skill    string     `json:"skill"`
	Mastery  float64    `json:"mastery"`
	Measured *float64   `json:"measured"`
	Stated   *float64   `json:"stated"`
	Quizzes  int        `json:"quizzes"`
	Reviews  int        `json:"reviews"`
	LastAt   *time.Time `json:"last_at"`
}

// DueCourse is how many cards of a course are due for review.
type DueCourse struct {
	CourseID uuid.UUID `json:"course_id"`
	Title    string    `json:"title"`
	Cards    int       `json:"cards"`
}

// profileSQL returns one row of JSON. A level that was not stated is that of the hardest completed course.
func profileSQL() string {
	return `
	WITH evidence AS (` + evidenceSQL() + `), p AS (
		SELECT * FROM learning_profiles WHERE user_id = @viewer
	), stated AS (
		SELECT key AS skill, value::float AS mastery FROM p, jsonb_each_text(p.skills)
	), done AS (
		SELECT CASE WHEN ` + moderation.CourseLetsIn("c") + ` THEN c.topic END AS topic, c.difficulty_level, cp.completed_at FROM course_progress cp JOIN courses c ON c.id = cp.course_id
		WHERE cp.user_id = @viewer AND cp.completed_at IS NOT NULL
	), due AS (
		SELECT r.course_id, c.title, count(*) AS cards FROM review_cards r JOIN courses c ON c.id = r.course_id
		WHERE r.user_id = @viewer AND r.due_at <= @now AND ` + moderation.CourseLetsIn("c") + ` GROUP BY r.course_id, c.title
	)
	SELECT jsonb_build_object(
		'interests', ` + interestsSQL + `,
		'interests_stated', EXISTS (SELECT FROM p WHERE interests IS NOT NULL),
		'level', coalesce((SELECT level FROM p), (SELECT difficulty_level FROM done ORDER BY array_position(ARRAY['beginner', 'intermediate', 'advanced'], difficulty_level) DESC LIMIT 1), 'beginner'),
		'level_stated', EXISTS (SELECT FROM p WHERE level IS NOT NULL),
		'completed_topics', coalesce((SELECT jsonb_agg(DISTINCT topic ORDER BY topic) FROM (
			SELECT jsonb_array_elements_text(p.completed_topics) AS topic FROM p
			UNION SELECT topic FROM done WHERE topic IS NOT NULL AND NOT EXISTS (SELECT FROM p WHERE completed_topics IS NOT NULL AND p.updated_at >= done.completed_at)) t), '[]'),
		'skills', coalesce((SELECT jsonb_agg(jsonb_build_object('skill', skill, 'mastery', coalesce(s.mastery, e.mastery), 'measured', e.mastery, 'stated', s.mastery,
			'quizzes', coalesce(e.quizzes, 0), 'reviews', coalesce(e.reviews, 0), 'last_at', e.last_at) ORDER BY skill)
			FROM evidence e FULL JOIN stated s USING (skill)), '[]'),
		'due_now', coalesce((SELECT sum(cards) FROM due), 0),
		'due_by_course', coalesce((SELECT jsonb_agg(jsonb_build_object('course_id', course_id, 'title', title, 'cards', cards) ORDER BY cards DESC, course_id) FROM due), '[]'),
		'next_due_at', (SELECT min(due_at) FROM review_cards c WHERE user_id = @viewer AND due_at > @now AND ` + learning.CardSeen() + `),
		'updated_at', (SELECT updated_at FROM p)) AS profile`
}

// FindProfile returns a learner's profile, in one query.
func FindProfile(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (ProfileView, error) {
	var text []byte
	var view ProfileView
	err := db.WithContext(ctx).Raw(profileSQL(), map[string]any{"viewer": user, "now": now, "mastery": masteryHalfLife.Seconds()}).Row().Scan(&text)
	if err == nil {
		err = json.Unmarshal(text, &view)
	}
	return view, err
}

// ProfileChange is a learner's corrections; nil leaves a part as it is. A nil mastery
// removes the statement about a skill.
type ProfileChange struct {
	Interests       *[]string
	Level           *string
	CompletedTopics *[]string
	Skills          map[string]*float64
}

// ChangeLearning corrects a learner's profile. allowed is called with the present profile
// before anything is written, under the account's lock, and may refuse.
func ChangeLearning(ctx context.Context, db *gorm.DB, user uuid.UUID, change ProfileChange, now time.Time, allowed func(ProfileView) error) (view ProfileView, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := accounts.Lock(tx, user); err != nil {
			return err
		}
		if view, err = FindProfile(ctx, tx, user, now); err != nil {
			return err
		}
		if err := allowed(view); err != nil {
			return err
		}
		row := LearningProfile{UserID: user, Skills: map[string]float64{}, UpdatedAt: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Select("user_id", "skills", "updated_at").Create(&row).Error; err != nil {
			return err
		}
		if err := tx.First(&row, "user_id = ?", user).Error; err != nil {
			return err
		}
		if err := change.write(tx, row, now); err != nil {
			return err
		}
		view, err = FindProfile(ctx, tx, user, now)
		return err
	})
	return view, err
}

func (ch ProfileChange) write(tx *gorm.DB, row LearningProfile, now time.Time) error {
	values := map[string]any{"updated_at": now}
	if ch.Interests != nil {
		values["interests"] = store.AsJSON(store.OrEmpty(*ch.Interests))
	}
	if ch.Level != nil {
		values["level"] = *ch.Level
	}
	if ch.CompletedTopics != nil {
		values["completed_topics"] = store.AsJSON(store.OrEmpty(*ch.CompletedTopics))
	}
	skills := row.Skills
	if skills == nil {
		skills = map[string]float64{}
	}
	for skill, mastery := range ch.Skills {
		if mastery == nil {
			delete(skills, skill)
		} else {
			skills[skill] = *mastery
		}
	}
	if len(skills) > MostSkills {
		return store.BadField("body", "/skills", "must not be more than 100 in all")
	}
	values["skills"] = store.AsJSON(skills)
	return tx.Model(&LearningProfile{}).Where("user_id = ?", row.UserID).Updates(values).Error
}

// MostSkills is how many skills a learner may state.
const MostSkills = 100
