package api

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// example is a request of docs/api.md with its response.
var example = regexp.MustCompile("(?s)```http\\n(.*?)```\\n\\nanswers (\\d+)\\n\\n```json\\n(.*?)```")

// TestTheExamplesInTheDocsAreTrue runs docs/api.md from top to bottom.
func TestTheExamplesInTheDocsAreTrue(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	content, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	found := example.FindAllStringSubmatch(string(content), -1)
	require.Len(t, found, strings.Count(string(content), "```http"), "each example has an answer")
	said := map[string]string{}
	for _, e := range found {
		head, body, _ := strings.Cut(fill(e[1], said), "\n\n")
		lines := strings.Split(strings.TrimSpace(head), "\n")
		method, path, ok := strings.Cut(lines[0], " ")
		require.True(t, ok, lines[0])
		var headers []string
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			headers = append(headers, name, value)
		}
		status, err := strconv.Atoi(e[2])
		require.NoError(t, err)
		a := w.do(method, path, strings.TrimSpace(body), headers...)
		require.Equal(t, status, a.status, "%s: %s", lines[0], a.body)
		var want map[string]any
		require.NoError(t, json.Unmarshal([]byte(fill(e[3], said)), &want))
		got := a.json(t)
		requireHas(t, lines[0], want, got)
		for name, value := range got {
			if text, ok := value.(string); ok {
				said[name] = text
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\$[a-z_]+`)

func fill(text string, said map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return said[name[1:]] })
}

// requireHas checks that everything wanted is there; "…" matches anything.
func requireHas(t *testing.T, at string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		require.True(t, ok, at)
		for name := range w {
			require.Contains(t, g, name, at)
			requireHas(t, at+" "+name, w[name], g[name])
		}
	case []any:
		g, ok := got.([]any)
		require.True(t, ok, at)
		require.Len(t, g, len(w), at)
		for i := range w {
			requireHas(t, at+" "+strconv.Itoa(i), w[i], g[i])
		}
	default:
		if w != "…" {
			require.Equal(t, w, got, at)
		}
	}
}
