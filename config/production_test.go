package config_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

// goodKey is an output of openssl rand -base64 32.
const goodKey = "q0R7fQbZ5xkTt1m9u8YJwN3cVhEoLs2Ad6GiPpKXyzM="

// production returns a valid environment with changes: NAME=value replaces or adds, NAME= removes.
func production(changes ...string) []string {
	environ := []string{
		"LYO_ENV=production", "DATABASE_URL=postgres://lyo:word@db.example.com/lyo?sslmode=verify-full", "REDIS_URL=redis://r",
		"LYO_PUBLIC_URL=https://api.example.com/", "LYO_JWT_KEY=pem", "LYO_CURSOR_KEY=" + goodKey,
		"LYO_SMTP_URL=smtp://mail.example.com", "LYO_MAIL_FROM=Lyo <lyo@example.com>", "LYO_APP_URL=https://app.example.com",
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		environ = slices.DeleteFunc(environ, func(line string) bool { return strings.HasPrefix(line, name+"=") })
		if value != "" {
			environ = append(environ, change)
		}
	}
	return environ
}

// badSettings has one row for each setting that disables a protection, and the reason that is reported.
var badSettings = []struct{ setting, reason string }{
	{"DATABASE_URL=", "needed"},
	{"REDIS_URL=", "needed"},
	{"LYO_PUBLIC_URL=", "needed"},
	{"LYO_JWT_KEY=", "needed"},
	{"LYO_CURSOR_KEY=", "needed"},
	{"LYO_SMTP_URL=", "needed"},
	{"LYO_MAIL_FROM=", "needed"},
	{"LYO_PUBLIC_URL=http://api.example.com", "https"},
	{"LYO_PUBLIC_URL=HTTP://api.example.com", "https"},
	{"LYO_APP_URL=http://app.example.com", "https"},
	{"LYO_TRUSTED_PROXIES=0.0.0.0/0", "strangers"},
	{"LYO_TRUSTED_PROXIES=::/0", "strangers"},
	{"LYO_TRUSTED_PROXIES=10.0.0.1,0.0.0.0/1,128.0.0.0/1", "strangers"},
	{"LYO_TRUSTED_PROXIES=64.0.0.0/2", "strangers"},
	{"LYO_TRUSTED_PROXIES=::/1,8000::/1", "strangers"},
	{"LYO_TRUSTED_PROXIES=2000::/3", "strangers"},
	{"LYO_TRUSTED_PROXIES=::ffff:0.0.0.0/96", "strangers"},
	{"LYO_CORS_ORIGINS=*", "name the origins"},
	{"LYO_RATE_LIMITS=off", "production needs on"},
	{"LYO_RATE_LIMITS=relaxed", "production needs on"},
	{"LYO_BCRYPT_COST=9", "guessed"},
	{"LYO_BCRYPT_COST=16", "seconds"},
	{"DATABASE_DIRECT_URL=postgres://db.example.com/lyo", "DATABASE_DIRECT_URL reaches db.example.com without TLS"},
	{"LYO_ACCESS_TOKEN_TTL=24h", "stolen token"},
	{"LYO_ACCESS_TOKEN_TTL=1s", "refreshing"},
	{"LYO_REFRESH_TOKEN_TTL=87600h", "lost or sold"},
	{"LYO_REFRESH_TOKEN_TTL=1m", "lost or sold"},
	{"LYO_SESSION_MAX=87600h", "stole a session"},
	{"LYO_SESSION_MAX=1m", "stole a session"},
	{"LYO_RATE_ACCOUNT_FAILURES=100000/1h", "many addresses"},
	{"LYO_RATE_SOURCES=1000000/1h", "readers"},
	{"LYO_RATE_SOURCES_DAY=1000000/24h", "readers"},
	{"LYO_VERIFY_TTL=720h", "old mail"},
	{"LYO_RESET_TTL=720h", "old mail"},
	{"LYO_RESTORE_TTL=1m", "time to see"},
	{"LYO_RESTORE_TTL=8760h", "old mail"},
	{"LYO_DELETION_GRACE=1s", "undo"},
	{"LYO_DELETION_GRACE=8760h", "law"},
	{"LYO_LOGIN_LOCK=1s", "guessing"},
	{"LYO_LOGIN_LOCK=8760h", "keeps an account's owner out"},
	{"LYO_COURSE_DEADLINE=8760h", "slot of the model"},
	{"LYO_RATE_LOGIN_FAILURES=1000/1m", "guessed"},
	{"LYO_RATE_LOGIN_FAILURES=100/168h", "guessed"},
	{"LYO_RATE_LOGIN=1000000/1s", "many accounts"},
	{"LYO_RATE_REGISTER=1000000/1s", "by machine"},
	{"LYO_RATE_MAIL=1000/1h", "flooded"},
	{"LYO_RATE_GENERATE=1000000/1s", "takes the model"},
	{"LYO_RATE_REFRESH=1000000/1s", "database"},
	{"LYO_RATE_USER=1000000/1s", "takes the service"},
	{"LYO_RATE_ADDRESS=1000000/1s", "takes the service"},
	{"LYO_CURSOR_KEY=tr0ub4dor", "too short"},
	{"LYO_CURSOR_KEY=development-cursor-key-not-a-secret", "everybody knows"},
	{"LYO_CURSOR_KEY=" + strings.Repeat("k", 64), "repeats itself"},
	{"LYO_CURSOR_KEY=q0R7fQbZ5xkTt1m9q0R7fQbZ5xkTt1m9", "repeats itself"},
	{"LYO_CURSOR_KEY=abcdefghijklmnopqrstuvwxyzabcdefghijkl", "neighbouring"},
	{"LYO_CURSOR_KEY=aaaabbabababbbbaabbbababaabbbbaabbaabbaabbbaabab", "too few different"},
	{"LYO_CURSOR_KEY=please-changeme-q0R7fQbZ5xkTt1m9u8YJ", "anybody would try"},
	{"LYO_CURSOR_KEY=My-Very-Secret-q0R7fQbZ5xkTt1m9u8YJ", "anybody would try"},
	{"LYO_PAYLOAD_KEYS=one:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "repeats itself"},
	{"LYO_CODEC_TOKEN=open sesame", "too short"},
	{"LYO_ENGINE_API_KEY=gemma", "too short"},
	{"LYO_PROFILES=on", "public listener"},
	{"LYO_ENGINE_HOST=0.0.0.0", "use the model"},
	{"LYO_CODEC_HOST=0.0.0.0", "read what is encrypted"},
	{"LYO_ALLOWED_HOSTS=https://api.example.com", "name or address of a host"},
	{"LYO_ALLOWED_HOSTS=*", "name or address of a host"},
}

// TestProductionRefusesEachBadSetting checks that the message names the variable and the reason,
// and that no other fault is reported.
func TestProductionRefusesEachBadSetting(t *testing.T) {
	t.Parallel()
	for _, row := range badSettings {
		t.Run(row.setting, func(t *testing.T) {
			t.Parallel()
			_, _, err := config.Load(production(row.setting))
			name, _, _ := strings.Cut(row.setting, "=")
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, row.reason)
			for line := range strings.SplitSeq(err.Error(), "\n") {
				require.True(t, strings.HasPrefix(line, name), "something else is wrong: %s", line)
			}
			if strings.HasSuffix(name, "_KEY") || name == "LYO_CODEC_TOKEN" {
				_, value, _ := strings.Cut(row.setting, "=")
				require.False(t, value != "" && strings.Contains(err.Error(), value), "a secret is repeated")
			}
		})
	}
}

