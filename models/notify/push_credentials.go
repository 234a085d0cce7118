package notify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// PushCredentialKey identifies credentials of a push service. The fingerprint changes with them.
type PushCredentialKey struct {
	Provider    string `gorm:"primaryKey"`
	Fingerprint string `gorm:"primaryKey"`
}

// PushCredential is the state of the operator's credentials at a push service, shared by all
// workers. It is in Postgres, which is always there and keeps it over restarts: Redis may be
// absent or emptied, and a worker's memory is not shared.
type PushCredential struct {
	PushCredentialKey

	AcceptedAt *time.Time // when a message was last accepted; nil: never yet
	// Accepted, Refused and Dead are how many users were reached, had devices refused for a
	// possible fault of the operator, and had devices that are unknown by now, of about the
	// last answersKept. While nothing was ever accepted they count devices.
	Accepted, Refused, Dead float64
	RefusedMarks            []uint32   `gorm:"type:jsonb;serializer:json"` // of up to three different ones of those users
	StoppedAt               *time.Time // nil: sending goes on
	Reason                  string     // why it stopped, in the provider's words
	Probes                  int        // failed probes since
	ProbeAt                 *time.Time // when the next message may be tried
	UsedAt                  time.Time
}

const (
	// answersKept is about how many of the last answers the shares cover.
	answersKept = 20
	// usersToStop is how many users' devices have to be refused before proven credentials are
	// suspected: one user can register any tokens.
	usersToStop = 3
	// pushTrials is how many messages are sent together while nothing was ever accepted, and
	// how many of them may be refused.
	pushTrials = 3
	// The time between two probes doubles from the first to the last.
	firstProbeAfter = 30 * time.Second
	lastProbeAfter  = 10 * time.Minute
)

// PushAnswers are a push service's answers to some messages under the same credentials.
// Users are listed once for each of their devices.
type PushAnswers struct {
	Accepted []uuid.UUID // users whose devices were reached
	Refused  []uuid.UUID // users whose devices were refused for a possible fault of the operator
	Dead     []uuid.UUID // users whose devices seem unknown to the service under these credentials
	Certain  bool        // one of the refusals can only be the operator's fault
	Blamed   bool        // one of the refusals is never the device's fault
	Reason   string      // of a refusal, or else of a dead one
	// MayBeDead are the reasons for which this provider's devices are switched off although
	// wrong credentials may be the cause.
	MayBeDead []string
}

// Proven reports whether a message was ever accepted under these credentials.
func (c *PushCredential) Proven() bool { return c.AcceptedAt != nil }

// Trusted reports whether a refusal that wrong credentials cause as well is taken as the
// device's fault: messages are accepted, and by at least as many users' devices as refuse them.
func (c *PushCredential) Trusted() bool {
	return c.Proven() && c.StoppedAt == nil && c.Accepted >= c.Refused+c.Dead
}

// MayGo returns how many of so many messages may be sent now. The state is read again once
// those were answered.
func (c *PushCredential) MayGo(messages int) int {
	switch {
	case c.StoppedAt != nil:
		return 0
	case !c.Proven():
		return min(messages, pushTrials)
	}
	return messages
}

// Note counts answers in, and stops or resumes sending. Sending stops
//   - while nothing was ever accepted: when three messages were refused, or one for a reason
//     that is no device's;
//   - when a refusal can only be the operator's fault and nothing was accepted beside it;
//   - when at least as many users' devices refuse as accept, and three users' or more do.
//
// It resumes with the first probe that is accepted.
func (c *PushCredential) Note(a PushAnswers, now time.Time) {
	c.UsedAt = now
	proven := c.Proven()
	if len(a.Accepted) > 0 {
		c.AcceptedAt = &now
	}
	switch {
	case c.StoppedAt != nil:
		c.noteProbe(a, now)
	case proven:
		c.noteUsers(a)
		if a.Certain && len(a.Accepted) == 0 || len(c.RefusedMarks) >= usersToStop && c.Refused >= c.Accepted {
			c.stop(a.Reason, now)
		}
	case c.Proven():
		c.Accepted, c.Refused, c.Dead, c.RefusedMarks = 0, 0, 0, []uint32{}
		c.noteUsers(a)
	default:
		c.count(0, len(a.Refused), len(a.Dead))
		if a.Certain || a.Blamed || c.Refused+c.Dead >= pushTrials {
			c.stop(a.Reason, now)
		}
	}
}

