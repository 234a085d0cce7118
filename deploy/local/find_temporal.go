package local

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

// TemporalVersion is the release of the temporal command that is built when it cannot
// be obtained otherwise. Later ones cannot be built as a plain module. temporal.sum
// has the digests of everything it is built from.
const TemporalVersion = "v1.5.1"

// sqliteVersion is the version it is built with. Its own is before 1.42.2; such versions
// may leave a connection interrupted for good after a query was cancelled, and a busy
// development server then stops answering.
const sqliteVersion = "v1.44.3"

// FindTemporal finds the temporal command: in <state>/bin, or 1.1 and later on PATH.
// Otherwise it downloads it (given up without an answer within 15 s), or else builds
// it with the go command, which takes minutes and is reported on Out. Either ends in
// <state>/bin. One with an SQLite that stays interrupted is used only as a last
// resort. Without any, the error wraps ErrNotFound.
func FindTemporal(ctx context.Context, f Finder) (string, error) {
	bin, err := filepath.Abs(filepath.Join(f.StateDir, "bin"))
	if err != nil {
		return "", fmt.Errorf("make the state directory absolute: %w", err)
	}
	kept := filepath.Join(bin, "temporal")
	worse := ""
	for _, path := range []string{kept, f.lookPath("temporal")} {
		switch {
		case path == "" || !executable(path) || path != kept && !f.recentTemporal(ctx, path):
		case !staysInterrupted(path):
			return path, nil
		default:
			worse = cmp.Or(worse, path)
		}
	}
	if !f.Offline {
		found, err := f.fetchTemporal(ctx, kept)
		if err == nil || worse == "" || ctx.Err() != nil {
			return found, err
		}
		sayf(f.Out, "%v", err)
	}
	if worse == "" {
		return "", fmt.Errorf("temporal %w", ErrNotFound)
	}
	sayf(f.Out, "using %s, which may stop answering when it is very busy", worse)
	return worse, nil
}

func (f Finder) fetchTemporal(ctx context.Context, dest string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return "", fmt.Errorf("make the folder for programs: %w", err)
	}
	downloadErr := f.downloadTemporal(ctx, dest)
	if downloadErr == nil && staysInterrupted(dest) {
		downloadErr = errors.New("what was downloaded has an SQLite that stays interrupted")
	}
	if downloadErr == nil {
		return dest, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	sayf(f.Out, "the temporal command cannot be downloaded here")
	err := f.buildTemporal(ctx, dest)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("temporal %w: put the temporal command on PATH, or set TEMPORAL_ADDRESS to a server: %w",
			ErrNotFound, errors.Join(downloadErr, err))
	}
	return dest, nil
}

// recentTemporal reports whether the command is 1.1 or later; one built from a module
// names only its server, which was 1.25 then.
func (f Finder) recentTemporal(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := run(f.tool(ctx, path, "--version"))
	return err == nil && recentVersion(out)
}

func recentVersion(answer string) bool {
	command := regexp.MustCompile(`temporal version v?(\d+)\.(\d+)`).FindStringSubmatch(answer)
	if command != nil && atLeast(command[1], command[2], 1, 1) {
		return true
	}
	server := regexp.MustCompile(`[Ss]erver v?(\d+)\.(\d+)`).FindStringSubmatch(answer)
	return server != nil && atLeast(server[1], server[2], 1, 25)
}

// staysInterrupted reports whether a command was built with such an SQLite; false
// when its build information is missing.
func staysInterrupted(path string) bool {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return false
	}
	return interrupts(info.Deps)
}

func interrupts(built []*debug.Module) bool {
	at := slices.IndexFunc(built, func(m *debug.Module) bool { return m.Path == "modernc.org/sqlite" })
	if at < 0 {
		return false
	}
	version := regexp.MustCompile(`^v(\d+)\.(\d+)`).FindStringSubmatch(built[at].Version)
	return version != nil && !atLeast(version[1], version[2], 1, 43)
}

func atLeast(major, minor string, wantMajor, wantMinor int) bool {
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return a > wantMajor || a == wantMajor && b >= wantMinor
}