func TestProductionTakesWhatProtects(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"LYO_PROFILES=on\nLYO_HTTP_HOST=127.0.0.1", "LYO_PROFILES=on\nLYO_HTTP_HOST=::1", "LYO_APP_URL=",
		"LYO_TRUSTED_PROXIES=10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,2001:db8::/32,203.0.113.7",
		"LYO_CURSOR_KEY=6f1d0c9b3e8a57428c1f9e0b7d2a6354", "LYO_ALLOWED_HOSTS=lyo-api.lyo.svc,localhost,10.1.2.3,::1",
		"LYO_BCRYPT_COST=10", "LYO_BCRYPT_COST=15", "LYO_DELETION_GRACE=720h", "LYO_REFRESH_TOKEN_TTL=2160h", "LYO_ENGINE_HOST=0.0.0.0\nLYO_ENGINE_API_KEY=" + goodKey,
		"LYO_PAYLOAD_KEYS=one:" + goodKey,
	} {
		c, warnings, err := config.Load(production(strings.Split(setting, "\n")...))
		require.NoError(t, err, setting)
		require.Empty(t, warnings)
		require.Equal(t, "https://api.example.com", c.HTTP.PublicURL)
		require.False(t, c.Gemma.FallbackOn())
	}
}

func TestEveryFaultOfProductionComesAtOnce(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load(production(
		"LYO_PUBLIC_URL=http://api.example.com", "LYO_TRUSTED_PROXIES=0.0.0.0/0", "LYO_BCRYPT_COST=4", "LYO_RESET_TTL=8760h", "LYO_PROFILES=on",
		"DATABASE_URL=postgres://db/lyo", "LYO_CURSOR_KEY=changeme", "LYO_HTTP_PORT=many", "LYO_RATE_MAIL=often",
	))
	for _, name := range []string{
		"LYO_PUBLIC_URL", "LYO_TRUSTED_PROXIES", "LYO_BCRYPT_COST", "LYO_RESET_TTL", "LYO_PROFILES", "DATABASE_URL", "LYO_CURSOR_KEY", "LYO_HTTP_PORT", "LYO_RATE_MAIL",
	} {
		require.ErrorContains(t, err, name)
	}
}

