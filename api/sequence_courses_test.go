package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/api/rest"
)

func (n *reference) courseSteps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"ask for a course": n.ask, "write a course": n.write, "read a course": n.read, "list courses": n.listCourses,
		"rename a course": n.rename, "show a course": n.show, "delete a course": n.deleteCourse,
	}
}

var refTopics = []string{"Tides", "Moons", "100% sure", "snake_case", `back\slash`}

// ask requests a course, often under a key that was used before.
func (n *reference) ask(rt *rapid.T) {
	p, s := n.anySession(rt)
	topic := rapid.SampledFrom(refTopics).Draw(rt, "topic")
	key := rapid.SampledFrom([]string{"", "one", "two"}).Draw(rt, "key")
	var headers []string
	if key != "" {
		headers = []string{"Idempotency-Key", key}
	}
	a := n.as(s, "POST", "/v1/courses/generate", fmt.Sprintf(`{"topic":%q}`, topic), headers...)
	if earlier := n.under(p, key); earlier != nil {
		n.askedAgain(rt, a, earlier, topic)
		return
	}
	require.Equal(rt, http.StatusAccepted, a.status, string(a.body))
	require.Empty(rt, a.header.Get("Idempotent-Replayed"))
	v := a.json(n.w.t)
	task := &refTask{id: uuid.MustParse(v["task_id"].(string)), owner: p, key: key, topic: topic, state: "QUEUED"}
	course := &refCourse{
		id: uuid.MustParse(v["provisional_course_id"].(string)), owner: p, title: topic, topic: topic, status: "GENERATING", visibility: "private", task: task,
	}
	task.makes = course
	n.tasks, n.courses = append(n.tasks, task), append(n.courses, course)
}

// under returns the task that a user's key belongs to.
func (n *reference) under(p *refUser, key string) *refTask {
	i := slices.IndexFunc(n.tasks, func(t *refTask) bool { return key != "" && t.owner == p && t.key == key })
	if i < 0 {
		return nil
	}
	return n.tasks[i]
}

func (n *reference) askedAgain(rt *rapid.T, a answer, earlier *refTask, topic string) {
	if earlier.topic != topic {
		n.w.problem(a, rest.SlugReusedKey)
		return
	}
	require.Equal(rt, http.StatusAccepted, a.status, string(a.body))
	require.Equal(rt, "true", a.header.Get("Idempotent-Replayed"))
	require.Equal(rt, earlier.id.String(), a.json(n.w.t)["task_id"])
	require.Equal(rt, earlier.makes.id.String(), a.json(n.w.t)["provisional_course_id"])
}

// write does the worker's part for a course that is waiting.
func (n *reference) write(rt *rapid.T) {
	var waiting []*refCourse
	for _, c := range n.courses {
		if c.status == "GENERATING" && !c.deleted {
			waiting = append(waiting, c)
		}
	}
	if len(waiting) == 0 {
		rt.Skip("no course is waiting")
	}
	c := rapid.SampledFrom(waiting).Draw(rt, "course")
	n.w.finish(c.task.id, c.id)
	c.status, c.title, c.task.state = "READY", "On "+c.topic, "DONE"
}

// anyCourse returns an existing or deleted course of any user.
func (n *reference) anyCourse(rt *rapid.T) *refCourse {
	if len(n.courses) == 0 {
		rt.Skip("there is no course")
	}
	return rapid.SampledFrom(n.courses).Draw(rt, "course")
}

// seenBy reports whether a user may read the course.
func (c *refCourse) seenBy(p *refUser) bool {
	return !c.deleted && (c.owner == p || c.status == "READY" && c.visibility != "private")
}

// listedFor reports whether it is in a user's list.
func (c *refCourse) listedFor(p *refUser) bool {
	return c.seenBy(p) && (c.owner == p || c.visibility == "public")
}

