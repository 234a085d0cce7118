package extract_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract"
)

// TestPagesThatAreOnlyClaimed has a small file claim ten thousand pages, or list one page as often.
func TestPagesThatAreOnlyClaimed(t *testing.T) {
	t.Parallel()
	kept, err := os.UserCacheDir()
	require.NoError(t, err)
	r := extract.NewReader(extract.Options{CacheDir: filepath.Join(kept, "lyo-test", "pdfium")})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	honest := pdf("", "One page.")
	claimed := bytes.Replace(honest, []byte("/Count 1 "), []byte("/Count 10000 "), 1)
	require.NotEqual(t, honest, claimed)
	_, kid, found := bytes.Cut(honest, []byte("/Kids ["))
	require.True(t, found)
	kid, _, _ = bytes.Cut(kid, []byte("]"))
	named := bytes.Replace(claimed, kid, []byte(strings.Repeat(string(kid), 10_000)), 1)
	for name, body := range map[string][]byte{"claimed": claimed, "named": named} {
		began := time.Now()
		_, err := r.Read(t.Context(), extract.PDF, body)
		t.Log(name, len(body), time.Since(began).Round(time.Millisecond), err)
		refusedFor(t, err, extract.ErrTooLarge)
	}
}
