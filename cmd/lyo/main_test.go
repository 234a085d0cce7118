package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs the program with an environment and arguments.
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

var (
	link = regexp.MustCompile(`\[([^\]]*)\]\(([^)#:]+)(?:#[^)]*)?\)`)
	test = regexp.MustCompile("`(Test\\w+)`")
)

// TestDocumentsPointToWhatIsThere follows every relative link of the documents, and
// checks that every test named in a link's text is in its target.
func TestDocumentsPointToWhatIsThere(t *testing.T) {
	t.Parallel()
	named := 0
	for _, document := range documents(t) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(content), -1) {
			path := filepath.Join(filepath.Dir(document), found[2])
			require.FileExists(t, pathOrDirectory(t, path), document)
			for _, claim := range test.FindAllStringSubmatch(found[1], -1) {
				source, err := os.ReadFile(path)
				require.NoError(t, err, document)
				require.Contains(t, string(source), "func "+claim[1]+"(", "%s names it in %s", document, path)
				named++
			}
		}
	}
	require.Greater(t, named, 50, "docs/verification.md names the test of each claim")
}

// documents returns the Markdown files of the top folder and of every folder of docs.
func documents(t *testing.T) []string {
	t.Helper()
	top := filepath.Join("..", "..")
	paths, err := filepath.Glob(filepath.Join(top, "*.md"))
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(filepath.Join(top, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

// pathOrDirectory returns a file inside when the link leads to a directory.
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

func TestAWrongCommandIsNamedWithTheRightOne(t *testing.T) {
	t.Parallel()
	for call, meant := range map[string]string{
		"taks":            "did you mean lyo task?",
		"model pul":       "did you mean lyo model pull?",
		"task lst":        "did you mean lyo task list?",
		"config chek":     "did you mean lyo config check?",
		"admin gran":      "did you mean lyo admin grant?",
		"completion bahs": "did you mean lyo completion bash?",
		"help taks":       "did you mean lyo task?",
		"help model pul":  "did you mean lyo model pull?",
		"nothing-like-it": "lyo --help lists the commands",
		"api --prot=1":    "unknown flag: --prot; lyo api --help",
		"dev now":         "lyo dev --help says more",
		"task show":       "lyo task show --help says more",
		"task lst --json": "did you mean lyo task list?",
	} {
		_, _, err := run(nil, strings.Fields(call)...)
		require.ErrorContains(t, err, meant, call)
		require.Equal(t, 2, exitCode(err), call)
	}
	_, _, err := run(nil, "api")
	require.Equal(t, 1, exitCode(err), "a command that fails was understood")
	for _, call := range []string{"", "task", "help", "help task list", "--help"} {
		out, _, err := run(nil, strings.Fields(call)...)
		require.NoError(t, err, call)
		require.Contains(t, out, "Usage:", call)
	}
}
