package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// LocalOperator returns the operator's account of a developer's machine, created when it is
// first needed. Nobody can sign in to it: its password hash matches nothing. Key: its
// e-mail address.
func LocalOperator(ctx context.Context, db *gorm.DB, now time.Time) (User, error) {
	const email = "operator@localhost"
	user, err := FindUserByEmail(ctx, db, email)
	if err != nil || user.ID != uuid.Nil {
		return user, err
	}
	user = User{
		ID: store.NewID(), Email: email, FullName: "Operator", PasswordHash: "-", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	if err := db.WithContext(ctx).Create(&user).Error; err != nil && !store.IsUniqueViolation(err, "users_email_key") {
		return User{}, err
	}
	return FindUserByEmail(ctx, db, email)
}
