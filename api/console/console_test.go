package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/console"
)

func texts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.js", "*.css", "*.html", "*.svg"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		for _, name := range names {
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			out[name] = string(content)
		}
	}
	return out
}

// TestEverythingIsWithinThePage: no file of another host, nothing that the policy
// would refuse, and no way from text to HTML or code.
func TestEverythingIsWithinThePage(t *testing.T) {
	t.Parallel()
	c, err := console.New()
	require.NoError(t, err)
	imported := regexp.MustCompile(`from "\./([a-z]+\.js)"`)
	asked := regexp.MustCompile(`(?:src|href)="/console/([^"]+)"`)
	never := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|javascript:|@import|url\(|\bstyle="|\son[a-z]+="`)
	elsewhere := regexp.MustCompile(`https?://[a-zA-Z0-9]`)
	for name, content := range texts(t) {
		require.NotRegexp(t, never, content, name)
		content = strings.ReplaceAll(content, "http://www.w3.org/2000/svg", "") // a name, not an address
		require.NotRegexp(t, elsewhere, content, name)
		for _, found := range append(imported.FindAllStringSubmatch(content, -1), asked.FindAllStringSubmatch(content, -1)...) {
			_, ok := c.File(found[1])
			require.True(t, ok, "%s asks for %s", name, found[1])
		}
	}
	require.NotContains(t, console.Policy, "unsafe")
}

func TestThePageNamesTheTemporalUIOnlyWhereItIsSet(t *testing.T) {
	t.Parallel()
	c, err := console.New()
	require.NoError(t, err)
	write := func(about console.About) string {
		var page strings.Builder
		require.NoError(t, c.WritePage(&page, about))
		return page.String()
	}
	require.Contains(t, write(console.About{TemporalUI: "http://localhost:8233"}), `href="http://localhost:8233"`)
	require.NotContains(t, write(console.About{Version: "<b>"}), "Temporal UI")
	require.NotContains(t, write(console.About{Version: "<b>"}), "<b>")
}

func TestOnlyThePagesOwnFilesAreFiles(t *testing.T) {
	t.Parallel()
	c, err := console.New()
	require.NoError(t, err)
	for _, name := range []string{"index.html", "console.go", "../root.go", "", "console_test.go"} {
		_, ok := c.File(name)
		require.False(t, ok, name)
	}
	app, ok := c.File("app.js")
	require.True(t, ok)
	require.Len(t, app.ETag, 24)
}
