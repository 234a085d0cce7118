package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unpinned are the images without a digest, each with its reason in docs/operate/deploy.md.
var unpinned = []string{"temporalio/temporal:1.5.1"}

var (
	base   = regexp.MustCompile(`(?m)^FROM (\S+) AS`)
	pinned = regexp.MustCompile(`^[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$`)
	exact  = regexp.MustCompile(`:\d+\.\d+\.\d+(-[a-z0-9-]+)?(@|$)|:\d+\.\d+-bookworm(@|$)|distroless/cc-debian12:nonroot@`)
)

// othersImages returns the images that we run or build on and did not build.
func othersImages(t *testing.T) []string {
	t.Helper()
	dockerfile, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	var images []string
	for _, found := range base.FindAllStringSubmatch(string(dockerfile), -1) {
		images = append(images, found[1])
	}
	for _, service := range load(t).Services {
		if service.Build == nil {
			images = append(images, service.Image)
		}
	}
	for _, service := range loadFrom(t, "temporal/docker-compose.yml", "temporal").Services {
		images = append(images, service.Image)
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// TestImagesArePinned checks that a moved tag changes nothing here.
func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/operate/deploy.md")
	require.NoError(t, err)
	images := othersImages(t)
	require.GreaterOrEqual(t, len(images), 9)
	for _, image := range images {
		require.Regexp(t, exact, image, "an exact version says what the digest is of")
		if slices.Contains(unpinned, image) {
			require.Contains(t, string(guide), "`"+image+"`", "the guide says that it has no digest")
			continue
		}
		require.Regexp(t, pinned, image)
	}
	for _, image := range unpinned {
		require.Contains(t, images, image)
	}
}

// TestOurOwnImageHasAVersion checks that a version is deployed, never the latest image.
func TestOurOwnImageHasAVersion(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^\d+\.\d+\.\d+$`, kubernetes(t).list.Images[0].NewTag)
	for _, file := range []string{"cloudrun/api.yaml", "cloudrun/worker.yaml", "cloudrun/migrate.yaml"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^\s+- image: \S+/lyo/lyo:\d+\.\d+\.\d+$`, string(content), file)
	}
}

// TestPinningAsksForEachImage runs the script on a copy, with a fake docker in place of the registries.
func TestPinningAsksForEachImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{"deploy/Dockerfile", "docker-compose.yml", "deploy/temporal/docker-compose.yml", "deploy/pin-images.sh"}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join("..", file))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), content, 0o755))
	}
	digest := "sha256:" + strings.Repeat("ab", 32)
	docker := "#!/bin/sh\nfor last; do :; done\necho \"$last\" >> " + dir + "/asked\necho " + digest + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker"), []byte(docker), 0o755))
	pin := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "deploy/pin-images.sh"), args...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := pin("--check")
	require.Error(t, err, "the tags are elsewhere by now")
	require.Contains(t, out, "postgres:16")
	before, err := os.ReadFile(filepath.Join(dir, "docker-compose.yml"))
	require.NoError(t, err)
	require.NotContains(t, string(before), digest, "a check changes nothing")
	out, err = pin()
	require.NoError(t, err, out)
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	require.NoError(t, err)
	for _, image := range othersImages(t) {
		tag, _, _ := strings.Cut(image, "@")
		require.Contains(t, string(asked), tag+"\n")
		var all string
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(dir, file))
			require.NoError(t, err)
			all += string(content)
		}
		require.Contains(t, all, tag+"@"+digest)
		require.NotContains(t, all, image+"\n")
	}
	out, err = pin("--check")
	require.NoError(t, err, out)
	require.Empty(t, out)
}
