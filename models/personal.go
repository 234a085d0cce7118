package models

import (
	"context"
	"database/sql"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Erasure is what becomes of a row that names a user who is forgotten.
type Erasure int

// What can become of it.
const (
	EraseRow  Erasure = iota // the row goes
	Pseudonym                // the row stays, with a pseudonym that stands for nobody
)

// Personal is a place where a user is named.
type Personal struct {
	Table  string
	Column string
	// File is where the rows go in an export; "": nowhere, because they are
	// machinery, or because another entry of the table has them.
	File string
	// Export is one JSON object a row, of the rows t that are the user's; "" with no File.
	Export  string
	Erasure Erasure
}

// PersonalData is the one list of what names a user. The export, the erasure and
// their tests go by it, and a test compares it with the catalogue.
func PersonalData() []Personal {
	return []Personal{
		{Table: "users", Column: "id", File: "profile.json", Export: "to_jsonb(t) - '{password_hash,deletion_id,deletion_requested_at,deletion_due_at}'::text[]"},
		{Table: "sessions", Column: "user_id", File: "sessions.json", Export: "to_jsonb(t) - '{user_id,token_hash,previous_hash,sealed_successor}'::text[]"},
		{Table: "courses", Column: "owner_user_id", File: "courses.json", Export: wholeCourseJSON},
		{Table: "tasks", Column: "user_id", File: "tasks.json", Export: "to_jsonb(t) - '{user_id,request_hash}'::text[]"},
		{Table: "sources", Column: "user_id", File: "sources.json", Export: "to_jsonb(t) - '{user_id,sha256,original}'::text[]"},
		{Table: "model_calls", Column: "user_id", File: "usage.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "learning_events", Column: "user_id", File: "learning.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "mails", Column: "user_id", File: "mails.json", Export: "to_jsonb(t) - '{user_id,token_hash}'::text[]"},
		{Table: "exports", Column: "user_id", File: "exports.json", Export: "to_jsonb(t) - 'user_id'"},
		{Table: "audit_log", Column: "user_id", File: "audit.json", Export: "to_jsonb(t)", Erasure: Pseudonym},
		{Table: "audit_log", Column: "actor_id", Erasure: Pseudonym},
		{Table: "outbox", Column: "user_id"},
	}
}

// wholeCourseJSON is a course with its lessons and their items.
const wholeCourseJSON = `(to_jsonb(t) - 'owner_user_id') || jsonb_build_object('lessons', coalesce((
	SELECT jsonb_agg(to_jsonb(l) || jsonb_build_object('items', coalesce((
		SELECT jsonb_agg(to_jsonb(i) ORDER BY i.position) FROM items i WHERE i.lesson_id = l.id), '[]')) ORDER BY l.position)
	FROM lessons l WHERE l.course_id = t.id), '[]'))`

// EachPersonalRow calls visit with the JSON of each row that a user's export has of
// a file, in no order, one at a time. Times are RFC 3339 in UTC.
func EachPersonalRow(ctx context.Context, db *gorm.DB, user uuid.UUID, file string, visit func(json []byte) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
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
	}, &sql.TxOptions{ReadOnly: true})
}

func eachRow(tx *gorm.DB, p Personal, user uuid.UUID, visit func([]byte) error) error {
	rows, err := tx.Raw("SELECT "+p.Export+" FROM "+p.Table+" t WHERE "+p.Column+" = ?", user).Rows() //nolint:gosec // of the list above
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := visit(text); err != nil {
			return err
		}
	}
	return rows.Err()
}
