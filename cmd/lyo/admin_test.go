package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/cmd/lyo/dev"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func runLyo(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := root(environ, &out, &errs)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	require.Empty(t, errs.String())
	return out.String(), err
}

func TestAdministrators(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	now := time.Now().UTC()
	user := accounts.User{
		ID: store.NewID(), Email: "Ada@example.com", FullName: "Ada", PasswordHash: "x", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	require.NoError(t, db.Create(&user).Error)
	environ := []string{"DATABASE_URL=" + url}

	for _, row := range []struct{ command, who, says string }{
		{"revoke", "ada@example.com", "was no administrator"},
		{"grant", "ada@EXAMPLE.com", "is an administrator now"},
		{"grant", user.ID.String(), "was an administrator already"},
	} {
		out, err := runLyo(t, environ, "admin", row.command, row.who)
		require.NoError(t, err)
		require.Equal(t, "Ada@example.com "+row.says+"\n", out)
	}
	out, err := runLyo(t, environ, "admin", "list")
	require.NoError(t, err)
	require.Contains(t, out, "Ada@example.com  user admin  true    never")
	out, err = runLyo(t, environ, "admin", "list", "--json")
	require.NoError(t, err)
	var lines []adminLine
	require.NoError(t, json.Unmarshal([]byte(out), &lines))
	require.Equal(t, user.ID, lines[0].ID)
	_, err = runLyo(t, environ, "admin", "grant", "nobody@example.com")
	require.ErrorContains(t, err, "Nobody has the e-mail address")
	_, err = runLyo(t, environ, "admin", "undelete", "ada@example.com")
	require.ErrorContains(t, err, "not being deleted")
	out, err = runLyo(t, environ, "admin", "revoke", "ada@example.com")
	require.NoError(t, err)
	require.Contains(t, out, "is no administrator any more")

	log, err := store.ListAudit(t.Context(), db, store.AuditFilter{UserID: &user.ID, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, store.AuditCommandLine, log[0].Via)
	require.NotEmpty(t, log[0].Details["by"])
}

func TestInDevelopmentThePrivatePostgresIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := runLyo(t, []string{"LYO_STATE_DIR=" + dir}, "admin", "list")
	require.ErrorContains(t, err, "DATABASE_URL is not set")
	require.NoError(t, os.WriteFile(filepath.Join(dir, dev.DatabaseURLFile), []byte(storetest.URL(t)), 0o600))
	_, err = runLyo(t, []string{"LYO_STATE_DIR=" + dir}, "admin", "list")
	require.ErrorContains(t, err, "no lyo dev uses", "the file may be a copy of another's")
	running, err := local.Start(local.Spec{Name: "api", Path: "/bin/sleep", Args: []string{"1000"}, PIDFile: filepath.Join(dir, "run", "api.pid")})
	require.NoError(t, err)
	t.Cleanup(running.Kill)
	out, err := runLyo(t, []string{"LYO_STATE_DIR=" + dir}, "admin", "list", "--json")
	require.NoError(t, err)
	require.Equal(t, "[]\n", out)
}
