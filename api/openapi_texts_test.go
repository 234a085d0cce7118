package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// summaryVerbs returns the words that a summary may begin with.
func summaryVerbs() []string {
	return []string{
		"Add", "Approve", "Award", "Block", "Cancel", "Change", "Check", "Comment", "Complete", "Count", "Create", "Deactivate",
		"Decide", "Delete", "Download", "End", "Export", "Follow", "Generate", "Get", "Lift", "Like", "List", "Mark", "Open", "Put", "Record",
		"Refresh", "Regenerate", "Register", "Remove", "Replace", "Report", "Request", "Reset", "Restore", "Review", "Search", "Send", "Share",
		"Sign", "Stop", "Submit", "Suspend", "Toggle", "Unblock", "Unfollow", "Unlike", "Unpublish", "Update", "Upload", "Use", "Verify", "Watch",
	}
}

// TestSummariesAreImperative checks that every summary of the document has one form: a verb, sentence case, a few
// words, no full stop, and no two alike.
func TestSummariesAreImperative(t *testing.T) {
	t.Parallel()
	const mostWords = 9
	seen := map[string]string{}
	for path, item := range newTestEnv(t).document().Paths.Map() {
		for method, operation := range item.Operations() {
			where, words := method+" "+path, strings.Fields(operation.Summary)
			require.NotEmpty(t, words, where)
			require.True(t, slices.Contains(summaryVerbs(), words[0]), "%s: %q does not begin with a known verb", where, operation.Summary)
			require.LessOrEqual(t, len(words), mostWords, where)
			require.NotRegexp(t, `[.;:!?]`, operation.Summary, where)
			require.NotRegexp(t, `(?i)\bone's\b|\boneself\b|\b(deed|promise|story|somebody)s?\b`, operation.Summary+" "+operation.Description, where)
			if description := operation.Description; description != "" {
				require.True(t, strings.HasSuffix(description, "."), "%s: %q is not a sentence", where, description)
			}
			require.Empty(t, seen[operation.Summary], "%s has the summary of another operation", where)
			seen[operation.Summary] = where
		}
	}
	require.Greater(t, len(seen), 100, "the document is whole")
}