func (c *PushCredential) stop(reason string, now time.Time) {
	at := now.Add(firstProbeAfter)
	c.StoppedAt, c.ProbeAt, c.Probes, c.Reason = &now, &at, 0, providersWord(reason)
}

// noteProbe resumes sending when more was accepted than refused, and delays the next probe
// when nothing was.
func (c *PushCredential) noteProbe(a PushAnswers, now time.Time) {
	refused := len(a.Refused) + len(a.Dead)
	switch {
	case len(a.Accepted) > refused:
		c.StoppedAt, c.ProbeAt, c.Probes, c.Reason = nil, nil, 0, ""
		c.Accepted, c.Refused, c.Dead, c.RefusedMarks = 1, 0, 0, []uint32{}
	case refused > 0:
		c.Probes++
		at := now.Add(c.probeAfter())
		c.ProbeAt, c.Reason = &at, providersWord(a.Reason)
	}
}

func (c *PushCredential) probeAfter() time.Duration {
	return min(firstProbeAfter<<min(c.Probes, 10), lastProbeAfter)
}

// noteUsers counts every user once: reached where any device was.
func (c *PushCredential) noteUsers(a PushAnswers) {
	reached, refused, dead := distinct(a.Accepted), distinct(a.Refused, a.Accepted), distinct(a.Dead, a.Accepted, a.Refused)
	c.count(len(reached), len(refused), len(dead))
	for user := range refused {
		c.mark(user)
	}
}

// count adds answers, with decaying weight for earlier ones.
func (c *PushCredential) count(accepted, refused, dead int) {
	c.Accepted, c.Refused, c.Dead = c.Accepted+float64(accepted), c.Refused+float64(refused), c.Dead+float64(dead)
	if sum := c.Accepted + c.Refused + c.Dead; sum > answersKept {
		share := answersKept / sum
		c.Accepted, c.Refused, c.Dead = c.Accepted*share, c.Refused*share, c.Dead*share
	}
	if c.Refused < forgotten {
		c.Refused, c.RefusedMarks = 0, []uint32{}
	}
}

// forgotten is the remaining weight at which an answer is dropped.
const forgotten = 0.25

// mark records that a user is among those refused, by a hash that identifies nobody.
func (c *PushCredential) mark(user uuid.UUID) {
	sum := sha256.Sum256(append(user[:], c.Fingerprint...))
	mark := binary.BigEndian.Uint32(sum[:])
	if len(c.RefusedMarks) < usersToStop && !slices.Contains(c.RefusedMarks, mark) {
		c.RefusedMarks = append(c.RefusedMarks, mark)
	}
}

// distinct returns the users of a list who are in none of the others.
func distinct(users []uuid.UUID, but ...[]uuid.UUID) map[uuid.UUID]bool {
	set := make(map[uuid.UUID]bool, len(users))
	for _, user := range users {
		set[user] = true
	}
	for _, user := range slices.Concat(but...) {
		delete(set, user)
	}
	return set
}

const longestWord = 64

// providersWord returns a provider's reason in a form that may be shown: a word or two.
func providersWord(reason string) string {
	word := strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, reason)
	return word[:min(len(word), longestWord)]
}

// FindPushCredentials returns the states of credentials. Those that were never used have the initial state.
func FindPushCredentials(ctx context.Context, db *gorm.DB, keys []PushCredentialKey) (map[PushCredentialKey]PushCredential, error) {
	states := make(map[PushCredentialKey]PushCredential, len(keys))
	pairs := make([][]any, 0, len(keys))
	for _, key := range keys {
		states[key] = PushCredential{PushCredentialKey: key}
		pairs = append(pairs, []any{key.Provider, key.Fingerprint})
	}
	if len(keys) == 0 {
		return states, nil
	}
	var rows []PushCredential
	err := db.WithContext(ctx).Find(&rows, "(provider, fingerprint) IN ?", pairs).Error
	for _, row := range rows {
		states[row.PushCredentialKey] = row
	}
	return states, err
}

