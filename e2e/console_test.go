package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// visit is a user's walk through the console.
type visit struct {
	*browser
	s      *system
	paths  map[string]any // of the OpenAPI document
	walked []string
	closed []string // sections that this server does not have
}

// has reports whether the server has an address, and records the section either way.
func (v *visit) has(section, path string) bool {
	_, there := v.paths[path]
	_, slashed := v.paths[path+"/"]
	if there || slashed {
		v.walked = append(v.walked, section)
		return true
	}
	v.closed = append(v.closed, section)
	return false
}

// TestTheConsole clicks through the page at the root as a new user does, with a screenshot
// of every step. It is not parallel, since it reports how long a new user waits.
func TestTheConsole(t *testing.T) {
	findChromium(t)
	s := newSystem(t)
	a := s.addAPI()
	s.startWorker()
	v := &visit{browser: newBrowser(t, a.base), s: s}
	_, _, document := (&learner{t: t, base: a.base}).do(http.MethodGet, "/openapi.json", nil)
	var spec struct{ Paths map[string]any }
	require.NoError(t, json.Unmarshal(document, &spec))
	v.paths = spec.Paths

	v.firstCourse()
	v.read()
	v.sections()
	v.tasksAndCancel()
	v.session()
	v.hostileText()
	v.requireClean()
	t.Logf("walked: %s", strings.Join(v.walked, ", "))
	if len(v.closed) > 0 {
		t.Logf("NOT WALKED, since this server has no such address: %s", strings.Join(v.closed, ", "))
	}
}

// firstCourse goes from the first page to a finished course.
func (v *visit) firstCourse() {
	// Three lessons are written at a time, so the first can be read while the fourth is blocked.
	v.s.model.On(llmtest.Lesson, 4, llmtest.Hold())
	v.window(1280, 860, "light")
	begun := time.Now()
	v.do(chromedp.Navigate(v.base + "/"))
	v.see("#ask")
	v.enter("#topic", "How tides work")
	v.click("#ask button[type=submit]")
	v.see("#sign-up")
	v.enter("#sign-up [name=full_name]", "Ada Lovelace")
	v.enter("#sign-up [name=email]", "ada@example.com")
	v.enter("#sign-up [name=password]", "short")
	v.click("#sign-up button[type=submit]")
	v.await(`document.querySelector('[data-field=password] .fault').textContent && document.activeElement.name === "password"`)
	refused := time.Now()
	v.inspect("sign-up-refused")
	looked := time.Since(refused)
	v.enter("#sign-up [name=password]", "correct horse battery")
	v.click("#sign-up button[type=submit]")
	v.see("#live")
	v.see("#lesson")
	require.NoError(v.t, v.s.model.WaitHeld(v.t.Context(), 1))
	v.await(`document.querySelectorAll(".toc a:not(.unwritten)").length > 0`)
	watched := time.Now()
	v.inspect("being-written")
	looked += time.Since(watched)
	require.Positive(v.t, v.socketsOpened(), "it is watched over a WebSocket")
	v.s.model.Release()
	v.see("#course[data-status=READY]")
	took := time.Since(begun) - looked
	require.Less(v.t, took, time.Minute)
	v.await(`!document.querySelector("#live")`)
	v.t.Logf("a finished course %s after the first look, pictures not counted", took.Round(10*time.Millisecond))
	v.walked = append(v.walked, "sign up", "ask for a course", "watch it being written")
}

// read goes through the lesson, its quiz and its end.
func (v *visit) read() {
	v.see("#lesson .prose p")
	v.await(`document.querySelector("#made-by[data-ai=true]")?.textContent === "Written by AI"`)
	v.inspect("lesson")
	if v.has("quiz", "/v1/courses/{id}/items/{item_id}/attempts") {
		v.await(`document.querySelector(".quiz[data-graded=true]")`)
		v.run(`document.querySelectorAll(".quiz .question").forEach((q) => {
			q.querySelector("input[type=radio], input[type=checkbox]")?.click();
			q.querySelectorAll("input[type=text]").forEach((input) => { input.value = "a guess"; });
		})`)
		v.click(".quiz button[type=submit]")
		v.see(".verdict")
		v.run(`document.querySelector(".quiz").scrollIntoView()`)
		v.inspect("quiz")
	} else {
		v.await(`document.querySelector(".quiz[data-graded=false]")`)
	}
	if v.has("lessons completed", "/v1/courses/{id}/progress") {
		v.click("#complete")
		v.see("#completed")
		v.await(`document.querySelector("#learnt").dataset.done === "1"`)
	}
	v.click("#next-lesson")
	v.await(`document.querySelector(".lesson .eyebrow")?.textContent.startsWith("Lesson 2")`)
	v.click(".wordmark")
	v.see(".card[data-status=READY]")
	v.inspect("shelf")
}

