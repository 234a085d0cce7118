package config_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

const password = "hunter2-very-secret"

func TestADirectAddressAloneIsRefused(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"DATABASE_DIRECT_URL=postgres://db/lyo"})
	require.ErrorContains(t, err, "DATABASE_DIRECT_URL is set and DATABASE_URL is not")
}

func TestDefaultsAreGoodForDevelopment(t *testing.T) {
	t.Parallel()
	c, warnings, err := config.Load(nil)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, 8000, c.HTTP.Port)
	require.Equal(t, "127.0.0.1", c.HTTP.Host)
	require.Equal(t, "http://localhost:8000", c.HTTP.PublicURL)
	require.True(t, c.Gemma.FallbackOn())
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_HTTP_PORT=99999", "LYO_LOG_LEVEL=loud", "LYO_TRUSTED_PROXIES=nowhere", "LYO_GEMMA_BASE_URL=ftp://x"})
	for _, name := range []string{"LYO_HTTP_PORT", "LYO_LOG_LEVEL", "LYO_TRUSTED_PROXIES", "LYO_GEMMA_BASE_URL"} {
		require.ErrorContains(t, err, name)
	}
	_, _, err = config.Load([]string{"LYO_HTTP_PORT=many", "LYO_STOP_WITHIN=soon"})
	require.ErrorContains(t, err, "LYO_HTTP_PORT")
	require.ErrorContains(t, err, "LYO_STOP_WITHIN")
	require.NotContains(t, err.Error(), "\n\n")
	_, _, err = config.Load([]string{"LYO_SMTP_URL=http://x:hunter2@y", "LYO_MAIL_FROM=nobody", "LYO_RESET_TTL=0s", "LYO_DELETION_GRACE=-1s"})
	for _, name := range []string{"LYO_SMTP_URL", "LYO_MAIL_FROM", "LYO_RESET_TTL", "LYO_DELETION_GRACE"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

// TestEmbeddingsComeFromTheServerOfCourses unless they have one, which does not get its key.
func TestEmbeddingsComeFromTheServerOfCourses(t *testing.T) {
	t.Parallel()
	load := func(vars ...string) config.Embeddings {
		c, _, err := config.Load(append(vars, "LYO_GEMMA_BASE_URL=http://gemma/v1", "LYO_GEMMA_API_KEY=secret"))
		require.NoError(t, err)
		return c.Embeddings
	}
	require.Equal(t, config.Embeddings{BaseURL: "http://gemma/v1", APIKey: "secret"}, load())
	require.Equal(t, config.Embeddings{BaseURL: "http://gemma/v1", APIKey: "own"}, load("LYO_EMBEDDINGS_API_KEY=own"))
	require.Equal(t, config.Embeddings{Model: "v", BaseURL: "http://v/v1"}, load("LYO_EMBEDDINGS_MODEL=v", "LYO_EMBEDDINGS_BASE_URL=http://v/v1"))
	_, _, err := config.Load([]string{"LYO_EMBEDDINGS_BASE_URL=ftp://x"})
	require.ErrorContains(t, err, "LYO_EMBEDDINGS_BASE_URL")
}

func TestProductionRefusesWhatIsForDevelopment(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_ENV=production", "LYO_CURSOR_KEY=development-cursor-key-not-a-secret", "LYO_BCRYPT_COST=4", "LYO_CORS_ORIGINS=*"})
	for _, name := range []string{"DATABASE_URL", "REDIS_URL", "LYO_PUBLIC_URL", "LYO_JWT_KEY", "LYO_CURSOR_KEY", "LYO_BCRYPT_COST", "LYO_CORS_ORIGINS", "LYO_SMTP_URL", "LYO_MAIL_FROM"} {
		require.ErrorContains(t, err, name)
	}
}

func TestUnknownVariablesAreReported(t *testing.T) {
	t.Parallel()
	_, warnings, err := config.Load([]string{"LYO_HTTP_PROT=1", "OTHER=1", "LYO_HTTP_PORT_FILE=x"})
	require.NoError(t, err)
	require.Len(t, warnings, 2, "a misspelt one, and a file for what is no secret")
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(path, []byte(password+"\n"), 0o600))
	c, warnings, err := config.Load([]string{"DATABASE_URL_FILE=" + path})
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, password, c.Database.URL.Reveal())
	_, _, err = config.Load([]string{"DATABASE_URL_FILE=" + path, "DATABASE_URL=x"})
	require.ErrorContains(t, err, "both set")
	_, _, err = config.Load([]string{"REDIS_URL_FILE=/nowhere"})
	require.ErrorContains(t, err, "REDIS_URL_FILE")
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	var environ []string
	for _, key := range config.Keys() {
		if key.Secret {
			environ = append(environ, key.Name+"="+password)
		}
	}
	require.NotEmpty(t, environ)
	environ = append(environ, "LYO_SMTP_URL=smtp://lyo:"+password+"@mail.example.com", "LYO_APNS_KEY_ID=1", "LYO_APNS_TEAM_ID=2", "LYO_APNS_TOPIC=3")
	c, _, err := config.Load(environ)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, c.Print(&out))
	fmt.Fprintf(&out, "%v %+v %#v %s", c, c, c, c.Database.URL)
	require.NoError(t, json.NewEncoder(&out).Encode(c))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c, "url", c.Database.URL)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "url", c.Database.URL)
	require.NotContains(t, out.String(), "hunter2")
}

func TestTheExampleNamesEveryVariableWithItsDefault(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../.env.example")
	require.NoError(t, err)
	defer f.Close()
	example := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			example[name] = value
		}
	}
	for _, key := range config.Keys() {
		value, ok := example[key.Name]
		require.True(t, ok, "%s is missing", key.Name)
		require.Equal(t, key.Default, value, key.Name)
		delete(example, key.Name)
	}
	require.Empty(t, example, "variables that mean nothing")
}

func TestFaultsOfNumbersNameTheirVariablesAmongAllOthers(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_HTTP_PORT=abc", "LYO_DATABASE_POOL=99999999999999999999", "LYO_STOP_WITHIN=soon", "LYO_LOG_LEVEL=loud", "LYO_TEMPORAL_PORT=0"})
	require.ErrorContains(t, err, `LYO_HTTP_PORT: "abc" is not a number that fits here`)
	for _, name := range []string{"LYO_DATABASE_POOL", "LYO_STOP_WITHIN", "LYO_LOG_LEVEL", "LYO_TEMPORAL_PORT"} {
		require.ErrorContains(t, err, name)
	}
}

//nolint:paralleltest // the memory limit is the process's
func TestTheBudgetOfBodies(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	for environ, want := range map[string]int{"": 42, "LYO_BODY_BUDGET=200": 200} {
		c, _, err := config.Load(strings.Fields(environ))
		require.NoError(t, err)
		require.Equal(t, want, c.HTTP.BodyBudget)
	}
	debug.SetMemoryLimit(920 << 20)
	c, _, err := config.Load(nil)
	require.NoError(t, err)
	require.Equal(t, 76, c.HTTP.BodyBudget)
	_, _, err = config.Load([]string{"LYO_BODY_BUDGET=-1"})
	require.ErrorContains(t, err, "LYO_BODY_BUDGET")
}
