package privacy

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
)

// Erasure is what happens to a row that names an erased user.
type Erasure int

// The kinds of erasure.
const (
	EraseRow  Erasure = iota // the row goes
	Pseudonym                // the row stays, with a pseudonym that stands for nobody
	Disown                   // the row stays, and names nobody
)

// Personal is a column that names a user.
type Personal struct {
	Table  string
	Column string
	// File is where the rows go in an export; "": nowhere, because they are
	// machinery, or because another entry of the table has them.
	File string
	// Export is one JSON object a row, of the rows t that are the user's, who is @viewer; "" with no File.
	Export  string
	Order   string // of the rows in an export; "": by id
	Erasure Erasure
}

// PersonalData returns the one list of what names a user. The export, the erasure and
// their tests go by it, and a test compares it with the catalogue.
func PersonalData() []Personal {
	return slices.Concat(accountData(), pushData(), communityData(), learningData(), feedData(), searchData())
}

// accountData returns what names a user of accounts, courses and tasks.
func accountData() []Personal {
	return []Personal{
		{Table: "users", Column: "id", File: "profile.json", Export: "to_jsonb(t) - '{password_hash,username_key,deletion_id,deletion_requested_at,deletion_due_at}'::text[]"},
		{Table: "sessions", Column: "user_id", File: "sessions.json", Export: "to_jsonb(t) - '{user_id,token_hash,previous_hash,sealed_successor}'::text[]"},
		{Table: "access_changes", Column: "user_id"},
		{Table: "source_snapshots", Column: "owner_user_id", File: "snapshots.json", Export: "to_jsonb(t) - '{owner_user_id,sha256}'::text[]"},
		{Table: "courses", Column: "owner_user_id", File: "courses.json", Export: wholeCourseJSON},
		{Table: "tasks", Column: "user_id", File: "tasks.json", Export: "to_jsonb(t) - '{user_id,request_hash}'::text[]"},
		{Table: "plan_edits", Column: "user_id", File: "plan_edits.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "sources", Column: "user_id", File: "sources.json", Export: "to_jsonb(t) - '{user_id,sha256,original,reading_started_at}'::text[]"},
		{Table: "model_calls", Column: "user_id", File: "usage.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "learning_events", Column: "user_id", File: "learning.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "mails", Column: "user_id", File: "mails.json", Export: "to_jsonb(t) - '{user_id,token_hash}'::text[]"},
		{Table: "exports", Column: "user_id", File: "exports.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "audit_log", Column: "user_id", File: "audit.json", Export: auditJSON, Erasure: Pseudonym},
		{Table: "audit_log", Column: "actor_id", Erasure: Pseudonym},
		{Table: "outbox", Column: "user_id"},
	}
}

// AboutFile says in a few words what a file of an export has; "" for an unknown one.
func AboutFile(name string) string { return aboutFiles[name] }

var aboutFiles = map[string]string{
	"edits.json":            "what your posts and comments said before",
	"freezes.json":          "days your streak was frozen",
	"interactions.json":     "what you did with things in feeds",
	"learning_profile.json": "what you said of your interests and skills",
	"recommendations.json":  "what was picked for you",
	"reports.json":          "what you reported",
	"zones.json":            "time zones you were in",
	"profile.json":          "your account",
	"sessions.json":         "where you are and were signed in",
	"courses.json":          "your courses with lessons and items",
	"tasks.json":            "what you asked for",
	"plan_edits.json":       "plans you edited, of courses that are being made",
	"sources.json":          "your own material, with its text",
	"snapshots.json":        "your own material, as your courses quote it",
	"usage.json":            "what your courses cost",
	"learning.json":         "what you did when",
	"mails.json":            "mails to you",
	"exports.json":          "exports like this one",
	"audit.json":            "what happened to your account",
	"notifications.json":    "your inbox, and the pushes about it",
	"devices.json":          "where pushes go",
	"push_preferences.json": "what you get pushes about, and when not",
	"posts.json":            "what you posted",
	"comments.json":         "what you commented",
	"reactions.json":        "what you liked",
	"views.json":            "posts you read",
	"blocks.json":           "whom you blocked",
	"follows.json":          "whom you follow",
	"progress.json":         "how far you are in courses",
	"completions.json":      "lessons you completed",
	"attempts.json":         "your answers to quizzes",
	"points.json":           "every point you got, and what for",
	"achievements.json":     "what you unlocked",
	"reviews.json":          "your cards, and how you repeated them",
	"deeds.json":            "what others may see in their feeds",
}

// auditJSON says where from only for what the user did, or nobody who was signed in:
// from where an administrator did something is theirs to know.
const auditJSON = `CASE WHEN t.actor_id IS NULL OR t.actor_id = t.user_id
	THEN to_jsonb(t) ELSE to_jsonb(t) - '{actor_id,address,user_agent,request_id}'::text[] END`

// wholeCourseJSON is a course with its lessons and their items, and the mark of what a language model wrote. Right
// answers are left out, as everywhere before an attempt.
var wholeCourseJSON = `(to_jsonb(t) - 'owner_user_id') || jsonb_build_object('generation', t.generation || jsonb_build_object('ai_generated', ` +
	courses.ByAISQL("t.generation") + `), 'lessons', coalesce((
	SELECT jsonb_agg(to_jsonb(l) || jsonb_build_object('items', coalesce((
		SELECT jsonb_agg(to_jsonb(i) || jsonb_build_object('quiz', CASE jsonb_typeof(i.quiz) WHEN 'array' THEN (
			SELECT jsonb_agg(q - '{answer,answers,accepted,explanation}'::text[]) FROM jsonb_array_elements(i.quiz) q) END) ORDER BY i.position) FROM items i WHERE i.lesson_id = l.id), '[]'),
		'quotations', coalesce((SELECT jsonb_agg(to_jsonb(q) - 'lesson_id' ORDER BY q.n) FROM citations q WHERE q.lesson_id = l.id), '[]')) ORDER BY l.position)
	FROM lessons l WHERE l.course_id = t.id), '[]'))`

// EachPersonalRow calls visit with the JSON of each row that a user's export has of a
// file, the oldest first. Times are RFC 3339 in UTC. One row is in memory at a time, on one
// connection: visit may use tx, which has to be a transaction.
func EachPersonalRow(ctx context.Context, tx *gorm.DB, user uuid.UUID, file string, visit func(json []byte) error) error {
	tx = tx.WithContext(ctx)
	if err := tx.Exec("SET LOCAL timezone = 'UTC'").Error; err != nil {
		return err
	}
	for _, p := range PersonalData() {
		if p.File != file {
			continue
		}
		if err := eachRow(tx, p, user, visit); err != nil {
			return err
		}
	}
	return nil
}

// eachRow reads by a cursor of the server's. Rows that the driver streams would keep
// the connection busy, so that visit needed another one, and as many exports at once as
// the pool is large would wait for each other.
func eachRow(tx *gorm.DB, p Personal, user uuid.UUID, visit func([]byte) error) error {
	query := "DECLARE personal NO SCROLL CURSOR FOR SELECT " + p.Export + " AS row FROM " + p.Table + " t WHERE " + p.Column + " = @viewer ORDER BY t." + cmp.Or(p.Order, "id")
	if err := tx.Exec(query, map[string]any{"viewer": user}).Error; err != nil {
		return err
	}
	for {
		var text []byte
		err := tx.Raw("FETCH NEXT FROM personal").Row().Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return tx.Exec("CLOSE personal").Error
		}
		if err == nil {
			err = visit(text)
		}
		if err != nil {
			return err
		}
	}
}
