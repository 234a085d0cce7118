package privacy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// EraseUser removes every row that names a user, in one transaction, and writes the
// one entry of the audit log that still does. An account that is gone is done with; one
// that was restored, is deleted by another deletion, or is not due yet, is a Conflict;
// work that has not ended yet is Unavailable.
func EraseUser(ctx context.Context, db *gorm.DB, user, deletion uuid.UUID, now time.Time, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := accounts.Lock(tx, user)
		switch {
		case store.CodeOf(err) == store.NotFound:
			return nil
		case err != nil:
			return err
		case row.DeletionID == nil || *row.DeletionID != deletion || row.DeletionDueAt.After(now):
			return store.Errorf(store.Conflict, "The account is not to be erased by this deletion now.")
		}
		if err := workEnded(tx, user); err != nil {
			return err
		}
		alias := uuid.New()
		if err := pseudonymise(tx, user, alias); err != nil {
			return err
		}
		if err := community.Uncount(tx, user); err != nil {
			return err
		}
		if err := eraseRows(tx, row); err != nil {
			return err
		}
		entry.UserID, entry.Details = &user, map[string]any{"pseudonym": alias}
		return store.Audit(ctx, tx, entry)
	})
}

func workEnded(tx *gorm.DB, user uuid.UUID) error {
	var open int64
	err := tx.Model(&tasks.Task{}).Where("user_id = ? AND state IN ?", user, []tasks.TaskState{tasks.TaskQueued, tasks.TaskRunning}).Count(&open).Error
	if err == nil && open > 0 {
		return store.Errorf(store.Unavailable, "%d tasks of the account have not ended yet.", open)
	}
	return err
}

// eraseRows goes through the list backwards, so that the user goes last.
func eraseRows(tx *gorm.DB, user accounts.User) error {
	for _, p := range slices.Backward(PersonalData()) {
		var err error
		switch p.Erasure {
		case EraseRow:
			err = tx.Exec("DELETE FROM "+p.Table+" WHERE "+p.Column+" = ?", user.ID).Error
		case Disown:
			err = tx.Exec("UPDATE "+p.Table+" SET "+p.Column+" = NULL WHERE "+p.Column+" = ?", user.ID).Error
		case Pseudonym:
		}
		if err != nil {
			return fmt.Errorf("erase %s: %w", p.Table, err)
		}
	}
	// A mail that was asked for by the address, and not sent yet, names only that.
	if err := tx.Exec("DELETE FROM mails WHERE user_id IS NULL AND lower(address) = lower(?)", user.Email).Error; err != nil {
		return err
	}
	// Messages that the reconciler enqueued again name the user in a label only.
	return tx.Exec("DELETE FROM outbox o WHERE strpos(o.labels::text || o.input::text, ?) > 0", user.ID.String()).Error
}

// pseudonymise replaces the user in the audit log and removes addresses. Entries keep what
// happened and when. Entries of others keep their addresses.
func pseudonymise(tx *gorm.DB, user, alias uuid.UUID) error {
	if err := tx.Exec("SELECT set_config('lyo.erasing', 'on', true)").Error; err != nil {
		return err
	}
	err := tx.Exec(`
		UPDATE audit_log SET address = '', user_agent = '', request_id = '', details = '{}'
		WHERE via = 'api' AND (actor_id = @user OR user_id = @user AND actor_id IS NULL) OR strpos(details::text, @text) > 0`,
		map[string]any{"user": user, "text": user.String()}).Error
	for _, p := range PersonalData() {
		if err == nil && p.Erasure == Pseudonym {
			err = tx.Exec("UPDATE "+p.Table+" SET "+p.Column+" = ? WHERE "+p.Column+" = ?", alias, user).Error
		}
	}
	return err
}

// column is one that the catalogue has.
type column struct{ TableName, ColumnName string }

// ProveErased looks for the user's id in every column of type uuid there is, and in
// the outbox's texts. An error names the first column that has it, unless it is the
// audit log's entry of the deletion. It reads only, one column at a time.
func ProveErased(ctx context.Context, db *gorm.DB, user uuid.UUID) error {
	var columns []column
	err := db.WithContext(ctx).Raw(`
		SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'uuid' ORDER BY table_name, column_name`).Scan(&columns).Error
	if err != nil {
		return err
	}
	for _, c := range columns {
		where := c.ColumnName + " = ?"
		if c.TableName == (store.AuditEntry{}).TableName() {
			where += " AND action <> '" + string(store.AuditDeleted) + "'"
		}
		if err := nowhere(ctx, db, c, where, user); err != nil {
			return err
		}
	}
	return nowhere(ctx, db, column{"outbox", "labels and input"}, "strpos(labels::text || input::text, ?) > 0", user.String())
}

func nowhere(ctx context.Context, db *gorm.DB, c column, where string, value any) error {
	var found bool
	err := db.WithContext(ctx).Raw("SELECT EXISTS (SELECT 1 FROM "+c.TableName+" WHERE "+where+")", value).Scan(&found).Error
	if err == nil && found {
		return fmt.Errorf("the erased user is still named in %s.%s", c.TableName, c.ColumnName)
	}
	return err
}
