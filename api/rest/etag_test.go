package rest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/store"
)

func TestIfMatch(t *testing.T) {
	t.Parallel()
	etag := ETagOf(map[string]int{"a": 1})
	require.Equal(t, etag, ETagOf(map[string]int{"a": 1}))
	require.NotEqual(t, etag, ETagOf(map[string]int{"a": 2}))
	packed := strings.TrimSuffix(etag, `"`) + GzipSuffix + `"`
	for _, good := range []string{"", "*", etag, packed, `"x", ` + etag} {
		require.NoError(t, CheckIfMatch(good, etag), good)
	}
	for _, bad := range []string{`"x"`, "W/" + etag, ",", " "} {
		require.Equal(t, store.Precondition, store.CodeOf(CheckIfMatch(bad, etag)), bad)
	}
}
