package accounts

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
)

// User is an account.
type User struct {
	ID           uuid.UUID    `gorm:"type:uuid;primaryKey"`
	Email        string       // canonical by text.Email; unique without regard to case
	Username     *string      // canonical by text.Username
	UsernameKey  *string      `gorm:"->"` // generated: Username's text.Key, which is unique
	FullName     string       // 1 to 255 characters
	PasswordHash string       // bcrypt
	AvatarURL    *string      `gorm:"column:avatar_url"`
	Bio          *string      //
	Locale       string       // BCP 47
	Timezone     string       // canonical by text.Zone
	IsActive     bool         //
	IsVerified   bool         // the mailbox of Email was verified
	Roles        []string     `gorm:"type:jsonb;serializer:json"`
	ProfileData  store.Object `gorm:"type:jsonb;serializer:json"`
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastLoginAt  *time.Time
	// LeaderboardHidden excludes the user from leaderboards.
	LeaderboardHidden bool
	// While the account is being deleted: which deletion, since when, and until when it
	// can be undone.
	DeletionID          *uuid.UUID `gorm:"type:uuid"`
	DeletionRequestedAt *time.Time
	DeletionDueAt       *time.Time
	SuspendedAt         *time.Time // by an administrator; nil: it is not
	// PendingEmail is the address that becomes Email once its mailbox is verified. It
	// reserves nothing: any number of accounts may have the same one, or none.
	PendingEmail *string
}

// ChangeEmail sets the pending address, which takes effect when its mailbox is
// verified. The present address, in any spelling, drops a pending one.
func (u *User) ChangeEmail(address string) {
	if SameAddress(u.Email, address) {
		u.Email, u.PendingEmail = address, nil
		return
	}
	u.PendingEmail = &address
}

// Pends reports whether an address is the pending one.
func (u *User) Pends(address string) bool {
	return u.PendingEmail != nil && SameAddress(*u.PendingEmail, address)
}

// SameAddress reports whether two spellings are the same e-mail address.
func SameAddress(a, b string) bool { return strings.EqualFold(a, b) }

// Session is one sign-in on one device: a chain of refresh tokens of which only the
// last, and for a short while the one before it, is good.
type Session struct {
	ID              uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID          uuid.UUID `gorm:"type:uuid"`
	TokenHash       []byte    // SHA-256 of the current refresh token
	PreviousHash    []byte    // SHA-256 of the one before it, nil at first
	SealedSuccessor []byte    // the current token, sealed with a key derived from the previous token
	RotatedAt       time.Time
	CreatedAt       time.Time
	LastUsedAt      time.Time
	ExpiresAt       time.Time
	RevokedAt       *time.Time
	UserAgent       string
	Address         string
}

// IsOn returns a condition that is true when the account of the joined row u of users is on.
func IsOn(u string) string { return u + ".is_active" }

// AccountOn returns a condition that is true when the account of a person is on.
func AccountOn(person string) string {
	return "EXISTS (SELECT FROM users account WHERE account.id = " + person + " AND " + IsOn("account") + ")"
}

// ViewerIsAdmin is a condition that is true if @viewer is an administrator now.
const ViewerIsAdmin = `EXISTS (SELECT FROM users viewer WHERE viewer.id = @viewer AND viewer.is_active AND viewer.roles @> '["admin"]')`
