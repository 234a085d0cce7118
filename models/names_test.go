package models_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/text"
)

// TestKeysAreTheSameInSQL compares text_key with text.Key, for every character that a key
// has otherwise and that this Postgres and Go both know, and for texts of difficult ones.
func TestKeysAreTheSameInSQL(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var all []string
	for r := rune(1); r <= unicode.MaxRune; r++ {
		// The letters of 1E030 were added after the tables of Postgres 15.
		if utf8.ValidRune(r) && unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) && (r < 0x1E030 || r > 0x1E06D) && !unicode.Is(unicode.Co, r) {
			// Of those that stay as they are, some will do.
			if s := "x" + string(r) + "y"; text.Key(s) != s && (r < 0xE1000 || r > 0xEFFFF) && (r < 0xE0200 || r > 0xE0FFF) && (r < 0xAC00 || r > 0xD7A3) || r%97 == 0 {
				all = append(all, s)
			}
		}
	}
	requireSameKeys(t, db, all)
	odd := []rune("aA1 .éE\u0301\u0308\u0323ßẞΣςİıIﬁｅK\u200b\u200d\ufe0f\u00ad\u3164\u2800\n\t\u0085\u2028\u00a0葛\U000E0100ع\u0651क\u094d\u0958ﷺ한\u1100\u1161\u11a8ᾼΐŉ\u0345ǰ")
	var drawn []string
	rapid.Check(t, func(t *rapid.T) {
		drawn = append(drawn, string(rapid.SliceOfN(rapid.SampledFrom(odd), 0, 12).Draw(t, "text")))
	})
	requireSameKeys(t, db, drawn)
}

func requireSameKeys(t *testing.T, db *gorm.DB, all []string) {
	t.Helper()
	for len(all) > 0 {
		part := all[:min(len(all), 20000)]
		all = all[len(part):]
		var keys store.Words
		require.NoError(t, db.Raw("SELECT array_agg(text_key(t) ORDER BY i) FROM unnest(CAST(? AS text[])) WITH ORDINALITY AS x (t, i)", store.Words(part)).Row().Scan(&keys))
		require.Len(t, keys, len(part))
		for i, s := range part {
			require.Equal(t, text.Key(s), keys[i], "%+q", s)
		}
	}
}

func TestPostgresKnowsEveryZone(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var unknown []string
	require.NoError(t, db.Raw("SELECT z FROM unnest(CAST(? AS text[])) AS z WHERE z NOT IN (SELECT name FROM pg_timezone_names)", store.Words(text.Zones())).Scan(&unknown).Error)
	require.Empty(t, unknown)
}

// before is a database as it was before the migration of names, with users in it.
type before struct {
	*testing.T
	url string
	db  *sql.DB
	at  time.Time
}

func beforeNames(t *testing.T) *before {
	ctx, url := context.Background(), storetest.URL(t)
	gdb, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(gdb)) })
	db, err := gdb.DB()
	require.NoError(t, err)
	for {
		var there bool
		require.NoError(t, db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM information_schema.columns WHERE column_name = 'username_key')").Scan(&there))
		if !there {
			return &before{T: t, url: url, db: db, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		}
		require.NoError(t, migrations.Down(ctx, url))
	}
}

func (b *before) exec(query string, args ...any) {
	b.Helper()
	_, err := b.db.ExecContext(context.Background(), query, args...)
	require.NoError(b, err)
}

// user adds one, each younger than the one before; username "" is none.
func (b *before) user(email, name, username, zone string) uuid.UUID {
	b.Helper()
	id := store.NewID()
	b.at = b.at.Add(time.Hour)
	b.exec("INSERT INTO users (id, email, full_name, username, password_hash, timezone, created_at, updated_at) VALUES ($1, $2, $3, nullif($4, ''), 'x', $5, $6, $6)",
		id, email, name, username, zone, b.at)
	return id
}

