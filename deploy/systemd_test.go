package deploy_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// systemdUnits copies the units, with a program that is here in the place of Lyo's.
func systemdUnits(t *testing.T) (dir string, units []string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("systemd")))
	units, err := filepath.Glob(filepath.Join(dir, "*.service"))
	require.NoError(t, err)
	for _, unit := range units {
		content, err := os.ReadFile(unit)
		require.NoError(t, err)
		require.Contains(t, string(content), "ExecStart=/usr/local/bin/lyo ")
		require.NoError(t, os.WriteFile(unit, []byte(strings.ReplaceAll(string(content), "/usr/local/bin/lyo", "/bin/true")), 0o600))
	}
	return dir, units
}

// TestSystemdAcceptsTheUnits has systemd's own tools look at them. Without systemd there is nothing to ask.
func TestSystemdAcceptsTheUnits(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir, units := systemdUnits(t)
	analyze := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":", "NO_COLOR=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	require.Len(t, units, 4)
	require.Empty(t, analyze(append([]string{"verify", "--man=no"}, units...)...), "nothing to say about them")
	level := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)
	for _, unit := range units {
		said := level.FindStringSubmatch(analyze("security", "--offline=yes", "--no-pager", unit))
		require.NotNil(t, said)
		exposure, err := strconv.ParseFloat(said[1], 64)
		require.NoError(t, err)
		require.Less(t, exposure, 2.0, "%s: 10 is an open door", filepath.Base(unit))
	}
}

// TestSystemdConfiguresLyo loads the environments of the units the way lyo does.
func TestSystemdConfiguresLyo(t *testing.T) {
	t.Parallel()
	values := systemdSettings(t, false)
	c := requireLoads(t, values)
	require.Equal(t, "127.0.0.1", c.HTTP.Host, "only the proxy on this machine reaches it")
	for name, value := range values {
		if strings.HasSuffix(name, "_FILE") {
			guide, err := os.ReadFile("../docs/operate/deploy.md")
			require.NoError(t, err)
			require.Contains(t, string(guide), filepath.Base(value), "the guide makes the secret of %s", name)
		}
	}
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)s$`)
	for _, unit := range []string{"lyo-api", "lyo-worker"} {
		content, err := os.ReadFile("systemd/" + unit + ".service")
		require.NoError(t, err)
		seconds, err := strconv.Atoi(stop.FindStringSubmatch(string(content))[1])
		require.NoError(t, err)
		require.Greater(t, float64(seconds), c.HTTP.StopWithin.Seconds(), "%s is killed before it has stopped", unit)
	}
}

// systemdSettings returns what the units of the API and the worker set, with the commented-out settings too if all
// is true. Secrets are named as in Kubernetes.
func systemdSettings(t *testing.T, all bool) map[string]string {
	t.Helper()
	values := map[string]string{}
	for file, mark := range map[string]string{"lyo.env": "", "lyo-.service.d/secrets.conf": "Environment="} {
		content, err := os.ReadFile("systemd/" + file)
		require.NoError(t, err)
		pattern := regexp.MustCompile(`(?m)^` + mark + `([A-Z_]+)=(.+)$`)
		if all {
			pattern = regexp.MustCompile(`(?m)^(?:# )?` + mark + `([A-Z_]+)=(.+)$`)
		}
		for _, found := range pattern.FindAllStringSubmatch(string(content), -1) {
			require.NotContains(t, values, found[1])
			values[found[1]] = strings.Trim(strings.Replace(found[2], "%d/secret_", "/secrets/", 1), `"`)
		}
	}
	require.NotEmpty(t, slices.Collect(maps.Keys(values)))
	return values
}
