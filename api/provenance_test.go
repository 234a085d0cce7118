package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/tasks"
)

func newManifestSigner(t *testing.T) *manifest.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := manifest.NewSigner(private, "http://lyo.test")
	require.NoError(t, err)
	return signer
}

// settle ends a task as the workflow does on a worker with a key.
func (w *testEnv) settle(task uuid.UUID, signer *manifest.Signer, gen *activities.Generation) {
	w.t.Helper()
	row, err := tasks.AnyTask(w.t.Context(), w.server.DB, task)
	require.NoError(w.t, err)
	progress := activities.ProgressActivities{DB: w.server.DB, Signer: signer, Log: w.server.Log}
	last := tasks.TaskEvent{Seq: row.Seq + 1, State: tasks.TaskDone, Progress: 100, Step: "done", Message: "Ready", At: w.server.Now()}
	for range 2 { // an activity that is tried again
		_, err := progress.SettleCourse(w.t.Context(), activities.FinishInput{TaskID: task, Rest: []activities.Event{last}, Generation: gen})
		require.NoError(w.t, err)
	}
}

// generated returns a READY course with a manifest, written by a model.
func (w *testEnv) generated(p person, topic, visibility string, signer *manifest.Signer) uuid.UUID {
	w.t.Helper()
	task, course := w.askFor(p, topic, visibility)
	text := "Water rises, says " + topic + "."
	w.write(course, text, text+" Twice.", text+" Daily.")
	w.settle(task, signer, &activities.Generation{Model: "gemma-3-1b-it", ModelVersion: "v1", Provider: "lyo", PromptVersion: "7"})
	return course
}

// rewrite has a course's lessons written again and returns the course's manifest.
func (w *testEnv) rewrite(p person, course uuid.UUID, text string, signer *manifest.Signer) string {
	w.t.Helper()
	w.clock.advance(1e9)
	a := w.regenerate(p, course, `{"section":"lessons"}`)
	require.Equal(w.t, http.StatusAccepted, a.status, string(a.body))
	c, err := courses.CourseToWrite(w.t.Context(), w.server.DB, course)
	require.NoError(w.t, err)
	now := w.server.Now()
	for _, l := range c.Lessons {
		l.Content, l.Revision, l.WrittenAt = text+" "+l.Title, l.Revision+1, &now
		require.NoError(w.t, courses.SaveLesson(w.t.Context(), w.server.DB, l))
	}
	w.settle(uuid.MustParse(a.json(w.t)["task_id"].(string)), signer, nil)
	return w.manifestOf(p, course)
}

func (w *testEnv) generation(p person, course uuid.UUID) map[string]any {
	w.t.Helper()
	a := w.do("GET", "/v1/courses/"+course.String(), "", p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)["generation"].(map[string]any)
}

func (w *testEnv) manifestOf(p person, course uuid.UUID) string {
	w.t.Helper()
	return w.generation(p, course)["manifest"].(string)
}

// check asks, without a token, about what is not empty.
func (w *testEnv) check(signed, text string) map[string]any {
	w.t.Helper()
	asked := map[string]string{}
	if signed != "" {
		asked["manifest"] = signed
	}
	if text != "" {
		asked["text"] = text
	}
	body, err := json.Marshal(asked)
	require.NoError(w.t, err)
	a := w.do("POST", "/v1/provenance/check", string(body))
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)
}

