package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// planted returns a made-up secret of each shape, assembled here so that this file has none.
func planted() map[string]string {
	long := strings.Repeat("aB3", 20)
	return map[string]string{
		"private-key":    "-----BEGIN " + "EC PRIVATE KEY-----",
		"pkcs8-key":      "-----BEGIN " + "PRIVATE KEY-----",
		"aws-id":         "key: AKIA" + strings.Repeat("Q", 16),
		"aws-secret":     "AWS_SECRET_ACCESS_KEY=" + long[:40],
		"google-api":     "AIza" + long[:35],
		"google-oauth":   "ya29." + long,
		"google-client":  "GOCSPX-" + long[:28],
		"github":         `token = "ghp_` + long[:36] + `"`,
		"github-pat":     "github_pat_" + long,
		"gitlab":         "glpat-" + long[:20],
		"slack":          "xoxb-" + long[:24],
		"slack-webhook":  "https://hooks.slack.com/services/" + "T0A/B0A/" + long[:24],
		"hugging-face":   "HF_TOKEN=hf_" + long[:34],
		"model-provider": "sk-proj-" + long,
		"jwt":            "Bearer eyJ" + long[:20] + ".eyJ" + long[:20] + "." + long[:30],
	}
}

// scanForSecrets runs the scan in a repository of its own with these files, all tracked but the one named untracked.
func scanForSecrets(t *testing.T, files map[string]string) (output string, clean bool) {
	t.Helper()
	scan, err := filepath.Abs(filepath.Join("..", ".ci", "secrets"))
	require.NoError(t, err)
	dir := t.TempDir()
	command := func(name string, args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		for _, variable := range os.Environ() {
			if !strings.HasPrefix(variable, "GIT_") {
				cmd.Env = append(cmd.Env, variable)
			}
		}
		return cmd.CombinedOutput()
	}
	out, err := command("git", "init", "-q")
	require.NoError(t, err, string(out))
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("a line before\n"+content+"\n"), 0o600))
	}
	out, err = command("git", "add", ".", ":!untracked")
	require.NoError(t, err, string(out))
	out, err = command(scan)
	var ended *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &ended, string(out))
		require.Equal(t, 1, ended.ExitCode(), string(out))
	}
	return string(out), err == nil
}

func TestEachKindOfSecretIsFoundAndNotPrinted(t *testing.T) {
	t.Parallel()
	files := planted()
	files["untracked"] = files["github"]
	out, clean := scanForSecrets(t, files)
	require.False(t, clean)
	for name, secret := range files {
		require.Contains(t, out, name+":")
		require.NotContains(t, out, secret)
	}
	require.Contains(t, out, "github:2: looks like a GitHub token")
}

func TestOrdinaryTextIsNoSecret(t *testing.T) {
	t.Parallel()
	out, clean := scanForSecrets(t, map[string]string{
		"prose":   "A password, a token, sk-learn, task-force-of-people-who-write-long-names, hf_hub and -----BEGIN CERTIFICATE-----",
		"fixture": `token := "eyJhbGciOiJFZERTQSJ9` + `.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"`,
	})
	require.True(t, clean, out)
}
