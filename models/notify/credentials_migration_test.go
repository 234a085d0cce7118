package notify_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/storetest"
)

const pushMigration = 15

// withoutPushMigration returns a database from before the migration.
func withoutPushMigration(t *testing.T, url string) *sql.DB {
	t.Helper()
	_, err := migrations.Up(t.Context(), url)
	require.NoError(t, err)
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	for {
		var version int
		require.NoError(t, db.QueryRow("SELECT max(version_id) FROM goose_db_version").Scan(&version))
		if version < pushMigration {
			return db
		}
		require.NoError(t, migrations.Down(t.Context(), url))
	}
}

// devicesLeft returns each device's last digit, its user's, its token and its environment.
func devicesLeft(t *testing.T, db *sql.DB) (left []string) {
	t.Helper()
	rows, err := db.Query("SELECT right(id::text, 1), user_id, token, environment, token_hash = sha256(convert_to(token, 'UTF8')) FROM devices ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, user, token, environment string
		var hashed bool
		require.NoError(t, rows.Scan(&id, &user, &token, &environment, &hashed))
		require.True(t, hashed)
		require.Equal(t, notify.PushToken(token), token)
		left = append(left, id+" "+user[35:]+" "+token+" "+environment)
	}
	require.NoError(t, rows.Err())
	return left
}

// TestTokensThatWereSeveralRows checks that old rows become one for each phone, the one
// registered last, that receipts stay, and that no user has marketing on.
func TestTokensThatWereSeveralRows(t *testing.T) {
	t.Parallel()
	url := storetest.Empty(t)
	db := withoutPushMigration(t, url)
	exec := func(statement string, args ...any) {
		t.Helper()
		_, err := db.Exec(statement, args...)
		require.NoError(t, err)
	}
	exec(`INSERT INTO users (id, email, full_name, password_hash, created_at, updated_at)
		SELECT ('00000000-0000-7000-8000-00000000000' || i)::uuid, 'u' || i || '@example.com', 'U', '-', now(), now() FROM generate_series(1, 2) i`)
	const ada, eve = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
	hex := strings.Repeat("0a1b2c3d", 8)
	now := time.Now().UTC().Truncate(time.Microsecond)
	device := func(n int, user, token, platform, environment string) {
		t.Helper()
		exec(`INSERT INTO devices (id, user_id, token, token_hash, platform, environment, created_at, last_used_at)
			VALUES ($1::uuid, $2::uuid, $3::text, sha256(convert_to($3, 'UTF8')), $4, $5, $6, $6)`,
			fmt.Sprintf("00000000-0000-7000-9000-%012d", n), user, token, platform, environment, now.Add(time.Duration(n)*time.Minute))
	}
	device(1, eve, "<"+hex[:32]+" "+hex[32:]+">", "ios", "production")
	device(2, ada, hex, "ios", "production")
	device(3, ada, strings.ToUpper(hex), "ios", "sandbox")
	device(4, ada, "fcm:Token-1", "android", "production")
	device(5, eve, " fcm:Token-1\n", "android", "production")
	device(6, eve, "FCM:Token-1", "android", "production")
	exec(`INSERT INTO notifications (id, user_id, kind, title, body, created_at) VALUES ($1, $2, 'comment', 'x', 'y', now())`, ada, ada)
	exec(`INSERT INTO push_receipts (notification_id, device_id, status, at) VALUES ($1, '00000000-0000-7000-9000-000000000002', 'accepted', now())`, ada)
	exec(`INSERT INTO push_preferences (user_id, course_ready, achievements, community, reminders, marketing, updated_at) VALUES ($1, true, false, true, true, true, now())`, ada)

	_, err := migrations.Up(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, []string{"3 1 " + hex + " sandbox", "5 2 fcm:Token-1 production", "6 2 FCM:Token-1 production"}, devicesLeft(t, db))
	var receipt string
	require.NoError(t, db.QueryRow("SELECT right(device_id::text, 1) || status FROM push_receipts").Scan(&receipt))
	require.Equal(t, "3accepted", receipt)
	var marketing, achievements bool
	require.NoError(t, db.QueryRow("SELECT marketing, achievements FROM push_preferences").Scan(&marketing, &achievements))
	require.False(t, marketing || achievements)
}

func TestSpellingsOfTokens(t *testing.T) {
	t.Parallel()
	for spelled, token := range map[string]string{
		" <ABCDEF01 23456789>\n": "abcdef0123456789", "{abcdef0123}": "abcdef0123", "[AB CD EF 01 23]": "abcdef0123",
		" fcm:Abc-(x)\t": "fcm:Abc-(x)", "APA91bHun4": "APA91bHun4", "<ABC>": "<ABC>",
	} {
		require.Equal(t, token, notify.PushToken(spelled))
		require.Equal(t, token, notify.PushToken(token), "it is stable")
	}
}
