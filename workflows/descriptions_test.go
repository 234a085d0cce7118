package workflows

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSummariesFit cuts random lines: as JSON they are as long as jsonLength says, and within the bound of summaries.
func TestSummariesFit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.String().Draw(t, "line") + strings.Repeat(rapid.StringN(1, 2, -1).Draw(t, "more"), rapid.IntRange(0, 300).Draw(t, "times"))
		for _, text := range []string{line, short(line)} {
			encoded, err := json.Marshal(text)
			require.NoError(t, err)
			require.Equal(t, len(encoded), jsonLength(text), "%q", text)
		}
		require.LessOrEqual(t, jsonLength(short(line)), mostSummary)
		if jsonLength(line) <= mostSummary {
			require.Equal(t, line, short(line))
		}
	})
}
