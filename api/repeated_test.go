package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

// repeated are the members of answers that say the same as another, for existing clients.
var repeated = map[string]string{"nextCursor": "next_cursor", "sourceUrl": "source_url", "progressPct": "progress_pct", "resultId": "result_id"}

// repeatedBy returns the operations whose examples are answered with each.
func repeatedBy() map[string][]string {
	tasks := []string{"cancel-task", "decide-outline", "get-task", "list-tasks"}
	return map[string][]string{
		"nextCursor": {"get-feed"}, "progressPct": tasks, "resultId": tasks,
		"sourceUrl": {"get-course", "read-any-course", "update-course"},
	}
}

// TestRepeatedMembersAreNotInTheDocument looks for them in both documents.
func TestRepeatedMembersAreNotInTheDocument(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for _, path := range []string{"/openapi.json", "/openapi-3.0.json"} {
		text := string(w.do("GET", path, "").body)
		for again, name := range repeated {
			require.Contains(t, text, `"`+name+`"`)
			require.NotContains(t, text, again)
		}
	}
}

// requireRepeated requires that an operation's answer has the repeated members wherever the schema that it is written by has them, and
// returns which there were.
func (w *testEnv) requireRepeated(method, operation string, a answer) []string {
	w.t.Helper()
	found := map[string]bool{}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return nil
	}
	var sent any
	require.NoError(w.t, json.Unmarshal(a.body, &sent))
	for _, item := range w.server.OpenAPI().Paths {
		if op := rest.OperationAt(item, method); op != nil && op.OperationID == operation {
			for _, response := range op.Responses {
				if media := response.Content["application/json"]; media != nil {
					w.requireTwins(media.Schema, sent, found)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (w *testEnv) requireTwins(schema *huma.Schema, v any, found map[string]bool) {
	w.t.Helper()
	if schema != nil && schema.Ref != "" {
		schema = w.server.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	if schema == nil {
		return
	}
	elements, _ := v.([]any)
	for _, element := range elements {
		w.requireTwins(schema.Items, element, found)
	}
	members, _ := v.(map[string]any)
	for name, member := range members {
		w.requireTwins(schema.Properties[name], member, found)
	}
	for again, name := range repeated {
		if members != nil && schema.Properties[again] != nil {
			require.Contains(w.t, members, again)
			require.Equal(w.t, members[name], members[again])
			found[again] = true
		}
	}
}
