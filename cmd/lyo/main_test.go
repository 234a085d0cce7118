package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run is the program with an environment and arguments.
func run(environ []string, args ...string) (out, errs string, err error) {
	var o, e bytes.Buffer
	cmd := root(environ, &o, &e)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(context.Background())
	return o.String(), e.String(), err
}

func TestFaultsOfTheSettingsEndEveryCommand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"api", "worker", "serve", "migrate", "dev"} {
		_, errs, err := run([]string{"LYO_HTTP_PORT=0", "LYO_LOG_LEVEL=loud", "LYO_TPYO=1"}, name)
		require.ErrorContains(t, err, "LYO_HTTP_PORT")
		require.ErrorContains(t, err, "LYO_LOG_LEVEL")
		require.Contains(t, errs, "LYO_TPYO")
	}
}

func TestServicesNeedADatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"api", "worker", "serve", "migrate"} {
		_, _, err := run(nil, name)
		require.ErrorContains(t, err, "DATABASE_URL")
	}
}

func TestABadAddressIsNotPrinted(t *testing.T) {
	t.Parallel()
	_, errs, err := run([]string{"DATABASE_URL=postgres://x", "REDIS_URL=redis://:hunter2@%zz"}, "api")
	require.ErrorContains(t, err, "REDIS_URL")
	require.NotContains(t, err.Error()+errs, "hunter2")
}

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// TestDocumentsPointToWhatIsThere follows every relative link, and looks for
// every test that the README names as the proof of a claim.
func TestDocumentsPointToWhatIsThere(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..")
	documents, err := filepath.Glob(filepath.Join(top, "*.md"))
	require.NoError(t, err)
	more, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	require.NoError(t, err)
	for _, document := range append(documents, more...) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(content), -1) {
			require.FileExists(t, pathOrDirectory(t, filepath.Join(filepath.Dir(document), found[1])), document)
		}
	}
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	require.NoError(t, err)
	for _, claim := range regexp.MustCompile("\\[`(Test\\w+)`\\]\\(([^)]+)\\)").FindAllStringSubmatch(string(readme), -1) {
		content, err := os.ReadFile(filepath.Join(top, claim[2]))
		require.NoError(t, err)
		require.Contains(t, string(content), "func "+claim[1]+"(")
	}
}

// pathOrDirectory names some file inside when the link leads to a directory.
func pathOrDirectory(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	if !info.IsDir() {
		return path
	}
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			return filepath.Join(path, e.Name())
		}
	}
	return path
}
