package accounts

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// ReuseWindow is how long the previous refresh token still returns the current one:
// the client may have lost the response.
const ReuseWindow = 30 * time.Second

// Rotation is a request to exchange a refresh token for the next one.
type Rotation struct {
	Presented []byte // hash of the presented token
	Genuine   bool   // that token was once issued for this session
	NextHash  []byte // hash of the next token
	Sealed    []byte // the next token, sealed under the presented one
	Lifetime  time.Duration
	Longest   time.Duration // from the sign-in to the end, however often tokens are rotated
	Now       time.Time
	Reused    store.AuditEntry // for the log, if a token too old ends the session
}

// Rotated is the result of a rotation.
type Rotated struct {
	Session Session
	User    User
	// Replayed: nothing changed, the presented token opens Session.SealedSuccessor.
	Replayed bool
	// Ended: a token too old was presented, so the session has ended for everybody.
	Ended bool
}

// RotateSession advances a session's chain by one, under a lock on its row, so of any
// number of parallel calls with one token exactly one does, and for the others the
// token is the previous one. The previous token within ReuseWindow is Replayed; an
// older one ends the session, which is committed although the result is
// Unauthenticated.
func RotateSession(ctx context.Context, db *gorm.DB, id uuid.UUID, r Rotation) (out Rotated, err error) {
	var verdict error
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if out, verdict, err = lockSession(ctx, tx, id, r); err != nil || verdict != nil {
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

// lockSession locks a session and returns it with its user, and a verdict if it cannot be rotated.
func lockSession(ctx context.Context, tx *gorm.DB, id uuid.UUID, r Rotation) (out Rotated, verdict, err error) {
	var found []Session
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Limit(1).Find(&found).Error
	if err != nil {
		return out, nil, err
	}
	if len(found) == 0 || found[0].RevokedAt != nil || !r.Now.Before(found[0].ExpiresAt) || !r.Now.Before(found[0].end(r.Longest)) {
		return out, badRefresh(), nil
	}
	out.Session = found[0]
	if out.User, err = FindUser(ctx, tx, out.Session.UserID); err == nil && !out.User.IsActive {
		verdict = Inactive()
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
		return o, badRefresh(), RevokeSession(tx.Statement.Context, tx, o.Session.ID, r.Reused)
	}
	return o, badRefresh(), nil
}

func (s *Session) moveOn(r Rotation) {
	s.PreviousHash, s.TokenHash, s.SealedSuccessor = s.TokenHash, r.NextHash, r.Sealed
	s.RotatedAt, s.LastUsedAt = r.Now, r.Now
	s.Prolong(r.Now.Add(r.Lifetime), r.Longest)
}

// end returns the latest end of the session, by its maximum duration.
func (s *Session) end(longest time.Duration) time.Time { return s.CreatedAt.Add(longest) }

// Prolong extends the session until a time, within the maximum duration from its
// start.
func (s *Session) Prolong(until time.Time, longest time.Duration) {
	if s.ExpiresAt = until; s.end(longest).Before(until) {
		s.ExpiresAt = s.end(longest)
	}
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func badRefresh() error {
	return store.Errorf(store.Unauthenticated, "The refresh token is not valid. Sign in again.")
}

// RevokeSession ends a session of any user with its devices, and writes the audit log with
// the session's user. Ending it twice, or a session that does not exist, changes nothing.
func RevokeSession(ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var ended []Session
		err := tx.Raw("UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING user_id", entry.At, id).Scan(&ended).Error
		if err != nil || len(ended) == 0 {
			return err
		}
		entry.UserID = &ended[0].UserID
		if err := signOutDevices(tx, ended[0].UserID, devicesOf, id, entry.At); err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
}

// ListSessions returns a page of the user's active sessions, the newest first.
func ListSessions(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time, after *store.Keyset, offset, limit int) ([]Session, error) {
	q := db.WithContext(ctx).Where("user_id = ? AND revoked_at IS NULL AND expires_at > ?", user, now)
	return store.NewestFirst[Session](q, after, offset, limit)
}

// EndSession ends a session of the user's with its devices, and writes the audit log. An ended
// one stays so; one that is unknown or another user's is not found.
func EndSession(ctx context.Context, db *gorm.DB, user, id uuid.UUID, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var n int64
		if err := tx.Model(&Session{}).Where("id = ? AND user_id = ?", id, user).Count(&n).Error; err != nil {
			return err
		}
		if n == 0 {
			return store.Missing("session", id)
		}
		ended := tx.Model(&Session{}).Where("id = ? AND revoked_at IS NULL", id).UpdateColumn("revoked_at", entry.At)
		if ended.Error != nil || ended.RowsAffected == 0 {
			return ended.Error
		}
		if err := signOutDevices(tx, user, devicesOf, id, entry.At); err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
}

// EndOtherSessions is EndSessions with its entry in the audit log.
func EndOtherSessions(ctx context.Context, db *gorm.DB, user, except uuid.UUID, entry store.AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if ended, err = EndSessions(ctx, tx, user, except, entry.At); err != nil || len(ended) == 0 {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
	return ended, err
}

// ChangePassword replaces the user's password if its hash is still was, ends all their
// sessions but the one excepted, drops a pending address, voids the tokens of mails
// except restore tokens of verified addresses, queues a notice to the user and writes the
// audit log, all or nothing. Conflict when the password was changed meanwhile.
func ChangePassword(ctx context.Context, db *gorm.DB, user, except uuid.UUID, was, hash string, notice Mail, message store.OutboxMessage, entry store.AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := Lock(tx, user)
		if err != nil {
			return err
		}
		if row.PasswordHash != was {
			return store.Errorf(store.Conflict, "The password was changed at this moment, from somewhere else.")
		}
		if err := changeUser(tx, user, entry.At, map[string]any{"password_hash": hash, "pending_email": nil}); err != nil {
			return err
		}
		if ended, err = EndSessions(ctx, tx, user, except, entry.At); err != nil {
			return err
		}
		if err := voidTokens(tx, row, entry.At, MailVerify, MailChange, MailReset); err != nil {
			return err
		}
		if err := QueueMail(ctx, tx, notice, message); err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
	return ended, err
}

// EndSessions ends all active sessions of a user, but the one excepted (uuid.Nil:
// none), switches off all devices that the one excepted has not registered, and
// returns these sessions.
func EndSessions(ctx context.Context, db *gorm.DB, user, except uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	var ended []Session
	err := db.WithContext(ctx).Raw(`
		UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND id <> ? AND revoked_at IS NULL AND expires_at > ?
		RETURNING id`, now, user, except, now).Scan(&ended).Error
	if err == nil {
		err = signOutDevices(db.WithContext(ctx), user, devicesOfAllBut, except, now)
	}
	ids := make([]uuid.UUID, 0, len(ended))
	for _, s := range ended {
		ids = append(ids, s.ID)
	}
	return ids, err
}

// sessionsKept is how long an expired session is kept, so that signing out of it
// again is still no error.
const sessionsKept = 7 * 24 * time.Hour

// HoldSession returns Unauthenticated unless the user's session is active, which it then
// stays until the transaction ends. uuid.Nil checks nothing.
func HoldSession(tx *gorm.DB, user, session uuid.UUID, now time.Time) error {
	if session == uuid.Nil {
		return nil
	}
	var live []uuid.UUID
	err := tx.Raw("SELECT id FROM sessions WHERE id = ? AND user_id = ? AND revoked_at IS NULL AND expires_at > ? FOR SHARE", session, user, now).Scan(&live).Error
	if err == nil && len(live) == 0 {
		return store.Errorf(store.Unauthenticated, "The session has ended. Sign in again.")
	}
	return err
}

// SweepSessions deletes up to limit sessions that expired long ago.
func SweepSessions(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`
		DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED)`,
		now.Add(-sessionsKept), limit).Error
}

// HoldsToken reports whether a hash is that of the session's current or previous
// refresh token, whether or not the session has ended.
func HoldsToken(ctx context.Context, db *gorm.DB, id uuid.UUID, hash []byte) (bool, error) {
	var n int64
	err := db.WithContext(ctx).Model(&Session{}).
		Where("id = ? AND (token_hash = ? OR previous_hash = ?)", id, hash, hash).Count(&n).Error
	return n > 0, err
}

// SessionState is the state of a session.
type SessionState string

// The states of a session. One that does not exist has ended.
const (
	SessionLive     SessionState = "live"
	SessionEnded    SessionState = "ended"
	SessionInactive SessionState = "inactive" // the account is switched off
)

// SessionStatus is what decides whether a session may be used. Its user is uuid.Nil when the session does not
// exist.
type SessionStatus struct {
	UserID    uuid.UUID
	State     SessionState
	ExpiresAt time.Time // it has ended then, whatever its state
}

// FindSessionStatus returns the status of a session, by the primary key.
func FindSessionStatus(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time) (SessionStatus, error) {
	var rows []SessionStatus
	err := db.WithContext(ctx).Raw(`
		SELECT s.user_id, s.expires_at, CASE WHEN s.revoked_at IS NOT NULL OR s.expires_at <= ? THEN 'ended'
		            WHEN NOT u.is_active THEN 'inactive' ELSE 'live' END AS state
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?`, now, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return SessionStatus{State: SessionEnded}, err
	}
	return rows[0], nil
}