// sections are the parts that a server may lack.
func (v *visit) sections() {
	v.await(`document.querySelector("nav[data-ready]")`)
	for _, section := range []struct{ name, path, there string }{
		{"progress", "/v1/gamification/profile", "#profile"},
		{"discover", "/v1/feeds", "#found[data-results]"},
		{"community", "/v1/community/posts", "main[data-view=community] h1"},
		{"inbox", "/v1/notifications", "#news li"},
	} {
		link := `nav a[data-section=` + section.name + `]`
		if !v.has(section.name, section.path) {
			v.await(`!document.querySelector('` + link + `')`)
			continue
		}
		v.click(link)
		v.see(section.there)
		v.inspect(section.name)
	}
	if v.has("search", "/v1/feeds/search") {
		v.click(`nav a[data-section=discover]`)
		v.enter("#search", "tides"+kb.Enter)
		v.see("#found p[role=status]")
		v.inspect("search")
	}
}

// tasksAndCancel cancels a course that hangs, with sockets blocked.
func (v *visit) tasksAndCancel() {
	v.click("nav a[data-section=tasks]")
	v.see("#tasks li[data-status=completed]")
	v.inspect("tasks")
	v.s.model.On(llmtest.Outline, v.s.model.Count(llmtest.Outline)+1, llmtest.Hold())
	v.run(`window.WebSocket = class extends EventTarget {
		constructor() { super(); queueMicrotask(() => this.dispatchEvent(new CloseEvent("close", { code: 1006 }))); }
		close() {}
	}`)
	v.click(".wordmark")
	v.enter("#topic", "How moons form"+kb.Enter)
	v.see("#live")
	require.NoError(v.t, v.s.model.WaitHeld(v.t.Context(), 1))
	v.click("nav a[data-section=tasks]")
	v.see("#tasks li[data-status=running]")
	v.click("#tasks li[data-status=running] .cancel")
	v.click("#tasks li[data-status=running] .cancel")
	v.see("#tasks li[data-status=cancelled]")
	v.s.model.Release()
	v.inspect("cancelled")

	v.click(".wordmark")
	v.enter("#topic", "How stars burn"+kb.Enter)
	v.see("#course[data-status=READY]")
	v.walked = append(v.walked, "tasks", "cancel", "long polls where sockets do not get through")
}

// session checks that an expired token is renewed silently, and that an ended session leads to the sign-in.
func (v *visit) session() {
	spoil := func(fields ...string) {
		v.run(`(() => { const s = JSON.parse(sessionStorage.getItem("lyo.session")); for (const f of ` + quoted(strings.Join(fields, " ")) + `.split(" ")) s[f] = "spoilt"; sessionStorage.setItem("lyo.session", JSON.stringify(s)); })()`)
		v.do(chromedp.Navigate("about:blank"), chromedp.Navigate(v.base+"/#/tasks"))
	}
	spoil("access_token")
	v.see("#tasks li")
	v.await(`!sessionStorage.getItem("lyo.session").includes("spoilt")`)
	spoil("access_token", "refresh_token")
	v.see("#sign-in")
	v.inspect("sign-in")
	v.enter("#sign-in [name=email]", "ada@example.com")
	v.enter("#sign-in [name=password]", "wrong")
	v.click("#sign-in button[type=submit]")
	v.see("#sign-in .alert")
	v.inspect("wrong-password")
	v.enter("#sign-in [name=password]", "correct horse battery")
	v.click("#sign-in button[type=submit]")
	v.see(".card")
	v.run(`location.hash = "#/courses/00000000-0000-7000-8000-000000000000"`)
	v.see("main .alert")
	v.inspect("not-there")
	v.click(".account summary")
	v.click("#sign-out")
	v.see("#to-sign-in")
	v.see("#ask")
	v.inspect("welcome")
	v.walked = append(v.walked, "a token renewed", "an ended session", "sign in", "sign out")
}

// hostileText renders text that a model or an attacker might write.
func (v *visit) hostileText() {
	type rendered struct {
		HTML  string
		Links []string
		Ran   bool
	}
	found := evaluate[rendered](v.browser, `(async () => {
		const { markdown } = await import("/console/markdown.js");
		const text = [
			"# <img src=x onerror='window.ran=1'>", "<script>window.ran=1</script>", "[a](javascript:window.ran=1) [b](data:text/html,x) [c](https://example.org/x) ![d](http://example.org/y.png)",
			"<https://example.org/z> **bold** _em_ snake_case_name "+"`+"`<b>`"+`", "[e](JaVaScRiPt:1)", "> ".repeat(5000) + "deep", "*".repeat(3000), "[".repeat(3000), "- ".repeat(2000) + "x",
			"| a | b |\n|---|---|\n| <i>1</i> | 2 |",
		].join("\n\n");
		const place = document.createElement("div");
		place.append(...markdown(text));
		document.body.append(place);
		const found = { HTML: [...place.querySelectorAll("*")].map((e) => e.tagName).filter((t) => ["IMG", "SCRIPT", "I", "B", "IFRAME", "STYLE"].includes(t)).join(), Links: [...place.querySelectorAll("a")].map((a) => a.href), Ran: "ran" in window };
		found.HTML += place.querySelector("strong, em, table, code") ? "" : "nothing rendered";
		place.remove();
		return found;
	})()`)
	require.Empty(v.t, found.HTML)
	require.False(v.t, found.Ran)
	require.Equal(v.t, []string{"https://example.org/x", "http://example.org/y.png", "https://example.org/z"}, found.Links)
}
