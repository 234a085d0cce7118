package notify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// Platforms of devices.
const (
	PlatformIOS     = "ios"
	PlatformAndroid = "android"
	PlatformWeb     = "web"
)

// Environments of a provider that a token can belong to.
const (
	EnvironmentProduction = "production"
	EnvironmentSandbox    = "sandbox"
)

// Device is a destination of pushes.
type Device struct {
	ID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID      uuid.UUID `gorm:"type:uuid"`
	Token       string    // the provider's token, canonical by PushToken; of a browser's subscription the endpoint
	TokenHash   []byte    // SHA-256 of it, unique
	WebP256DH   string    `gorm:"column:web_p256dh"` // the keys of a browser's subscription, base64url; "": it is a token
	WebAuth     string
	Platform    string
	Environment string
	DeviceInfo  json.RawMessage `gorm:"type:jsonb;serializer:json"` // from the app; nil: nothing
	Locale      string
	AppVersion  string
	DeviceModel string
	OSVersion   string `gorm:"column:os_version"`
	IsActive    bool
	OffReason   string // why it is off
	OffAt       *time.Time
	CreatedAt   time.Time
	LastUsedAt  time.Time // when its app last registered it
	// SessionID is the session that registered it last and switches it off when it ends;
	// nil: registered before sessions were recorded.
	SessionID *uuid.UUID `gorm:"type:uuid"`
}

// RegisterDevice stores a device whose app has just sent its token, and switches it
// on. The same token of the same user is the same device, however it is spelled and
// whatever its environment; a token of another user becomes a new device of this
// user, and the other one is removed. Concurrent calls make one row. It belongs to
// the session it names; Unauthenticated when that has ended.
func RegisterDevice(ctx context.Context, db *gorm.DB, d Device) (made Device, err error) {
	if d.WebAuth == "" { // otherwise it is an endpoint, canonical by WebSubscription
		d.Token = PushToken(d.Token)
	}
	hash := sha256.Sum256([]byte(d.Token))
	d.TokenHash, d.IsActive, d.OffReason, d.OffAt = hash[:], true, "", nil
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, d.UserID); err != nil {
			return err
		}
		if d.SessionID != nil {
			if err := accounts.HoldSession(tx, d.UserID, *d.SessionID, d.LastUsedAt); err != nil {
				return err
			}
		}
		info := "null"
		if d.DeviceInfo != nil {
			info = string(d.DeviceInfo)
		}
		return tx.Raw(`
			INSERT INTO devices AS d (id, user_id, token, token_hash, web_p256dh, web_auth, platform, environment, device_info, locale, app_version,
				device_model, os_version, is_active, off_reason, off_at, created_at, last_used_at, session_id)
			VALUES (@id, @user, @token, @hash, @p256dh, @auth, @platform, @environment, nullif(CAST(@info AS jsonb), 'null'), @locale, @app, @model, @os, true, '', NULL, @now, @now, @session)
			ON CONFLICT (token_hash) DO UPDATE SET
				id = CASE WHEN d.user_id = excluded.user_id THEN d.id ELSE excluded.id END,
				created_at = CASE WHEN d.user_id = excluded.user_id THEN d.created_at ELSE excluded.created_at END,
				user_id = excluded.user_id, platform = excluded.platform, environment = excluded.environment,
				web_p256dh = excluded.web_p256dh, web_auth = excluded.web_auth, device_info = excluded.device_info, locale = excluded.locale,
				app_version = excluded.app_version, device_model = excluded.device_model, os_version = excluded.os_version,
				is_active = true, off_reason = '', off_at = NULL, session_id = excluded.session_id, last_used_at = greatest(d.last_used_at, excluded.last_used_at)
			RETURNING *`, map[string]any{
			"id": d.ID, "user": d.UserID, "token": d.Token, "hash": d.TokenHash, "p256dh": d.WebP256DH, "auth": d.WebAuth, "platform": d.Platform, "environment": d.Environment,
			"info": info, "locale": d.Locale, "app": d.AppVersion, "model": d.DeviceModel, "os": d.OSVersion, "now": d.LastUsedAt,
			"session": d.SessionID,
		}).Scan(&made).Error
	})
	return made, err
}

// DeviceFilter is a page of a list of devices.
type DeviceFilter struct {
	After  *store.Keyset
	Offset int
	Limit  int
}

// ListDevices returns the user's devices, the latest first.
func ListDevices(ctx context.Context, db *gorm.DB, user uuid.UUID, f DeviceFilter) ([]Device, error) {
	return store.NewestFirst[Device](db.WithContext(ctx).Where("user_id = ?", user), f.After, f.Offset, f.Limit)
}

// ActiveDevices returns the devices that the user's pushes go to, up to limit of them.
func ActiveDevices(ctx context.Context, db *gorm.DB, user uuid.UUID, limit int) ([]Device, error) {
	var devices []Device
	err := db.WithContext(ctx).Where("user_id = ? AND is_active", user).Order("id").Limit(limit).Find(&devices).Error
	return devices, err
}

// SwitchOffDevice stops pushes to the user's device until it registers again. Repeating it
// changes nothing.
func SwitchOffDevice(ctx context.Context, db *gorm.DB, user, id uuid.UUID, now time.Time) (Device, error) {
	err := db.WithContext(ctx).Model(&Device{}).Where("id = ? AND user_id = ? AND is_active", id, user).
		UpdateColumns(map[string]any{"is_active": false, "off_reason": accounts.OffByUser, "off_at": now}).Error
	if err != nil {
		return Device{}, err
	}
	var device Device
	err = db.WithContext(ctx).First(&device, "id = ? AND user_id = ?", id, user).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return device, store.Missing("device", id)
	}
	return device, err
}

// SignOutExpired switches off up to limit devices of sessions that have expired. Sessions
// that were ended switched theirs off at once.
func SignOutExpired(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`
		UPDATE devices SET is_active = false, off_reason = ?, off_at = ?
		WHERE id IN (SELECT d.id FROM sessions s JOIN devices d ON d.user_id = s.user_id AND d.session_id = s.id
			WHERE d.is_active AND s.expires_at <= ? LIMIT ? FOR UPDATE OF d SKIP LOCKED)`,
		accounts.OffBySignOut, now, now, limit).Error
}

// DeleteDevice deletes the user's device.
func DeleteDevice(ctx context.Context, db *gorm.DB, user, id uuid.UUID) error {
	gone := db.WithContext(ctx).Delete(&Device{}, "id = ? AND user_id = ?", id, user)
	if gone.Error == nil && gone.RowsAffected == 0 {
		return store.Missing("device", id)
	}
	return gone.Error
}

// SwitchOffSilent switches off up to limit devices that no app has registered since, and
// returns their number. Repeating it is harmless.
func SwitchOffSilent(ctx context.Context, db *gorm.DB, since, now time.Time, limit int) (int, error) {
	off := db.WithContext(ctx).Exec(`
		UPDATE devices SET is_active = false, off_reason = ?, off_at = ?
		WHERE id IN (SELECT id FROM devices WHERE is_active AND last_used_at < ? ORDER BY last_used_at LIMIT ? FOR UPDATE SKIP LOCKED)`,
		accounts.OffBySilent, now, since, limit)
	return int(off.RowsAffected), off.Error
}
