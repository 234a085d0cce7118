package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fetchedMark is a file at the root of an unpacked tree; see LibraryPath.
const fetchedMark = ".lyo-fetched"

// apt uses the system's package tools with a private cache, and private lists if the system's are
// empty. It installs nothing and needs no root.
type apt struct {
	f     Finder
	cache string
	lists string // "": the system's
}

// fetchDebs downloads packages with the dependencies the system lacks and unpacks
// them under dest, all or nothing.
func (f Finder) fetchDebs(ctx context.Context, dest string, choose func(context.Context, apt) ([]string, error), what string) error {
	if f.Offline || f.lookPath("apt-get") == "" || f.lookPath("dpkg-deb") == "" {
		return errors.New("no apt-get to fetch it with")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	sayf(f.Out, "fetching Debian's packages for %s into %s (nothing is installed)", what, dest)
	dir, err := scratch(dest)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a := apt{f: f, cache: filepath.Join(dir, "cache")}
	if err := os.MkdirAll(filepath.Join(a.cache, "archives/partial"), 0o755); err != nil {
		return fmt.Errorf("make a cache for packages: %w", err)
	}
	err = f.report("fetching "+what, sizeOf(a.cache), func() error { return a.download(ctx, choose) })
	if err != nil {
		return err
	}
	return a.unpack(ctx, filepath.Join(dir, "tree"), dest)
}

// download tries the system's package lists first; when they are missing or out of
// date it fetches private ones.
func (a *apt) download(ctx context.Context, choose func(context.Context, apt) ([]string, error)) error {
	first := a.install(ctx, choose)
	if first == nil || ctx.Err() != nil {
		return first
	}
	a.lists = filepath.Join(a.cache, "lists")
	if err := os.MkdirAll(filepath.Join(a.lists, "partial"), 0o755); err != nil {
		return fmt.Errorf("make a folder for package lists: %w", err)
	}
	if _, err := a.run(ctx, "apt-get", "update"); err != nil {
		return errors.Join(first, err)
	}
	return a.install(ctx, choose)
}

func (a apt) install(ctx context.Context, choose func(context.Context, apt) ([]string, error)) error {
	names, err := choose(ctx, a)
	if err != nil {
		return err
	}
	args := []string{"--yes", "--no-install-recommends", "--reinstall", "--download-only", "install"}
	_, err = a.run(ctx, "apt-get", append(args, names...)...)
	return err
}

func (a apt) run(ctx context.Context, tool string, args ...string) (string, error) {
	options := []string{
		"-qq",
		"-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root",
		"-o", "Dir::Cache=" + a.cache, "-o", "Dir::Cache::archives=" + filepath.Join(a.cache, "archives"),
		"-o", "Dir::Log=" + a.cache, "-o", "APT::Keep-Downloaded-Packages=true",
		"-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15",
	}
	if a.lists != "" {
		options = append(options, "-o", "Dir::State::lists="+a.lists)
	}
	return run(a.f.tool(ctx, a.f.lookPath(tool), append(options, args...)...))
}

func (a apt) unpack(ctx context.Context, draft, dest string) error {
	debs, err := filepath.Glob(filepath.Join(a.cache, "archives/*.deb"))
	if err != nil || len(debs) == 0 {
		return errors.New("apt-get downloaded nothing")
	}
	for _, deb := range debs {
		if _, err := run(a.f.tool(ctx, a.f.lookPath("dpkg-deb"), "-x", deb, draft)); err != nil {
			return err
		}
	}
	return putInPlace(draft, dest)
}

// putInPlace marks a complete tree and renames it to its place. A tree that another process put there
// in the meantime stays, since its programs may be running.
func putInPlace(draft, dest string) error {
	if _, err := os.Stat(filepath.Join(dest, fetchedMark)); err == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(draft, fetchedMark), nil, 0o644); err != nil {
		return fmt.Errorf("mark what was fetched: %w", err)
	}
	if err := os.RemoveAll(dest); err != nil {
		return fmt.Errorf("make place for what was fetched: %w", err)
	}
	if err := os.Rename(draft, dest); err != nil {
		return fmt.Errorf("put what was fetched in place: %w", err)
	}
	return nil
}

// postgresPackages returns the packages of the newest server in the system's sources.
func postgresPackages(ctx context.Context, a apt) ([]string, error) {
	out, err := a.run(ctx, "apt-cache", "search", "--names-only", `^postgresql-[0-9]+$`)
	if err != nil {
		return nil, err
	}
	best := 0
	for _, match := range regexp.MustCompile(`(?m)^postgresql-(\d+) `).FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(match[1])
		best = max(best, n)
	}
	if best == 0 {
		return nil, errors.New("the system's package sources have no Postgres")
	}
	return []string{fmt.Sprintf("postgresql-%d", best), fmt.Sprintf("postgresql-client-%d", best), "libpq5"}, nil
}

// LibraryPath returns the LD_LIBRARY_PATH that the programs of a directory need: of downloaded ones their own libraries,
// of the system's none.
func LibraryPath(binDir string) string {
	for dir := binDir; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, fetchedMark)); err == nil {
			var places []string
			for _, pattern := range []string{"usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib", "lib", "native/lib"} {
				found, _ := filepath.Glob(filepath.Join(dir, pattern))
				places = append(places, found...)
			}
			return strings.Join(slices.Compact(places), ":")
		}
	}
	return ""
}
