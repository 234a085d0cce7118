package accounts

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// The roles of users.
const (
	RoleUser  = "user"
	RoleAdmin = "admin"
)

// HasRole reads from Postgres whether an active user has a role now, whatever their
// tokens say.
func HasRole(ctx context.Context, db *gorm.DB, user uuid.UUID, role string) (bool, error) {
	var n int64
	err := db.WithContext(ctx).Model(&User{}).Where("id = ? AND is_active AND roles @> to_jsonb(?::text)", user, role).Count(&n).Error
	return n > 0, err
}

// FindAccount finds a user by id or e-mail address, else a not-found error.
func FindAccount(ctx context.Context, db *gorm.DB, who string) (User, error) {
	if id, err := uuid.Parse(who); err == nil {
		return FindUser(ctx, db, id)
	}
	user, err := FindUserByEmail(ctx, db, who)
	if err == nil && user.ID == uuid.Nil {
		err = store.Errorf(store.NotFound, "Nobody has the e-mail address %s.", who)
	}
	return user, err
}

// SetRole grants a user a role or revokes it, with its entry in the audit log.
// changed is false, and nothing is logged, when it makes no difference.
func SetRole(ctx context.Context, db *gorm.DB, id uuid.UUID, role string, granted bool, entry store.AuditEntry) (changed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := Lock(tx, id)
		if err != nil || slices.Contains(user.Roles, role) == granted {
			return err
		}
		roles := slices.DeleteFunc(slices.Clone(user.Roles), func(r string) bool { return r == role })
		if granted {
			roles = append(roles, role)
		}
		changed = true
		err = tx.Model(&User{}).Where("id = ?", id).UpdateColumns(map[string]any{"roles": gorm.Expr("?::jsonb", store.AsJSON(roles)), "updated_at": entry.At}).Error
		if err != nil {
			return err
		}
		entry.UserID, entry.Details = &id, maps.Clone(entry.Details)
		if entry.Details == nil {
			entry.Details = map[string]any{}
		}
		entry.Details["role"] = role
		entry.Action = store.AuditRoleRevoked
		if granted {
			entry.Action = store.AuditRoleGranted
		}
		return store.Audit(ctx, tx, entry)
	})
	return changed && err == nil, err
}

// HoldersOf returns the users with a role, the oldest accounts first.
func HoldersOf(ctx context.Context, db *gorm.DB, role string) ([]User, error) {
	var users []User
	err := db.WithContext(ctx).Where("roles @> to_jsonb(?::text)", role).Order("created_at, id").Find(&users).Error
	return users, err
}
