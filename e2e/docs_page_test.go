package e2e_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestTheReferenceOpensFast opens /docs in a browser: its operations are soon there, folded; they can be filtered and
// tried as they are, a token is kept, and both schemes can be read. It is not parallel, since it measures a wait.
func TestTheReferenceOpensFast(t *testing.T) {
	findChromium(t)
	s := newSystem(t)
	a := s.addAPI()
	b := newBrowser(t, a.base)
	ada := a.register(t, "ada@example.com")

	b.window(1280, 860, "light")
	b.openDocs("")
	waited := time.Duration(evaluate[float64](b, `performance.now()`) * float64(time.Millisecond))
	t.Logf("the operations were there %s after the page was asked for", waited.Round(time.Millisecond))
	require.Less(t, waited, 5*time.Second)
	// What is done after the first picture shows in how long a next step waits.
	began := time.Now()
	b.run(`new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))`)
	t.Logf("the page was idle %s later", time.Since(began).Round(time.Millisecond))
	require.Less(t, time.Since(began), 3*time.Second)
	require.Zero(t, evaluate[int](b, `document.querySelectorAll(".opblock").length`), "operations are folded")
	require.Zero(t, evaluate[int](b, `ui.specSelectors.paths().keySeq().filter((path) => path !== "/" && path.endsWith("/")).count()`), "no aliases")
	b.inspectDocs("reference")

	b.enter(".operation-filter-input", "generate A course")
	b.await(`document.querySelectorAll(".opblock").length === 2 && document.querySelector('.opblock-summary-path[data-path="/v1/courses/generate"]')`)
	b.inspectDocs("found")

	b.click(".btn.authorize")
	b.enter(".modal-ux input", ada.token)
	b.click(".modal-ux .btn.authorize")
	b.see(".modal-ux .auth-btn-wrapper")
	b.openDocs("#/courses/generate-course")
	b.see(".btn.authorize.locked")
	b.await(`document.querySelector(".opblock.is-open textarea")?.value.includes('"topic": "How tides work"')`)
	b.inspectDocs("operation")
	b.click(".opblock.is-open .btn.execute")
	b.see(".live-responses-table .response .response-col_status")
	require.Equal(t, "202", evaluate[string](b, `document.querySelector(".live-responses-table .response .response-col_status").textContent.trim()`))
	b.requireClean()
}

// openDocs opens the reference anew and waits for its operations.
func (b *browser) openDocs(fragment string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.base+"/docs"+fragment))
	b.see(".opblock-tag")
}

// inspectDocs looks for texts of little contrast in both schemes, with a screenshot of each. Names and ids are Swagger UI's.
func (b *browser) inspectDocs(name string) {
	b.t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		b.window(1280, 860, scheme)
		b.run(`Promise.allSettled(document.getAnimations().map((a) => a.finished))`)
		require.Empty(b.t, evaluate[[]string](b, audit+`.filter((fault) => fault.startsWith("contrast"))`), "%s %s", name, scheme)
		bright := evaluate[int](b, `parseInt(getComputedStyle(document.body).backgroundColor.match(/\d+/)[0])`)
		require.Equal(b.t, scheme == "dark", bright < 64, "%s", scheme)
		b.picture(name + "-" + scheme)
	}
}
