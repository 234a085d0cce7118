package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// errNoReleased means that this clone does not have the commit named in deploy/released.
var errNoReleased = errors.New("the released commit is not in this clone")

// buildReleased builds the program of the commit named in deploy/released once, and keeps it by its hash.
var buildReleased = sync.OnceValues(func() (string, error) {
	named, err := os.ReadFile("../deploy/released")
	if err != nil {
		return "", err
	}
	hash, _, _ := strings.Cut(string(named), "\n")
	state := os.Getenv("TEST_STATE_DIR")
	if state == "" {
		return "", errors.New("TEST_STATE_DIR is not set: run the tests by make test")
	}
	dir := filepath.Join(state, "released", hash)
	built := filepath.Join(dir, "lyo-plain")
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	if exec.Command("git", "cat-file", "-e", hash+"^{commit}").Run() != nil {
		return "", errNoReleased
	}
	source := filepath.Join(dir, "source") // always there: what Go compiled for a build that was cut off is found again
	if err := errors.Join(os.RemoveAll(source), os.MkdirAll(source, 0o755)); err != nil {
		return "", err
	}
	defer os.RemoveAll(source)
	archive := filepath.Join(source, "source.tar")
	for _, step := range [][]string{
		{"git", "-C", "..", "archive", "--output=" + archive, hash},
		{"tar", "-xf", archive, "-C", source},
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w: %s", step, err, out)
		}
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(source, "built"), "./cmd/lyo")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the released version: %w: %s", err, out)
	}
	return built, os.Rename(filepath.Join(source, "built"), built)
})

// released returns the program of the last release; ok is false where the clone lacks its commit.
func released(t *testing.T) (path string, ok bool) {
	t.Helper()
	path, err := buildReleased()
	if errors.Is(err, errNoReleased) {
		return "", false
	}
	require.NoError(t, err)
	return path, true
}