// TestACourseCanBeCheckedByAnyone goes from a generated course over a changed byte of a lesson and of its manifest to
// a course that was written again.
func TestACourseCanBeCheckedByAnyone(t *testing.T) {
	t.Parallel()
	w, signer := newEnvWithoutTemporal(t), newManifestSigner(t)
	ada := w.signUp("ada@example.com")
	course := w.generated(ada, "Tides", "public", signer)
	generation := w.generation(ada, course)
	require.Equal(t, true, generation["ai_generated"])
	signed := generation["manifest"].(string)
	fine := w.check(signed, "")
	requireHas(t, "manifest", map[string]any{
		"ours": true, "unchanged": true, "course_id": course.String(), "lesson": nil, "changed_lessons": []any{},
		"model": "gemma-3-1b-it", "model_version": "v1", "provider": "lyo", "ai_generated": true, "generated_at": "2026-11-01T12:00:01Z",
	}, fine)
	require.NotContains(t, fine, "reason")
	text := w.do("GET", "/v1/courses/"+course.String(), "", ada.header()...).json(t)["lessons"].([]any)[1].(map[string]any)["content"].(string)
	requireHas(t, "text", map[string]any{"ours": true, "unchanged": true, "course_id": course.String(), "lesson": 2.0, "ai_generated": true, "model": "gemma-3-1b-it"}, w.check("", text+"\n"))
	requireHas(t, "both", map[string]any{"ours": true, "unchanged": true, "lesson": 2.0}, w.check(signed, text))
	requireHas(t, "both", map[string]any{"ours": true, "unchanged": false, "reason": "text_differs", "lesson": nil}, w.check(signed, text+"!"))

	// One byte of a lesson.
	changed := w.server.DB.Exec("UPDATE lessons SET content = overlay(content placing 'v' from 1 for 1) WHERE id = ?", courses.LessonID(course, 2))
	require.NoError(t, changed.Error)
	requireHas(t, "a changed lesson", map[string]any{"ours": true, "unchanged": false, "reason": "lessons_changed", "changed_lessons": []any{2.0}}, w.check(signed, ""))
	requireHas(t, "its old text", map[string]any{"ours": false, "unchanged": nil, "reason": "unknown_text", "course_id": nil, "model": nil, "ai_generated": nil}, w.check("", text))

	// One byte of the manifest, in each of its parts.
	head, payload, signature := len(signed)/1000, strings.IndexByte(signed, '.')+20, len(signed)-20
	for _, at := range []int{head, payload, signature} {
		other := byte('A')
		if signed[at] == other {
			other = 'B'
		}
		requireHas(t, "a changed manifest", map[string]any{"ours": false, "unchanged": nil, "model": nil, "course_id": nil}, w.check(signed[:at]+string(other)+signed[at+1:], ""))
	}

	// Written again.
	again := w.rewrite(ada, course, "Water falls.", signer)
	require.NotEqual(t, signed, again)
	requireHas(t, "the new manifest", map[string]any{"ours": true, "unchanged": true, "generated_at": "2026-11-01T12:00:02Z"}, w.check(again, ""))
	requireHas(t, "the old one", map[string]any{"ours": true, "unchanged": false, "changed_lessons": []any{1.0, 2.0, 3.0}}, w.check(signed, ""))
	requireHas(t, "the old text", map[string]any{"ours": true, "unchanged": true, "lesson": 2.0}, w.check(signed, text))

	// With a key that is new, the old one's manifests still hold.
	renewed := newManifestSigner(t)
	requireHas(t, "by another key", map[string]any{"ours": true, "unchanged": true}, w.check(w.rewrite(ada, course, "Water stands.", renewed), ""))
	require.Equal(t, http.StatusNoContent, w.do("DELETE", "/v1/courses/"+course.String(), "", ada.header()...).status)
	requireHas(t, "a deleted course", map[string]any{"ours": true, "unchanged": nil, "reason": "course_gone", "course_id": course.String(), "ai_generated": true}, w.check(again, ""))
}

// TestACheckTellsNoStrangerOfACourse: of a private course's text only that it is ours.
func TestACheckTellsNoStrangerOfACourse(t *testing.T) {
	t.Parallel()
	w, signer := newEnvWithoutTemporal(t), newManifestSigner(t)
	ada := w.signUp("ada@example.com")
	for _, visibility := range []string{"private", "unlisted"} {
		course := w.generated(ada, visibility, visibility, signer)
		found := w.check("", "Water rises, says "+visibility+".")
		requireHas(t, visibility, map[string]any{"ours": true, "unchanged": true, "course_id": nil, "lesson": nil, "ai_generated": true}, found)
		body, err := json.Marshal(found)
		require.NoError(t, err)
		require.NotContains(t, string(body), course.String())
	}
}

func TestACheckIsAboutBytes(t *testing.T) {
	t.Parallel()
	w, signer := newEnvWithoutTemporal(t), newManifestSigner(t)
	ada := w.signUp("ada@example.com")
	course := w.generated(ada, "Tides", "public", signer)
	apart := "Ebbe und Flut, <b>zwo\u0308lf</b> Stunden\t\u2028&\U0001F30A" // not composed
	require.NoError(t, w.server.DB.Exec("UPDATE lessons SET content = ? WHERE id = ?", apart, courses.LessonID(course, 1)).Error)
	require.Equal(t, true, w.check("", apart)["ours"])
	require.Equal(t, false, w.check("", strings.Replace(apart, "o\u0308", "ö", 1))["ours"])
}

func TestWhatCannotBeChecked(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for body, pointer := range map[string]string{
		`{}`:                                 "/text",
		`{"manifest":null,"text":null}`:      "/text",
		`{"manifest":""}`:                    "/manifest",
		`{"text":""}`:                        "/text",
		`{"text":7}`:                         "/text",
		`{"manifest":"` + long(65537) + `"}`: "/manifest",
		`{"text":"` + long(200_001) + `"}`:   "/text",
		`{"text":"` + strings.Repeat("ß", 100_001) + `"}`: "/text",
	} {
		require.Contains(t, pointersOf(w.problem(w.do("POST", "/v1/provenance/check", body), rest.SlugValidation)), pointer, body[:min(len(body), 40)])
	}
	require.Equal(t, "unknown_text", w.check("", strings.Repeat("ß", 100_000))["reason"])
	w.problem(w.do("POST", "/v1/provenance/check", `{"text":"a\u0000b"}`), rest.SlugValidation)
	require.Equal(t, "not_a_manifest", w.check(ada.access, "")["reason"], "an access token is no manifest")
	require.Equal(t, "not_a_manifest", w.check("How tides work", "")["reason"])
	foreign, err := newManifestSigner(t).Sign(manifest.Manifest{CourseID: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, "unknown_key", w.check(foreign, "Water")["reason"])
}

func TestChecksAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	for range 60 {
		require.Equal(t, http.StatusOK, w.from(at(1), "POST", "/v1/provenance/check", `{"text":"Water"}`).status)
	}
	w.problem(w.from(at(1), "POST", "/v1/provenance/check", `{"text":"Water"}`), rest.SlugRateLimited)
	w.problem(w.from(at(1), "GET", "/.well-known/lyo-provenance-keys.json", ""), rest.SlugRateLimited)
}