func TestStagingNeedsItsOwnKeys(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_ENV=staging"})
	for _, name := range []string{"LYO_JWT_KEY is needed", "LYO_CURSOR_KEY is needed", "LYO_PUBLIC_URL is needed"} {
		require.ErrorContains(t, err, name)
	}
	own := []string{"LYO_ENV=staging", "LYO_JWT_KEY=pem", "LYO_PUBLIC_URL=http://staging.example.com"}
	_, _, err = config.Load(append(own, "LYO_CURSOR_KEY=development-cursor-key-not-a-secret"))
	require.ErrorContains(t, err, "everybody knows")
	_, _, err = config.Load(append(own, "LYO_CURSOR_KEY="+goodKey))
	require.NoError(t, err, "the rest may be as on a desk")
}

func TestProductionSpeaksToPostgresOverTLS(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://db.example.com/lyo", "postgres://db.example.com/lyo?sslmode=disable", "postgres://db.example.com/lyo?sslmode=allow",
		"postgresql://lyo:hunter2@db.example.com/lyo?sslmode=prefer", "host=db.example.com dbname=lyo", "host=db.example.com sslmode='prefer'",
		"postgres://127.0.0.1,db.example.com/lyo", "host=localhost,db.example.com,/tmp sslmode=disable", "postgres:///lyo?host=db.example.com",
		"user=lyo password='a b' host = db.example.com sslmode = disable",
	} {
		_, _, err := config.Load(production("DATABASE_URL=" + url))
		require.ErrorContains(t, err, "DATABASE_URL reaches db.example.com without TLS", url)
		require.NotContains(t, err.Error(), "hunter2")
		_, _, err = config.Load(production("DATABASE_URL="+url, "LYO_DATABASE_PLAINTEXT_HOSTS=other,DB.example.com"))
		require.NoError(t, err, url)
	}
	for _, url := range []string{
		"postgres://db.example.com/lyo?sslmode=require", "postgres://db.example.com/lyo?sslmode=verify-ca", "postgres://a,b,c/lyo?sslmode=verify-full",
		"host=db.example.com sslmode=require", "postgres://localhost/lyo", "postgres://127.0.0.2/lyo?sslmode=disable", "postgres://[::1]/lyo",
		"host=/var/run/postgresql dbname=lyo", "postgres:///lyo?host=/cloudsql/project:region:instance", "host=@lyo",
	} {
		_, _, err := config.Load(production("DATABASE_URL=" + url))
		require.NoError(t, err, url)
	}
	_, _, err := config.Load(production("DATABASE_URL=mysql://lyo:hunter2@db.example.com/lyo"))
	require.ErrorContains(t, err, "DATABASE_URL is not an address of Postgres")
	require.NotContains(t, err.Error(), "hunter2")
}

// TestPostgresAsTheDriverReadsIt checks the driver's own variables, which apply where the address has no value.
func TestPostgresAsTheDriverReadsIt(t *testing.T) { //nolint:paralleltest // the environment is the process's
	t.Setenv("PGSSLMODE", "require")
	_, _, err := config.Load(production("DATABASE_URL=postgres://db.example.com/lyo"))
	require.NoError(t, err)
	t.Setenv("PGSSLMODE", "disable")
	_, _, err = config.Load(production("DATABASE_URL=postgres://db.example.com/lyo?sslmode=require"))
	require.NoError(t, err, "the address decides where it says so")
	_, _, err = config.Load(production("DATABASE_URL=postgres://db.example.com/lyo"))
	require.ErrorContains(t, err, "DATABASE_URL")
}

// TestRandomKeysAreTaken checks that openssl's output is never rejected, in either encoding.
func TestRandomKeysAreTaken(t *testing.T) {
	t.Parallel()
	for range 300 {
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		for _, text := range []string{base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key), hex.EncodeToString(key[:16])} {
			_, _, err := config.Load(production("LYO_CURSOR_KEY=" + text))
			require.NoError(t, err)
		}
		_, _, err := config.Load(production("LYO_PAYLOAD_KEYS=one:" + base64.StdEncoding.EncodeToString(key)))
		require.NoError(t, err)
	}
}
