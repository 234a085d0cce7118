package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// TestEverySafeguardCanBeTakenOut finds each text that is to change, and each test, without running any.
func TestEverySafeguardCanBeTakenOut(t *testing.T) {
	t.Parallel()
	for _, m := range all {
		changed, err := m.apply(root)
		require.NoError(t, err, m.safeguard)
		require.Contains(t, changed, m.to)
		require.NotEmpty(t, m.tests, m.safeguard)
		for _, one := range m.tests {
			require.NotEmpty(t, one.says, one.name)
			require.True(t, declared(t, one), "there is no %s in %s", one.name, one.pkg)
		}
	}
}

// declared reports whether a package has the test.
func declared(t *testing.T, one test) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, one.pkg, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+one.name+"(") {
			return true
		}
	}
	return false
}

// TestTheTableOfSafeguardsIsThatOfTheList compares docs/faults.md with the list.
func TestTheTableOfSafeguardsIsThatOfTheList(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "faults.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), render(all), "write it anew from: go run ./e2e/mutations -table")
}

// TestATestThatDoesNotNoticeIsNamed gives the judge what a run says.
func TestATestThatDoesNotNoticeIsNamed(t *testing.T) {
	t.Parallel()
	one, failed := test{name: "TestA", says: "expected: 1 actual : 2"}, os.ErrInvalid
	require.NoError(t, one.judge("--- FAIL: TestA (0.1s)\n expected: 1\n   actual  : 2\n", failed))
	require.ErrorContains(t, one.judge("ok\n", nil), "passes without it")
	require.ErrorContains(t, one.judge("ok [no tests to run]\n", nil), "there is no test")
	require.ErrorContains(t, one.judge("[build failed]\n", failed), "did not come to an end")
	require.ErrorContains(t, one.judge("--- FAIL: TestA (0.1s)\n no server\n", failed), "other words")
}

// TestATextThatIsNotThereIsTold has a file that has changed since.
func TestATextThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	_, err := mutation{file: "go.mod", from: "what nobody wrote"}.apply(root)
	require.ErrorContains(t, err, "0 times in go.mod")
}