func TestKeysOfManifestsStayPublished(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	read := func(headers ...string) answer {
		return w.do("GET", "/.well-known/lyo-provenance-keys.json", "", headers...)
	}
	require.JSONEq(t, `{"keys":[]}`, string(read().body))
	ada := w.signUp("ada@example.com")
	first, second := newManifestSigner(t), newManifestSigner(t)
	course := w.generated(ada, "Tides", "private", first)
	tag := read().header.Get("ETag")
	w.clock.advance(1e9)
	w.rewrite(ada, course, "Water falls.", second)
	a := read("If-None-Match", tag)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "public, max-age=300", a.header.Get("Cache-Control"))
	var set keySet
	require.NoError(t, json.Unmarshal(a.body, &set))
	require.Len(t, set.Keys, 2)
	require.Equal(t, []string{first.Key().ID, second.Key().ID}, []string{set.Keys[0].ID, set.Keys[1].ID})
	require.Equal(t, "sig", set.Keys[0].Use)
	require.NotContains(t, string(a.body), `"d"`)
	require.NotContains(t, string(w.do("GET", "/.well-known/jwks.json", "").body), first.Key().ID)
	same := read("If-None-Match", a.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, same.status)
	require.Equal(t, "public, max-age=300", same.header.Get("Cache-Control"))
}

// TestAStudyPlanIsNotMarked, whoever made it: nor has a course of a worker without a key a manifest.
func TestAStudyPlanIsNotMarked(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	task, course := w.ask(ada, "Tides")
	require.Equal(t, false, w.generation(ada, course)["ai_generated"], "nothing is written yet")
	w.write(course, "Water rises.")
	w.settle(task, nil, &activities.Generation{Model: "outline-writer", Provider: "builtin", Fallback: true})
	generation := w.generation(ada, course)
	require.Equal(t, false, generation["ai_generated"])
	require.Nil(t, generation["manifest"])
	old := `{"model": "m", "provider": "lyo", "fallback": false}` // from before the mark
	require.NoError(t, w.server.DB.Exec("UPDATE courses SET generation = ? WHERE id = ?", old, course).Error)
	require.Equal(t, true, w.generation(ada, course)["ai_generated"])
}

// script is the program of docs/provenance.md.
var script = regexp.MustCompile("(?s)```js\\n(.*?)```")

// TestTheScriptInTheDocsVerifies runs it with what this service says, right and wrong.
func TestTheScriptInTheDocsVerifies(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node is not installed")
	}
	content, err := os.ReadFile("../docs/provenance.md")
	require.NoError(t, err)
	found := script.FindSubmatch(content)
	require.NotNil(t, found)
	program := filepath.Join(t.TempDir(), "verify.mjs")
	require.NoError(t, os.WriteFile(program, found[1], 0o600))

	w, signer := newEnvWithoutTemporal(t), newManifestSigner(t)
	ada := w.signUp("ada@example.com")
	signed := w.manifestOf(ada, w.generated(ada, "Tides", "private", signer))
	foreign, err := newManifestSigner(t).Sign(manifest.Manifest{CourseID: uuid.New()})
	require.NoError(t, err)
	text := filepath.Join(t.TempDir(), "lesson.md")
	for name, c := range map[string]struct {
		signed, text, says string
		fails              bool
	}{
		"as it is":        {signed: signed, text: "Water rises, says Tides.", says: "lesson 1"},
		"another text":    {signed: signed, text: "Water falls.", says: "no lesson", fails: true},
		"a changed byte":  {signed: strings.Replace(signed, ".", ".A", 1), says: "signature", fails: true},
		"another key":     {signed: foreign, says: "unknown key", fails: true},
		"an access token": {signed: ada.access, says: "not a manifest", fails: true},
		"no token at all": {signed: "x", says: "not a manifest", fails: true},
	} {
		require.NoError(t, os.WriteFile(text, []byte(c.text), 0o600))
		out, err := exec.CommandContext(t.Context(), node, program, w.url, c.signed, text).CombinedOutput()
		require.Equal(t, c.fails, err != nil, "%s: %s", name, out)
		require.Contains(t, string(out), c.says, name)
	}
}
