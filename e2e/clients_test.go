package e2e_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// clientTools are the files that generate clients of the API and use them.
const clientTools = "../tools/clients"

// TestGeneratedClients generates clients from the document of a running system, compiles them, and lets a
// learner use the whole of it through the one in Go and the one in TypeScript.
func TestGeneratedClients(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	a := s.addAPI()
	s.startWorker()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(clientTools)))
	for _, name := range []string{"openapi.json", "openapi-3.0.json"} {
		status, _, document := (&learner{t: t, base: a.base}).do(http.MethodGet, "/"+name, nil)
		require.Equal(t, http.StatusOK, status)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), document, 0o600))
	}
	t.Run("Go", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "lyo"), 0o700))
		for _, document := range []string{"openapi-3.0.json", "openapi.json"} {
			run(t, dir, "go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", document)
			run(t, dir, "go", "build", "-o", "learner", ".")
		}
		run(t, dir, filepath.Join(dir, "learner"), a.base, "go-client@example.com")
	})
	t.Run("TypeScript", func(t *testing.T) {
		t.Parallel()
		bin := nodeTools(t, dir)
		run(t, dir, filepath.Join(bin, "redocly"), "lint", "openapi.json", "--extends=recommended")
		run(t, dir, filepath.Join(bin, "openapi-ts"), "--input", "openapi.json", "--output", "sdk")
		run(t, dir, filepath.Join(bin, "openapi-typescript"), "openapi.json", "--output", "schema.ts")
		run(t, dir, filepath.Join(bin, "tsc"), "--project", ".")
		run(t, dir, "node", filepath.Join("built", "learner.js"), a.base, "ts-client@example.com")
	})
}

// nodeTools links the packages of the lock file into a directory, and returns where their programs are. They
// are kept between runs. Without npm the test is skipped, but not in CI.
func nodeTools(t *testing.T, dir string) (bin string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
			t.Fatal("npm is not installed")
		}
		t.Skip("npm is not installed: the TypeScript clients were not generated")
	}
	lock, err := os.ReadFile(filepath.Join(clientTools, "package-lock.json"))
	require.NoError(t, err)
	kept, err := os.UserCacheDir()
	if err != nil {
		kept = os.TempDir()
	}
	digest := sha256.Sum256(lock)
	installed := filepath.Join(kept, "lyo-test", "clients-"+hex.EncodeToString(digest[:8]))
	if _, err := os.Stat(installed); err != nil {
		require.NoError(t, os.MkdirAll(filepath.Dir(installed), 0o700))
		draft, err := os.MkdirTemp(filepath.Dir(installed), "npm-")
		require.NoError(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(draft) })
		for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
			content, err := os.ReadFile(filepath.Join(clientTools, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(draft, name), content, 0o600))
		}
		run(t, draft, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		if err := os.Rename(draft, installed); err != nil {
			require.DirExists(t, installed, "another process was faster")
		}
	}
	modules := filepath.Join(installed, "node_modules")
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	return filepath.Join(dir, "node_modules", ".bin")
}

// run runs a program that must succeed.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "CI=true")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}