func (b *before) migrate() (notes []string) {
	b.Helper()
	done, err := migrations.Up(context.Background(), b.url)
	require.NoError(b, err)
	for _, m := range done {
		notes = append(notes, m.Notices...)
	}
	return notes
}

// is checks a user's columns.
func (b *before) is(id uuid.UUID, email, name, username, zone string) {
	b.Helper()
	var got [4]string
	require.NoError(b, b.db.QueryRowContext(context.Background(), "SELECT email, full_name, coalesce(username, ''), timezone FROM users WHERE id = $1", id).
		Scan(&got[0], &got[1], &got[2], &got[3]))
	require.Equal(b, [4]string{email, name, username, zone}, got)
}

func TestTheMigrationOfNamesMendsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := beforeNames(t)
	fine := b.user("Ada@example.com", "Ada Lovelace", "ada", "Europe/Vienna")
	first := b.user("a1@example.com", "علی\u200cرضا", "alice", "UTC")
	zwsp := b.user("a2@example.com", "Al\u200bice", "alice\u200b", "us/pacific")
	wide := b.user("a3@Example.COM", "\u202eecilA\u2028", "\uff41lice", "EST5EDT")
	hidden := b.user("\u200bkim@example.com", "\u3164", "k\u200bim\u00ad", "Etc/GMT+5")
	blank := b.user("b@example.com", "B"+strings.Repeat("\u0335", 30), "\u3164\u3164\u3164", "posixrules")
	decomposed := b.user("kim@bu\u0308cher.example", "Cafe\u0301", "cafe\u0301", "Asia/Calcutta")
	owner := b.user("sue@xn--bcher-kva.example", "Sue", "café", "UTC")
	double := b.user("sue@b\u00fccher.example", "Sue", "sue", "UTC")
	long := b.user("l@example.com", "L", strings.Repeat("ﷺ", 90), "UTC")
	strange := b.user("operator@localhost", "Operator", "", "UTC")
	b.exec("INSERT INTO mails (id, user_id, kind, address, created_at, expires_at) VALUES ($1, $2, 'verify_email', E'\\u200bkim@example.com', $3, $3)", store.NewID(), hidden, b.at)

	notes := strings.Join(b.migrate(), "\n")

	b.is(fine, "Ada@example.com", "Ada Lovelace", "ada", "Europe/Vienna")
	b.is(first, "a1@example.com", "علی\u200cرضا", "alice", "UTC")
	b.is(zwsp, "a2@example.com", "Alice", "", "America/Los_Angeles")
	b.is(wide, "a3@example.com", "ecilA", "", "America/New_York")
	b.is(hidden, "kim@example.com", "Learner", "kim", "UTC")
	b.is(blank, "b@example.com", "B"+strings.Repeat("\u0335", 8), "", "UTC")
	b.is(decomposed, "kim@xn--bcher-kva.example", "Café", "café", "Asia/Calcutta")
	b.is(owner, "sue@xn--bcher-kva.example", "Sue", "", "UTC")
	b.is(double, "sue@b\u00fccher.example", "Sue", "sue", "UTC")
	b.is(long, "l@example.com", "L", "", "UTC")
	b.is(strange, "operator@localhost", "Operator", "", "UTC")

	require.Contains(t, notes, "5 full names")
	require.Contains(t, notes, "without a user name now: 5 (")
	require.Contains(t, notes, "another account's mailbox 1 ("+double.String()+")")
	require.Contains(t, notes, "addresses that are none 1 ("+strange.String()+")")
	require.NotContains(t, notes, "@", "addresses are nobody's business")

	count := func(query string, args ...any) (n int) {
		require.NoError(t, b.db.QueryRowContext(context.Background(), query, args...).Scan(&n))
		return n
	}
	for id, notices := range map[uuid.UUID]int{first: 0, zwsp: 1, wide: 1, hidden: 0, blank: 1, owner: 1, long: 1, fine: 0} {
		require.Equal(t, notices, count("SELECT count(*) FROM notifications WHERE user_id = $1 AND kind = 'account'", id))
	}
	require.Equal(t, 1, count("SELECT count(*) FROM mails WHERE user_id = $1 AND address = 'kim@example.com'", hidden), "its token is good still")
	require.Equal(t, 3, count("SELECT count(*) FROM zone_moves"), "of those whose clock may show something else")
	_, err := b.db.ExecContext(context.Background(), "UPDATE users SET username = 'AL\u00adICE' WHERE id = $1", zwsp)
	require.ErrorContains(t, err, "users_username_key")

	gdb, err := store.Open(b.url, store.Pool{MaxOpen: 1})
	require.NoError(t, err)
	defer store.Close(gdb)
	for typed, want := range map[string]uuid.UUID{
		"SUE@xn--bcher-kva.example": owner, "sue@b\u00fccher.example": double, "sue@b\uff55\u0308cher.example": owner, "kim@BÜCHER.example": decomposed, "kim\u200d@example.com": hidden, "operator@localhost": strange,
		"nobody@example.com": uuid.Nil, "sue": uuid.Nil,
	} {
		user, err := accounts.FindUserByEmail(context.Background(), gdb, typed)
		require.NoError(t, err)
		require.Equal(t, want, user.ID, "%q", typed)
	}
}

