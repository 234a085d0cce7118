package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/store"
)

func TestIfMatch(t *testing.T) {
	t.Parallel()
	etag := etagOf(map[string]int{"a": 1})
	require.Equal(t, etag, etagOf(map[string]int{"a": 1}))
	require.NotEqual(t, etag, etagOf(map[string]int{"a": 2}))
	packed := strings.TrimSuffix(etag, `"`) + gzipSuffix + `"`
	for _, good := range []string{"", "*", etag, packed, `"x", ` + etag} {
		require.NoError(t, checkIfMatch(good, etag), good)
	}
	for _, bad := range []string{`"x"`, "W/" + etag, ",", " "} {
		require.Equal(t, store.Precondition, store.CodeOf(checkIfMatch(bad, etag)), bad)
	}
}
