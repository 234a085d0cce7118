package accounts

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Which devices a sign-out switches off, by session. Devices without a known session
// count as those of others.
const (
	devicesOf       = "session_id = ?"
	devicesOfAllBut = "session_id IS DISTINCT FROM ?"
)

func signOutDevices(tx *gorm.DB, user uuid.UUID, which string, session uuid.UUID, now time.Time) error {
	return tx.Table("devices").Where("user_id = ? AND is_active", user).Where(which, session).
		Updates(map[string]any{"is_active": false, "off_reason": OffBySignOut, "off_at": now}).Error
}

// Reasons for switching a device off, besides a provider's answer about its token.
const (
	OffByUser    = "user"
	OffBySilent  = "silent"
	OffBySignOut = "signed_out"
)