func (n *reference) read(rt *rapid.T) {
	p, s := n.anySession(rt)
	c := n.anyCourse(rt)
	a := n.as(s, "GET", "/v1/courses/"+c.id.String(), "")
	if !c.seenBy(p) {
		n.w.problem(a, rest.SlugNotFound)
		return
	}
	require.Equal(rt, http.StatusOK, a.status, string(a.body))
	v := a.json(n.w.t)
	require.Equal(rt, []any{c.title, c.topic, c.status, c.owner.id}, []any{v["title"], v["topic"], v["status"], v["owner_user_id"]})
	again := n.as(s, "GET", "/v1/courses/"+c.id.String(), "", "If-None-Match", a.header.Get("ETag"))
	require.Equal(rt, http.StatusNotModified, again.status)
}

func (n *reference) listCourses(rt *rapid.T) {
	p, s := n.anySession(rt)
	topic := rapid.SampledFrom([]string{"", "tide", "ON ", "%", "_", `\`, "zebra"}).Draw(rt, "contains")
	status := rapid.SampledFrom([]string{"", "READY", "GENERATING", "ERROR"}).Draw(rt, "status")
	own := rapid.Bool().Draw(rt, "own only")
	var want []string
	for _, c := range slices.Backward(n.courses) {
		contains := strings.Contains(strings.ToLower(c.topic+"\n"+c.title), strings.ToLower(topic))
		if c.listedFor(p) && contains && (status == "" || c.status == status) && (!own || c.owner == p) {
			want = append(want, c.id.String())
		}
	}
	query := url.Values{"limit": {fmt.Sprint(rapid.IntRange(2, 6).Draw(rt, "limit"))}}
	for name, value := range map[string]string{"topic": topic, "status": status, "own_only": map[bool]string{true: "true"}[own]} {
		if value != "" {
			query.Set(name, value)
		}
	}
	slash := rapid.SampledFrom([]string{"", "/"}).Draw(rt, "slash")
	require.Equal(rt, want, n.pages(rt, s, "/v1/courses"+slash+"?"+query.Encode(), "id"))
}

// change sends a user's change of a course and reports whether it should succeed.
func (n *reference) change(rt *rapid.T, method, body string) (c *refCourse, changed bool) {
	p, s := n.anySession(rt)
	c = n.anyCourse(rt)
	match := rapid.SampledFrom([]string{"", "*", `"stale"`}).Draw(rt, "if match")
	a := n.as(s, method, "/v1/courses/"+c.id.String(), body, "If-Match", match)
	switch {
	case !c.seenBy(p):
		n.w.problem(a, rest.SlugNotFound)
	case c.owner != p:
		n.w.problem(a, rest.SlugDenied)
	case method == "PUT" && c.status == "GENERATING":
		n.w.problem(a, rest.SlugConflict)
	case match == `"stale"`:
		n.w.problem(a, rest.SlugCondition)
	default:
		require.Equal(rt, map[string]int{"PUT": http.StatusOK, "DELETE": http.StatusNoContent}[method], a.status, string(a.body))
		return c, true
	}
	return c, false
}

func (n *reference) rename(rt *rapid.T) {
	title := rapid.SampledFrom([]string{"Tides again", "On reflection"}).Draw(rt, "title")
	if c, changed := n.change(rt, "PUT", fmt.Sprintf(`{"title":%q}`, title)); changed {
		c.title = title
	}
}

func (n *reference) show(rt *rapid.T) {
	visibility := rapid.SampledFrom([]string{"private", "unlisted", "public", "public"}).Draw(rt, "visibility")
	if c, changed := n.change(rt, "PUT", fmt.Sprintf(`{"visibility":%q}`, visibility)); changed {
		c.visibility = visibility
	}
}

func (n *reference) deleteCourse(rt *rapid.T) {
	if c, changed := n.change(rt, "DELETE", ""); changed {
		c.deleted = true
		if c.task.state == "QUEUED" { // it ends with its course
			c.task.state = "ERROR"
		}
	}
}