// TakeProbe reports whether the caller may send one message although sending has stopped.
// Of many concurrent calls one may, and the next not before an answer had time to arrive.
func TakeProbe(ctx context.Context, db *gorm.DB, c PushCredential, now time.Time) (bool, error) {
	taken := db.WithContext(ctx).Model(&PushCredential{}).
		Where("provider = ? AND fingerprint = ? AND probe_at <= ?", c.Provider, c.Fingerprint, now).
		UpdateColumn("probe_at", now.Add(c.probeAfter()))
	return taken.RowsAffected == 1, taken.Error
}

// NotePushAnswers records answers and returns the state after them; see Note. When sending
// stops, devices that were switched off just before, possibly for the same cause, are switched
// on again. The latest counts may be lost in a crash of the server: waiting for its disk would
// hold up all workers.
func NotePushAnswers(ctx context.Context, db *gorm.DB, key PushCredentialKey, a PushAnswers, now time.Time) (state PushCredential, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SET LOCAL synchronous_commit = off").Error; err != nil {
			return err
		}
		if state, err = lockPushCredential(tx, key, now); err != nil {
			return err
		}
		before := state
		state.Note(a, now)
		if before.StoppedAt == nil && state.StoppedAt != nil {
			if err := switchBackOn(tx, before, a.MayBeDead, now); err != nil {
				return err
			}
		}
		return tx.Save(&state).Error
	})
	return state, err
}

// undoneFor is how long before a stop devices that were switched off for the same cause are
// switched on again, at least.
const undoneFor = time.Hour

// switchBackOn switches devices on again that were switched off before the operator's
// credentials were known as a possible cause: since the last accepted message, or for an hour if that is longer.
func switchBackOn(tx *gorm.DB, before PushCredential, reasons []string, now time.Time) error {
	since := now.Add(-undoneFor)
	if before.AcceptedAt != nil && before.AcceptedAt.Before(since) {
		since = *before.AcceptedAt
	}
	return tx.Exec("UPDATE devices SET is_active = true, off_reason = '', off_at = NULL WHERE NOT is_active AND off_reason IN ? AND off_at >= ?",
		reasons, since).Error
}

// UsePushCredentials records that a worker sends under these credentials from now on, so that
// health reports these and not earlier ones.
func UsePushCredentials(ctx context.Context, db *gorm.DB, keys []PushCredentialKey, now time.Time) error {
	for _, key := range keys {
		if _, err := lockPushCredential(db.WithContext(ctx), key, now); err != nil {
			return err
		}
	}
	return nil
}

// lockPushCredential reads a state, creates it where there is none, and locks it until the
// transaction ends.
func lockPushCredential(tx *gorm.DB, key PushCredentialKey, now time.Time) (PushCredential, error) {
	state := PushCredential{PushCredentialKey: key, RefusedMarks: []uint32{}, UsedAt: now}
	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "provider"}, {Name: "fingerprint"}}, DoUpdates: clause.AssignmentColumns([]string{"used_at"}),
	}, clause.Returning{}).Create(&state).Error
	return state, err
}

// StoppedPushes returns the credentials last used of each provider under which sending has stopped.
func StoppedPushes(ctx context.Context, db *gorm.DB) ([]PushCredential, error) {
	var rows []PushCredential
	err := db.WithContext(ctx).Raw(`
		SELECT * FROM (SELECT DISTINCT ON (provider) * FROM push_credentials ORDER BY provider, used_at DESC) AS c
		WHERE stopped_at IS NOT NULL ORDER BY provider`).Scan(&rows).Error
	return rows, err
}

// credentialsFor is how long the state of unused credentials is kept.
const credentialsFor = 90 * 24 * time.Hour