func TestTheMigrationOfNamesKeysTags(t *testing.T) {
	t.Parallel()
	b := beforeNames(t)
	author := b.user("ada@example.com", "Ada", "ada", "UTC")
	post := func(tags string) uuid.UUID {
		id := store.NewID()
		b.exec("INSERT INTO posts (id, author_id, title, content, post_type, tags, created_at, updated_at) VALUES ($1, $2, 'T', 'C', 'discussion', $3, $4, $4)", id, author, tags, b.at)
		return id
	}
	first, second := post(`["Straße", "Math"]`), post(`["ΟΔΟΣ", "CAFE\u0301"]`)
	b.exec(`INSERT INTO learning_profiles (user_id, skills, updated_at) VALUES ($1, '{"straße": 0.5, "οδος": 1}', $2)`, author, b.at)
	b.migrate()
	for tag, want := range map[string]uuid.UUID{"STRASSE": first, "math": first, "οδος": second, "café": second} {
		var got []uuid.UUID
		rows, err := b.db.QueryContext(context.Background(), "SELECT id FROM posts WHERE tag_list @> text_keys(jsonb_build_array($1::text))", tag)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var id uuid.UUID
			require.NoError(t, rows.Scan(&id))
			got = append(got, id)
		}
		require.NoError(t, rows.Err())
		require.Equal(t, []uuid.UUID{want}, got, tag)
	}
	var skills, terms, profile string
	require.NoError(t, b.db.QueryRowContext(context.Background(), "SELECT skills::text, terms::text FROM feed_items WHERE id = $1", second).Scan(&skills, &terms))
	require.Contains(t, skills, "οδοσ")
	require.Contains(t, terms, "οδοσ")
	require.NoError(t, b.db.QueryRowContext(context.Background(), "SELECT skills::text FROM learning_profiles").Scan(&profile))
	require.JSONEq(t, `{"strasse": 0.5, "οδοσ": 1}`, profile)
}

// TestManyAccountsAreMendedInOneGo bounds what the migration costs where there are many.
func TestManyAccountsAreMendedInOneGo(t *testing.T) {
	t.Parallel()
	b := beforeNames(t)
	const many = 5000
	b.exec(fmt.Sprintf(`INSERT INTO users (id, email, full_name, username, password_hash, created_at, updated_at)
		SELECT gen_random_uuid(), 'u' || i || '@EXAMPLE.com', 'Name' || U&'\200B' || i, 'user' || i, 'x', now(), now() FROM generate_series(1, %d) i`, many))
	notes := strings.Join(b.migrate(), "\n")
	require.Contains(t, notes, fmt.Sprintf("changed %d full names, 0 user names, %d addresses", many, many))
}
