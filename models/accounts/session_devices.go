package accounts

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Which devices a sign-out switches off, by a session. Those of which nobody knows who
// registered them are among the others.
const (
	devicesOf       = "session_id = ?"
	devicesOfAllBut = "session_id IS DISTINCT FROM ?"
)

func signOutDevices(tx *gorm.DB, user uuid.UUID, which string, session uuid.UUID, now time.Time) error {
	return tx.Table("devices").Where("user_id = ? AND is_active", user).Where(which, session).
		Updates(map[string]any{"is_active": false, "off_reason": OffBySignOut, "off_at": now}).Error
}

// Why a device is switched off, besides what a provider says of its token.
const (
	OffByUser    = "user"
	OffBySilent  = "silent"
	OffBySignOut = "signed_out"
)
