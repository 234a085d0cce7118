package feed

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/text"
)

// PathStep is a step of a learning path.
type PathStep struct {
	Content       uuid.UUID
	Title         string
	ContentType   string
	Difficulty    string
	Minutes       int
	Prerequisites []string // ids of the steps it comes after
	Objectives    []string
	Confidence    float64
}

// mostPathSkills is how many skills a path is for.
const mostPathSkills = 10

// LearningPath returns courses in the order to take them, for skills; where none are named, for the
// learner's weakest ones, then for their interests. Courses they have completed are left out.
func LearningPath(ctx context.Context, db *gorm.DB, user uuid.UUID, skills []string, now time.Time) ([]PathStep, error) {
	profile, err := FindUserProfile(ctx, db, user, now)
	if err != nil {
		return nil, err
	}
	mastery := map[string]float64{}
	for _, s := range profile.Skills {
		mastery[s.Name] = s.Mastery
	}
	if len(skills) == 0 {
		skills = skillsOf(profile)
	}
	for i, s := range skills {
		skills[i] = text.Key(s)
	}
	slices.Sort(skills)
	skills = slices.Compact(skills)
	return pathOf(ctx, db, user, skills[:min(len(skills), mostPathSkills)], mastery)
}

// skillsOf returns the weak skills, and interests after them.
func skillsOf(t ranking.Profile) (skills []string) {
	for _, s := range t.Skills { // the weakest first
		if s.Mastery < ranking.GapBelow {
			skills = append(skills, s.Name)
		}
	}
	for _, term := range sortedKeys(t.Interests) {
		if len(skills) < mostPathSkills {
			skills = append(skills, term)
		}
	}
	return skills
}

func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// pathOf returns the path of the best courses of each skill, own ones too, with their lessons' words.
func pathOf(ctx context.Context, db *gorm.DB, user uuid.UUID, skills []string, mastery map[string]float64) ([]PathStep, error) {
	if len(skills) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID                                 uuid.UUID
		Title, DifficultyLevel             string
		Minutes                            int
		Skills, Teaches, Objectives, Needs store.Words `gorm:"type:text[]"`
		Quality                            float64
	}
	err := db.WithContext(ctx).Raw(`
		WITH wanted AS (SELECT skill, feed_terms(ARRAY[skill]) AS terms FROM unnest(CAST(@skills AS text[])) AS skill),
		found AS (
			SELECT f.id, w.skill FROM wanted w CROSS JOIN LATERAL (
				SELECT f.id FROM (
					SELECT f.* FROM feed_items f WHERE f.terms @> w.terms AND f.content_type = 'course' AND `+shown()+`
					UNION ALL
					SELECT f.* FROM courses c JOIN feed_items f ON f.id = c.id AND NOT f.visible
						WHERE c.owner_user_id = @viewer AND c.status = 'READY' AND f.terms @> w.terms) f
				WHERE cardinality(w.terms) > 0
					AND NOT EXISTS (SELECT FROM course_progress p WHERE p.user_id = @viewer AND p.course_id = f.id AND p.completed_at IS NOT NULL)
				ORDER BY coalesce(f.quality, 0.5) DESC, f.published_at DESC, f.id LIMIT 30) f
		)
		SELECT f.id, f.title, f.difficulty_level, f.minutes, f.skills, (SELECT array_agg(DISTINCT skill) FROM found WHERE found.id = f.id) AS teaches,
			coalesce((SELECT array_agg(o) FROM (SELECT jsonb_array_elements_text(l.objectives) AS o FROM lessons l WHERE l.course_id = f.id ORDER BY l.position LIMIT 8) x), '{}') AS objectives,
			coalesce((SELECT array_agg(DISTINCT text_key(n)) FROM lessons l, jsonb_array_elements_text(l.prerequisites) n WHERE l.course_id = f.id), '{}') AS needs,
			coalesce(ck.total, f.quality, 0.5) AS quality
		FROM feed_items f LEFT JOIN content_checks ck ON ck.item_id = f.id AND ck.checked_at IS NOT NULL WHERE f.id IN (SELECT id FROM found)`,
		map[string]any{"viewer": user, "skills": store.Words(skills)}).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	courses := make([]ranking.PathCourse, len(rows))
	byID := map[string]int{}
	for i, r := range rows {
		byID[r.ID.String()] = i
		courses[i] = ranking.PathCourse{ID: r.ID.String(), Skills: r.Skills, Teaches: r.Teaches, Prerequisites: r.Needs, Level: r.DifficultyLevel, Quality: r.Quality}
	}
	var steps []PathStep
	for _, s := range ranking.Path(courses, mastery) {
		r := rows[byID[s.Course.ID]]
		steps = append(steps, PathStep{
			Content: r.ID, Title: r.Title, ContentType: "course", Difficulty: r.DifficultyLevel, Minutes: r.Minutes,
			Prerequisites: s.After, Objectives: r.Objectives, Confidence: s.Confidence,
		})
	}
	return steps, nil
}
