package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/ranking"
)

// The inputs of a user profile.
const (
	profileSources  = 300 // the most recent ones
	profileTerms    = 60
	profileHalfLife = 30 * 24 * time.Hour
	// masteryHalfLife is the time in which a quiz or a review loses half its weight.
	masteryHalfLife = 30 * 24 * time.Hour
)

// interestsSQL selects a user's interests: those they named, otherwise those of the
// courses they requested and their topics.
const interestsSQL = `coalesce((SELECT interests FROM learning_profiles WHERE user_id = @viewer AND interests IS NOT NULL),
	(SELECT jsonb_agg(DISTINCT word) FROM (
		SELECT jsonb_array_elements_text(c.interests || to_jsonb(ARRAY[c.topic])) AS word FROM (
			SELECT interests, topic FROM courses WHERE owner_user_id = @viewer ORDER BY created_at DESC LIMIT 20) c) w),
	'[]'::jsonb)`

// evidenceSQL returns a row for each skill @viewer was tested in by courses they may see: by quizzes and reviews, of
// which newer ones count more. The learner's own statement about a skill replaces the measurement.
func evidenceSQL() string {
	return `
	SELECT skill, sum(weight * value) / sum(weight) AS mastery, count(*) FILTER (WHERE quiz) AS quizzes, count(*) FILTER (WHERE NOT quiz) AS reviews,
		max(rank) AS rank, max(at) AS last_at
	FROM (
		SELECT course_id, score AS value, at, true AS quiz FROM (SELECT * FROM quiz_attempts WHERE user_id = @viewer ORDER BY at DESC LIMIT 500) q
		UNION ALL
		SELECT course_id, CASE rating WHEN 'again' THEN 0 WHEN 'hard' THEN 0.4 WHEN 'good' THEN 0.8 ELSE 1 END, at, false
		FROM (SELECT * FROM review_logs WHERE user_id = @viewer ORDER BY at DESC LIMIT 500) r
	) e
	JOIN LATERAL (SELECT feed_skills(c.tags) AS skills, array_position(ARRAY['beginner', 'intermediate', 'advanced'], c.difficulty_level) AS rank
		FROM courses c WHERE c.id = e.course_id AND ` + moderation.CourseLetsIn("c") + `) c ON true
	CROSS JOIN LATERAL unnest(c.skills) AS skill
	CROSS JOIN LATERAL (SELECT power(0.5::float8, greatest(extract(epoch FROM CAST(@now AS timestamptz) - e.at)::float8, 0) / @mastery) AS weight) w
	GROUP BY skill HAVING sum(weight) > 0`
}

// userProfileSQL returns one row of JSON with a whole user profile.
func userProfileSQL() string {
	return `
	WITH interactions AS (
		SELECT e.item_id, sum(CASE e.action WHEN 'like' THEN 1 WHEN 'bookmark' THEN 1.2 WHEN 'complete' THEN 1.2 WHEN 'share' THEN 1.5 WHEN 'comment' THEN 0.8
			WHEN 'view' THEN 0.2 WHEN 'skip' THEN -0.4 ELSE -1 END * power(0.5::float8, greatest(extract(epoch FROM CAST(@now AS timestamptz) - e.at)::float8, 0) / @fading)) AS weight
		FROM (SELECT * FROM engagements WHERE user_id = @viewer ORDER BY at DESC LIMIT @most) e GROUP BY e.item_id
	), likes AS (
		SELECT term, sum(i.weight / sqrt(cardinality(f.terms))) AS weight
		FROM interactions i JOIN feed_items f ON f.id = i.item_id AND (f.visible OR f.author_id = @viewer) CROSS JOIN LATERAL unnest(f.terms) AS term
		GROUP BY term ORDER BY abs(sum(i.weight / sqrt(cardinality(f.terms)))) DESC LIMIT @terms
	), evidence AS (` + evidenceSQL() + `), stated AS (
		SELECT key AS skill, value::float AS mastery FROM learning_profiles p, jsonb_each_text(p.skills) WHERE p.user_id = @viewer
	), skills AS (
		SELECT skill, coalesce(s.mastery, e.mastery) AS mastery, coalesce((ARRAY['beginner', 'intermediate', 'advanced'])[e.rank], 'beginner') AS level
		FROM evidence e FULL JOIN stated s USING (skill)
	)
	SELECT jsonb_build_object(
		'interests', to_jsonb(feed_terms(ARRAY(SELECT jsonb_array_elements_text(` + interestsSQL + `)))),
		'likes', coalesce((SELECT jsonb_object_agg(term, weight) FROM likes), '{}'),
		'skills', coalesce((SELECT jsonb_agg(jsonb_build_object('Name', skill, 'Mastery', mastery, 'Level', level, 'Terms', to_jsonb(feed_terms(ARRAY[skill])))
			ORDER BY mastery, skill) FROM skills), '[]'),
		'level', coalesce((SELECT level FROM learning_profiles WHERE user_id = @viewer), '')) AS profile`
}

// FindUserProfile returns a learner's profile, in one query.
func FindUserProfile(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (ranking.Profile, error) {
	var text []byte
	err := db.WithContext(ctx).Raw(userProfileSQL(), map[string]any{
		"viewer": user, "now": now, "most": profileSources, "terms": profileTerms,
		"fading": profileHalfLife.Seconds(), "mastery": masteryHalfLife.Seconds(),
	}).Row().Scan(&text)
	var found struct {
		Interests []string
		Likes     map[string]float64
		Skills    []ranking.Skill
		Level     string
	}
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	profile := ranking.Profile{Interests: map[string]float64{}, Likes: found.Likes, Skills: found.Skills, Level: found.Level}
	for _, term := range found.Interests {
		profile.Interests[term] = 1
	}
	if profile.Level == "" {
		profile.Level = "beginner"
	}
	return profile, err
}
