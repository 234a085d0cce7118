package notify

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
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

// PushStatus is the result of pushing a notification to a device.
type PushStatus string

// A receipt ends as any of these but PushRetry and PushDeferred, and then stays as it is.
const (
	PushAccepted PushStatus = "accepted" // by the provider
	PushDryRun   PushStatus = "dry_run"  // there are no credentials: nothing was sent
	PushFailed   PushStatus = "failed"   // refused for good, or too often
	PushDead     PushStatus = "dead"     // the token is no longer valid
	PushSkipped  PushStatus = "skipped"  // the user does not want it, has read it, or has reached the daily cap
	PushRetry    PushStatus = "retry"    // tried again at NotBefore
	PushDeferred PushStatus = "deferred" // it is the user's quiet hours until NotBefore
)

// PushReceipt records the result of pushing a notification to a device.
type PushReceipt struct {
	NotificationID uuid.UUID `gorm:"type:uuid;primaryKey"`
	DeviceID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	Status         PushStatus
	Reason         string
	Attempts       int // sends that were tried
	At             time.Time
	NotBefore      *time.Time
}

// PushPreferences are the kinds of notifications that a user wants pushed, and their quiet hours.
type PushPreferences struct {
	UserID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseReady     bool
	Achievements    bool
	Community       bool
	Reminders       bool
	Marketing       bool
	QuietHoursStart *int // minutes after midnight in the user's zone; nil: no quiet hours
	QuietHoursEnd   *int
	UpdatedAt       time.Time
}

// Broadcast is a notification from an administrator to many users.
type Broadcast struct {
	ID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	Title       string
	Body        string
	Data        map[string]string `gorm:"type:jsonb;serializer:json"`
	CollapseKey string            // a later push of the same key replaces an earlier one; "": none does
	Everyone    bool              // otherwise its inboxes are filled at creation
	CreatedAt   time.Time
}

// BeforeSave writes nil data as an empty object.
func (b *Broadcast) BeforeSave(*gorm.DB) error {
	if b.Data == nil {
		b.Data = map[string]string{}
	}
	return nil
}

// PushDay counts the notifications pushed to a user on a day in their time zone.
type PushDay struct {
	UserID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Day    int       `gorm:"primaryKey;autoIncrement:false"` // since the first of January 1970
	Sent   int
}
