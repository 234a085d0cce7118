package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is a headless Chromium with one tab, and its errors.
type browser struct {
	t      *testing.T
	ctx    context.Context
	base   string
	output string // folder of screenshots

	mu       sync.Mutex
	faults   []string // exceptions, and policy violations
	hosts    map[string]bool
	sockets  int
	pictures int
}

// findChromium skips the test, with a message, where there is none. TEST_CHROMIUM
// names one that must exist.
func findChromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("TEST_CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		require.NoError(t, err, "TEST_CHROMIUM")
		return path
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("NOT RUN: the console's click-through needs Chromium (Debian: apt-get install chromium), or TEST_CHROMIUM with its path")
	return ""
}

// newBrowser starts one for a server's address. It never contacts another host.
func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path := findChromium(t)
	profile, err := os.MkdirTemp("", "lyo-chromium-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // Chromium may still be writing; leftovers are in the temporary folder
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.WSURLReadTimeout(patience), chromedp.WindowSize(1280, 860),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en"), chromedp.Flag("force-color-profile", "srgb"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	b := &browser{t: t, base: base, output: screenshots(t), hosts: map[string]bool{}}
	var closeTab context.CancelFunc
	b.ctx, closeTab = chromedp.NewContext(allocated, chromedp.WithListener(b.note))
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(b.ctx)) // the browser lives as long as the context of this first one
	return b
}

// screenshots creates a fresh folder for them, kept after the test.
func screenshots(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TEST_OUTPUT")
	if dir == "" {
		dir = os.Getenv("TEST_STATE_DIR")
	}
	dir = filepath.Join(dir, "screenshots", t.Name())
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	t.Log("screenshots are kept in", dir)
	return dir
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == cdplog.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.faults = append(b.faults, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			b.hosts[u.Host] = true
		}
	case *network.EventWebSocketCreated:
		b.sockets++
	}
}

// socketsOpened returns how many WebSockets the page has opened so far.
func (b *browser) socketsOpened() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sockets
}

// requireClean checks that there was no exception, no policy violation and no other host.
func (b *browser) requireClean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.faults)
	u, err := url.Parse(b.base)
	require.NoError(b.t, err)
	require.Equal(b.t, map[string]bool{u.Host: true}, b.hosts, "the page asks nobody but its own server")
}

// bounded returns the context of one step.
func (b *browser) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, patience)
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.bounded()
	defer cancel()
	b.went(chromedp.Do(ctx, steps...))
}

// went fails the test when a step failed, with a screenshot of it.
func (b *browser) went(err error) {
	b.t.Helper()
	if err != nil {
		b.shoot("failed")
		require.NoError(b.t, err, "the page is in %s/failed.png", b.output)
	}
}

// shoot saves a screenshot of the window.
func (b *browser) shoot(name string) {
	ctx, cancel := b.bounded()
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Log("no picture of", name, err)
		return
	}
	require.NoError(b.t, os.WriteFile(filepath.Join(b.output, name+".png"), picture, 0o600))
}

// picture is shoot with the pictures numbered in order.
func (b *browser) picture(name string) {
	b.pictures++
	b.shoot(fmt.Sprintf("%02d-%s", b.pictures, name))
}

// evaluate returns the value of an expression, awaited.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := b.bounded()
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	b.went(err)
	return value
}

// run evaluates an expression for its effect.
func (b *browser) run(expression string) {
	b.t.Helper()
	evaluate[chromedp.Void](b, expression)
}

// await returns when a condition about the document holds.
func (b *browser) await(condition string) {
	b.t.Helper()
	b.run(`new Promise((resolve) => {
		const look = () => { if (` + condition + `) { observer.disconnect(); resolve(true); } };
		const observer = new MutationObserver(look);
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		look();
	})`)
}

// see waits for an element.
func (b *browser) see(selector string) {
	b.t.Helper()
	b.await("document.querySelector(" + quoted(selector) + ")")
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.see(selector)
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// enter replaces the text of a field.
func (b *browser) enter(selector, text string) {
	b.t.Helper()
	b.see(selector)
	b.run(`document.querySelector(` + quoted(selector) + `).value = ""`)
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// window sets a size, and the preferred colour scheme.
func (b *browser) window(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		size := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600}
		if _, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, size); err != nil {
			return err
		}
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, media)
		return err
	}))
}

// audit finds problems for users with poor sight or without a mouse.
const audit = `(() => {
	const faults = [];
	const shown = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !e.closest(".unseen, .skip");
	const name = (e) => (e.getAttribute("aria-label") || e.textContent || (e.labels && [...e.labels].map((l) => l.textContent).join("")) || "").trim();
	for (const e of document.querySelectorAll("a, button, input, textarea, select, summary, progress, nav, form"))
		if (shown(e) && !name(e)) faults.push("no name: " + e.outerHTML.slice(0, 120));
	if (document.querySelectorAll("h1").length !== 1) faults.push("h1: " + document.querySelectorAll("h1").length);
	if (!document.documentElement.lang) faults.push("no language");
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("id twice: " + id);
	const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
	const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 200) return c; } return [255, 255, 255, 255]; };
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let text; (text = walker.nextNode());) {
		const e = text.parentElement;
		if (!text.data.trim() || !shown(e) || e.closest(":disabled, noscript, script")) continue;
		const [front, back] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
		const ratio = (Math.max(front, back) + .05) / (Math.min(front, back) + .05);
		const size = parseFloat(getComputedStyle(e).fontSize);
		if (ratio < (size >= 24 ? 3 : 4.5)) faults.push("contrast " + ratio.toFixed(2) + ": " + text.data.trim().slice(0, 60));
	}
	if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window: " + document.documentElement.scrollWidth);
	return faults;
})()`

// inspect checks the page in the dark scheme at phone size and in the light one at
// desktop size, with a screenshot of each.
func (b *browser) inspect(name string) {
	b.t.Helper()
	for _, look := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"phone-dark", 390, 844, "dark"}, {"light", 1280, 860, "light"}} {
		b.window(look.width, look.height, look.scheme)
		require.Empty(b.t, evaluate[[]string](b, audit), "%s %s", name, look.name)
		b.picture(name + "-" + look.name)
	}
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}
