package accounts_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// past is a database from before pending addresses.
type past struct {
	t  *testing.T
	db *gorm.DB
	at time.Time
}

// account creates one with an address and its audit log entries, in order.
func (p *past) account(email string, verified bool, actions ...string) uuid.UUID {
	p.t.Helper()
	id := store.NewID()
	require.NoError(p.t, p.db.Exec(`INSERT INTO users (id, email, full_name, password_hash, is_verified, created_at, updated_at)
		VALUES (?, ?, 'Ada', 'x', ?, ?, ?)`, id, email, verified, p.at, p.at).Error)
	for _, action := range actions {
		p.log(id, action)
	}
	return id
}

func (p *past) log(user uuid.UUID, action string) {
	p.t.Helper()
	p.at = p.at.Add(time.Minute)
	require.NoError(p.t, p.db.Exec(`INSERT INTO audit_log (id, at, action, user_id, via) VALUES (?, ?, ?, ?, 'api')`, store.NewID(), p.at, action, user).Error)
}

// moved inserts an old change of address: the log, the mail to the new address and the
// restore mail.
func (p *past) moved(user uuid.UUID, from, to string) (back, verify uuid.UUID) {
	p.t.Helper()
	p.log(user, "email.changed")
	return p.mail(user, "restore_email", from), p.mail(user, "verify_email", to)
}

func (p *past) mail(user uuid.UUID, kind, address string) uuid.UUID {
	p.t.Helper()
	id := store.NewID()
	require.NoError(p.t, p.db.Exec(`INSERT INTO mails (id, user_id, kind, address, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		id, user, kind, address, fixture.Digest(id.String()), p.at.Add(time.Millisecond), p.at.Add(100*time.Hour)).Error)
	return id
}

func (p *past) good(mail uuid.UUID) bool {
	p.t.Helper()
	m, there := stored(p.t, p.db, mail)
	require.True(p.t, there)
	return m.UsedAt == nil
}

// oldMail is a mail from before the migration, and whether it still works after it.
type oldMail struct {
	id   uuid.UUID
	good bool
}

// changedBefore is an account whose address was changed before the migration, and what the migration makes of it.
type changedBefore struct {
	user     uuid.UUID
	email    string
	verified bool
	pending  any
	mails    map[string]oldMail
}

// accounts creates an account for each way in which an address can have been changed.
func (p *past) accounts() map[string]changedBefore {
	p.t.Helper()
	hijacker := p.account("victim@example.com", true) // never verified own@; the victim has reset
	hijackersBack, _ := p.moved(hijacker, "own@example.com", "victim@example.com")
	p.log(hijacker, "password.reset")
	proven := p.account("victim2@example.com", true, "email.verified") // verified own2@ before
	provensBack, _ := p.moved(proven, "own2@example.com", "victim2@example.com")
	p.log(proven, "password.reset")
	waiting := p.account("new@example.com", false, "email.verified")
	waitingBack, waitingVerify := p.moved(waiting, "old@example.com", "new@example.com")
	twice := p.account("second@example.com", false, "email.verified")
	twiceBack, _ := p.moved(twice, "zero@example.com", "first@example.com")
	p.log(twice, "email.verified")
	twiceLast, _ := p.moved(twice, "first@example.com", "second@example.com")
	unproven := p.account("third@example.com", false, "email.verified")
	unprovensFirst, _ := p.moved(unproven, "a@example.com", "b@example.com")
	unprovensBack, _ := p.moved(unproven, "b@example.com", "third@example.com")
	moved := p.account("moved@example.com", true, "email.verified")
	movedBack, _ := p.moved(moved, "before@example.com", "moved@example.com")
	p.log(moved, "email.verified")
	gone := p.account("fourth@example.com", false, "email.verified")
	goneBack, _ := p.moved(gone, "taken@example.com", "fourth@example.com")
	p.account("TAKEN@example.com", true)
	fresh := p.account("fresh@example.com", false)
	freshVerify := p.mail(fresh, "verify_email", "fresh@example.com")
	return map[string]changedBefore{
		"hijacker": {hijacker, "victim@example.com", true, nil, map[string]oldMail{"to an address never proven": {hijackersBack, false}}},
		"proven":   {proven, "victim2@example.com", true, nil, map[string]oldMail{"past a reset": {provensBack, false}}},
		"waiting": {waiting, "old@example.com", true, "new@example.com", map[string]oldMail{
			"used by coming back": {waitingBack, false}, "to the new address": {waitingVerify, true},
		}},
		"twice": {twice, "first@example.com", true, "second@example.com", map[string]oldMail{
			"before one that was used": {twiceBack, true}, "used by coming back, second": {twiceLast, false},
		}},
		"unproven": {unproven, "a@example.com", true, "third@example.com", map[string]oldMail{
			"to the second, never proven": {unprovensBack, false}, "to the first, used by coming back": {unprovensFirst, false},
		}},
		"moved": {moved, "moved@example.com", true, nil, map[string]oldMail{"of a change that was proven": {movedBack, true}}},
		"gone":  {gone, "fourth@example.com", false, nil, map[string]oldMail{"to an address somebody has": {goneBack, true}}},
		"fresh": {fresh, "fresh@example.com", false, nil, map[string]oldMail{"to the address signed up with": {freshVerify, true}}},
	}
}

func TestAddressesThatWereChangedBefore(t *testing.T) {
	t.Parallel()
	url := storetest.Empty(t)
	_, err := migrations.Up(t.Context(), url)
	require.NoError(t, err)
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	p := &past{t, db, time.Now().UTC().Add(-5 * time.Hour).Truncate(time.Microsecond)}
	backTo(t, db, url, 12)
	all := p.accounts()
	require.NoError(t, db.Exec(`INSERT INTO devices (id, user_id, token, token_hash, platform, environment, created_at, last_used_at)
		VALUES (?, ?, 'a-device-of-before', ?, 'ios', 'production', now(), now())`, store.NewID(), all["moved"].user, fixture.Digest("d")).Error)

	_, err = migrations.Up(t.Context(), url)
	require.NoError(t, err)
	is := func(name string, user uuid.UUID, email string, verified bool, pending any) {
		t.Helper()
		u := userOf(t, db, user)
		var waits any
		if u.PendingEmail != nil {
			waits = *u.PendingEmail
		}
		require.Equal(t, []any{email, verified, pending}, []any{u.Email, u.IsVerified, waits}, name)
	}
	for name, row := range all {
		is(name, row.user, row.email, row.verified, row.pending)
		for kind, mail := range row.mails {
			require.Equal(t, mail.good, p.good(mail.id), kind)
		}
	}
	waiting := all["waiting"]
	m, _ := stored(t, db, waiting.mails["to the new address"].id)
	_, err = accounts.VerifyEmail(t.Context(), db, m.TokenHash, writeMail, fixture.AuditLine("", time.Now()))
	require.NoError(t, err)
	is("waiting", waiting.user, "new@example.com", true, nil)
}

// backTo migrates down, including the given version.
func backTo(t *testing.T, db *gorm.DB, url string, version int64) {
	t.Helper()
	for {
		var have int64
		require.NoError(t, db.Raw("SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&have).Error)
		if have < version {
			return
		}
		require.NoError(t, migrations.Down(t.Context(), url))
	}
}
