package mail_test

import (
	"context"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	lyomail "github.com/lyoapp/lyo/activities/mail"
)

func TestAFolderKeepsMails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "mail")
	m, logs := mailer(t, lyomail.Options{Dir: dir})
	require.NoError(t, m.Send(t.Context(), letter()))
	require.NoError(t, m.Send(t.Context(), letter()), "the same again")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no drafts are left")
	require.Equal(t, "20260301T120000.000000-0195-7f.eml", files[0].Name())
	facts, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), facts.Mode())
	folder, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())

	path := filepath.Join(dir, files[0].Name())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	parsed, err := mail.ReadMessage(strings.NewReader(string(content)))
	require.NoError(t, err)
	require.Equal(t, "<ada@example.com>", parsed.Header.Get("To"))
	require.Contains(t, string(content), token)
	require.Contains(t, logs.String(), path)
	require.Contains(t, logs.String(), `"kind":"verify_email"`)
	require.NotContains(t, logs.String(), token)
	require.NotContains(t, logs.String(), "ada@")
}

func TestAFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "taken")
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	m, logs := mailer(t, lyomail.Options{Dir: dir})
	var fault *lyomail.Error
	require.ErrorAs(t, m.Send(t.Context(), letter()), &fault)
	require.False(t, fault.Permanent, "somebody can make room")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.Send(ctx, letter()), context.Canceled)
	require.Empty(t, logs.String())
}
