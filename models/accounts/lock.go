package accounts

import (
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// Lock locks an account exclusively, with its row. Work for an account starts under the
// shared lock of RequireActive, so none can start during a deletion.
func Lock(tx *gorm.DB, id uuid.UUID) (User, error) {
	var user User
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('account ' || ?, 0))", id.String()).Error; err != nil {
		return user, err
	}
	err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).First(&user, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return user, store.Missing("user", id)
	}
	return user, err
}

// ShareSQL takes the shared lock of the account with the id $1. What it guards is read by later statements, since each
// sees what there was when it began.
const ShareSQL = "SELECT pg_advisory_xact_lock_shared(hashtextextended('account ' || $1::text, 0))"

// RequireActive returns Forbidden for an account that is switched off. The account stays
// as it is until the transaction ends. Take this lock before any other.
func RequireActive(tx *gorm.DB, user uuid.UUID) error {
	active, batch := false, &pgx.Batch{}
	batch.Queue(ShareSQL, user.String())
	batch.Queue("SELECT EXISTS (SELECT FROM users WHERE id = $1 AND is_active)", user).QueryRow(func(row pgx.Row) error { return row.Scan(&active) })
	err := store.Batch(tx, batch)
	if err == nil && !active {
		return Inactive()
	}
	return err
}
