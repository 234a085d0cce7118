package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
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
	s := newSystem(t, "LYO_GEMMA_FALLBACK=on")
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
	v.quotations()
	v.statesOfCitations()
	v.writers()
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

// quotations reads a course that quotes the user's own material, and looks a quote up.
func (v *visit) quotations() {
	text, err := os.ReadFile(filepath.Join("..", "cmd", "lyo", "eval", "library", "en-tides.md"))
	require.NoError(v.t, err)
	v.click(".wordmark")
	v.see(".card")
	v.run(`(async () => {
		const { post } = await import("/console/api.js");
		const source = await post("/v1/sources", { title: "Notes on tides", text: ` + quoted(string(text)) + ` });
		const made = await post("/v1/courses/generate", { topic: "How tides work", writer: "extractive", source_ids: [source.id] });
		location.hash = "#/courses/" + made.provisional_course_id;
	})()`)
	v.see("#course[data-status=READY]")
	v.await(`document.querySelector("#made-by[data-ai=false]")?.textContent === "Quoted from sources"`)
	v.await(`!document.querySelector("#better")`)
	v.inspect("quotations")

	v.await(`document.querySelector(".cite button").getAttribute("aria-label") === "Source 1: supported"`)
	v.click(".cite button")
	v.await(`document.querySelector("#citation[open] mark")?.textContent === document.querySelector("#citation blockquote").textContent`)
	v.await(`document.querySelector("#citation .state").textContent === "The quote says this."`)
	v.await(`document.querySelector(".around").textContent.length > document.querySelector(".around mark").textContent.length`)
	v.inspect("citation")
	back := `!document.querySelector("#citation") && document.activeElement === document.querySelector(".cite button")`
	v.do(chromedp.KeyEvent(kb.Escape))
	v.await(back)
	v.do(chromedp.KeyEvent(kb.Enter))
	v.click("#citation header button")
	v.await(back)
	v.walked = append(v.walked, "quotations", "the passage of a citation")
}

// statesOfCitations renders a lesson with a citation of each state, and with what only looks like one.
func (v *visit) statesOfCitations() {
	type rendered struct {
		Names, Links []string
		Text         string
		Plain        string // how what contradicts its sentence differs without colour
		Ran          bool
	}
	found := evaluate[rendered](v.browser, `(async () => {
		const { lessonArticle } = await import("/console/lesson.js");
		const quote = "<img src=x onerror='window.ran=1'>";
		const citations = [
			{ n: 1, state: "supported", quote, title: "One", url: "https://example.org/one", license: "CC BY-SA 4.0" },
			{ n: 2, state: "unsupported", quote, title: "Two <b>2</b>", url: "javascript:window.ran=1", license: "" },
			{ n: 3, state: "quote_only", quote, title: "", url: null, license: "" },
		];
		const content = "One. [1] [2] Two **three. [3]** None [4] or [01], [S1], \\[1\\], [1](https://example.org/x), `+"`[1]`"+`.\n\n~~~\n[1]\n~~~";
		const lesson = { id: "00000000-0000-7000-8000-000000000000", order: 1, title: "States", objectives: [], content, citations };
		const article = lessonArticle({ course: { id: lesson.id, lessons: [] }, lesson, items: [], complete: null });
		document.querySelector("#lesson").replaceWith(article);
		const buttons = [...article.querySelectorAll(".cite button")];
		const names = buttons.map((b) => b.getAttribute("aria-label"));
		const plain = getComputedStyle(buttons[1]).borderStyle + getComputedStyle(buttons[1], "::after").content;
		const shown = article.querySelector(".prose").cloneNode(true);
		shown.querySelectorAll(".cite").forEach((e) => e.remove());
		const links = [];
		for (const button of buttons) {
			button.click();
			const dialog = document.querySelector("#citation");
			links.push(dialog.querySelector("blockquote + p a")?.href ?? dialog.querySelector("blockquote + p").textContent);
			dialog.close();
			await new Promise((resolve) => dialog.addEventListener("close", resolve));
		}
		return { Names: names, Links: links, Text: shown.textContent, Plain: plain, Ran: "ran" in window };
	})()`)
	require.Equal(v.t, []string{"Source 1: supported", "Source 2: not supported", "Source 3: verbatim, in another language"}, found.Names)
	require.Equal(v.t, []string{"https://example.org/one", "Two <b>2</b>", "The owner's own material"}, found.Links)
	require.Equal(v.t, "One. Two three. None [4] or [01], [S1], [1], 1, [1].[1]", found.Text)
	require.Equal(v.t, `dashed"?"`, found.Plain)
	require.False(v.t, found.Ran)
	v.run(`document.querySelector(".cite").scrollIntoView({ block: "center" })`)
	v.inspect("marks")
	v.click(".cite [data-state=unsupported]")
	v.await(`document.querySelector("#citation .state").textContent === "The quote does not say this."`)
	v.see("#citation .alert") // there is no such course
	v.inspect("unsupported")
	v.do(chromedp.KeyEvent(kb.Escape))
}

// writers asks for quotations where there is nothing to quote: a study plan comes, though there is a model.
func (v *visit) writers() {
	v.click(".wordmark")
	v.click("#ask [name=writer][value=extractive]")
	v.inspect("writers")
	v.enter("#topic", "How glaciers move"+kb.Enter)
	v.see("#course[data-status=READY]")
	v.await(`document.querySelector("#made-by[data-ai=false]")?.textContent === "Study plan, not AI"`)
	v.await(`document.querySelectorAll("#better li").length === 2`)
	v.inspect("study-plan")
	v.walked = append(v.walked, "the choice of a writer", "a study plan")
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
