package api

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLinksThatRunAreNotMade checks the reader alone and the whole conversion, for every spelling of
// the scheme (GO-2026-5320 was about its entities).
func TestLinksThatRunAreNotMade(t *testing.T) {
	t.Parallel()
	m := newMarkdown()
	for _, text := range []string{
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](javascript&colon;alert(1))", "[x](javascript&#58;alert(1))", "[x](javascript&#x3a;alert(1))",
		"[x](&#106;avascript:alert(1))", "[x](java&Tab;script:alert(1))", "[x](&#x6A;&#x61;vascript&colon;alert(1))", "[x](vbscript&colon;x)", "[x](data&colon;text/html,x)",
		"<javascript&colon;alert(1)>", "![x](javascript&colon;alert(1))", "[x][1]\n\n[1]: javascript&colon;alert(1)", "[x](java\\\nscript:alert(1))",
	} {
		var read bytes.Buffer
		require.NoError(t, m.reader.Convert([]byte(text), &read))
		require.NotRegexp(t, `(?i)(href|src)="\s*(javascript|vbscript|data)(:|&colon;|&#58;|&#x3a;)`, read.String(), text)
		html, err := m.html(text)
		require.NoError(t, err)
		require.NotContains(t, html, "href=", text)
	}
	html, err := m.html("[x](https://example.com/?a=1&b=2)")
	require.NoError(t, err)
	require.Contains(t, html, `href="https://example.com/?a=1&amp;b=2"`)
}
