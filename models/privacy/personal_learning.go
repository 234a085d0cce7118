package privacy

import (
	"github.com/lyoapp/lyo/models/moderation"
)

// attemptJSON returns an attempt, without what the quiz explains if its course may not be seen any more.
func attemptJSON() string {
	return "to_jsonb(t) - 'user_id' || CASE WHEN " + moderation.PartSeen("t.course_id") + ` THEN '{}' ELSE jsonb_build_object('results', (
		SELECT coalesce(jsonb_agg(r - 'explanation'), '[]') FROM jsonb_array_elements(t.results) r)) END`
}

// cardJSON returns a card, without its text if its course may not be seen any more.
func cardJSON() string {
	return "to_jsonb(t) - 'user_id' - CASE WHEN " + moderation.PartSeen("t.course_id") + " THEN '{}' ELSE '{front,back}' END::text[]"
}

// learningData returns what names a user of learning and its rewards.
func learningData() []Personal {
	return []Personal{
		{Table: "course_progress", Column: "user_id", File: "progress.json", Export: "to_jsonb(t) - 'user_id'", Order: "started_at"},
		{Table: "lesson_completions", Column: "user_id", File: "completions.json", Export: "to_jsonb(t) - 'user_id'", Order: "completed_at"},
		{Table: "quiz_attempts", Column: "user_id", File: "attempts.json", Export: attemptJSON()},
		{Table: "ledger", Column: "user_id", File: "points.json", Export: "(to_jsonb(t) - '{user_id,seq}'::text[]) || jsonb_build_object('day', date '1970-01-01' + t.day)", Order: "seq"},
		{Table: "totals", Column: "user_id"},
		{Table: "standings", Column: "user_id"},
		{Table: "board_changes", Column: "user_id"},
		{Table: "learning_requests", Column: "user_id"},
		{Table: "learning_days", Column: "user_id"},
		{Table: "zone_moves", Column: "user_id", File: "zones.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "streak_freezes", Column: "user_id", File: "freezes.json", Export: "jsonb_build_object('day', date '1970-01-01' + t.day, 'spent_at', t.spent_at)", Order: "spent_at"},
		{Table: "unlocks", Column: "user_id", File: "achievements.json", Export: "to_jsonb(t) - 'user_id'", Order: "unlocked_at"},
		{Table: "review_cards", Column: "user_id", File: "reviews.json", Export: cardJSON()},
		{Table: "review_logs", Column: "user_id", File: "reviews.json", Export: "to_jsonb(t) - 'user_id'"},
	}
}
