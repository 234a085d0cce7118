package models

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// ReuseWindow is how long the refresh token before the current one still gets
// the current one: the client may have lost the answer.
const ReuseWindow = 30 * time.Second

// Rotation is the wish to trade a refresh token for the next one.
type Rotation struct {
	Presented []byte // hash of the token shown
	Genuine   bool   // that token was once minted for this session
	NextHash  []byte // hash of the token that would follow
	Sealed    []byte // the token that would follow, sealed under the one shown
	Lifetime  time.Duration
	Now       time.Time
}

// Rotated is what a rotation led to.
type Rotated struct {
	Session Session
	User    User
	// Replayed: nothing changed, the token shown opens Session.SealedSuccessor.
	Replayed bool
	// Ended: a token too old was shown, so the session is over for everybody.
	Ended bool
}

// RotateSession moves a session's chain on by one, under a lock on its row, so
// that of any number of parallel calls with one token exactly one does, and the
// others find themselves one step behind. A token one step behind within
// ReuseWindow is Replayed; an older one ends the session, which is committed
// although the answer is Unauthenticated.
func RotateSession(ctx context.Context, db *gorm.DB, id uuid.UUID, r Rotation) (out Rotated, err error) {
	var verdict error
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if out, verdict, err = lockSession(ctx, tx, id, r.Now); err != nil || verdict != nil {
			return err
		}
		out, verdict, err = out.rotate(tx, r)
		return err
	})
	if err == nil {
		err = verdict
	}
	return out, err
}

// lockSession gives a verdict for sessions that nothing can be done with.
func lockSession(ctx context.Context, tx *gorm.DB, id uuid.UUID, now time.Time) (out Rotated, verdict, err error) {
	var found []Session
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Limit(1).Find(&found).Error
	if err != nil {
		return out, nil, err
	}
	if len(found) == 0 || found[0].RevokedAt != nil || !now.Before(found[0].ExpiresAt) {
		return out, badRefresh(), nil
	}
	out.Session = found[0]
	if out.User, err = FindUser(ctx, tx, out.Session.UserID); err == nil && !out.User.IsActive {
		verdict = inactive()
	}
	return out, verdict, err
}

func (o Rotated) rotate(tx *gorm.DB, r Rotation) (Rotated, error, error) {
	current := same(o.Session.TokenHash, r.Presented)
	previous := same(o.Session.PreviousHash, r.Presented)
	switch {
	case current:
		o.Session.moveOn(r)
		return o, nil, tx.Save(&o.Session).Error
	case previous && r.Now.Sub(o.Session.RotatedAt) <= ReuseWindow:
		o.Replayed = true
		return o, nil, nil
	case previous || r.Genuine:
		o.Ended = true
		return o, badRefresh(), RevokeSession(tx.Statement.Context, tx, o.Session.ID, r.Now)
	}
	return o, badRefresh(), nil
}

func (s *Session) moveOn(r Rotation) {
	s.PreviousHash, s.TokenHash, s.SealedSuccessor = s.TokenHash, r.NextHash, r.Sealed
	s.RotatedAt, s.LastUsedAt, s.ExpiresAt = r.Now, r.Now, r.Now.Add(r.Lifetime)
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func badRefresh() error {
	return Errorf(Unauthenticated, "The refresh token is not valid. Sign in again.")
}

// RevokeSession ends a session. Ending it twice, or one that never was, changes nothing.
func RevokeSession(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time) error {
	return db.WithContext(ctx).Model(&Session{}).
		Where("id = ? AND revoked_at IS NULL", id).UpdateColumn("revoked_at", now).Error
}

// HoldsToken tells whether a hash is that of the session's current or previous
// refresh token, whether or not the session has ended.
func HoldsToken(ctx context.Context, db *gorm.DB, id uuid.UUID, hash []byte) (bool, error) {
	var n int64
	err := db.WithContext(ctx).Model(&Session{}).
		Where("id = ? AND (token_hash = ? OR previous_hash = ?)", id, hash, hash).Count(&n).Error
	return n > 0, err
}

// Standing is what a session is worth.
type Standing string

// A session that does not exist has ended.
const (
	SessionLive     Standing = "live"
	SessionEnded    Standing = "ended"
	SessionInactive Standing = "inactive" // the account is switched off
)

// SessionStanding reads one session by its primary key.
func SessionStanding(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time) (Standing, error) {
	var rows []Standing
	err := db.WithContext(ctx).Raw(`
		SELECT CASE WHEN s.revoked_at IS NOT NULL OR s.expires_at <= ? THEN 'ended'
		            WHEN NOT u.is_active THEN 'inactive' ELSE 'live' END
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?`, now, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return SessionEnded, err
	}
	return rows[0], nil
}
