package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

// exampleRows makes what the ids in the examples name.
type exampleRows struct {
	*testEnv
	ada, bob person // ada is an administrator
	n        int
}

// fill returns a request with the ids of rows that were made for it.
func (r *exampleRows) fill(op, text string) string {
	r.t.Helper()
	values := map[string]string{}
	if strings.Contains(text, exampleCourse) || strings.Contains(text, exampleLesson) || strings.Contains(text, exampleItem) {
		owner := r.ada
		if op == "unfavorite-course" {
			owner = r.bob
		}
		c := r.marks(owner, fmt.Sprint("tides", r.n), courses.VisibilityPublic)
		if op == "restore-course" {
			r.ok("POST", "/v1/admin/courses/"+c.ID.String()+"/hold", `{}`, r.ada)
		}
		values[exampleCourse], values[exampleLesson], values[exampleItem] = c.ID.String(), c.Lessons[0].ID.String(), c.Items[0].ID.String()
	}
	makers := r.makers(op)
	maps.Copy(makers, r.tokenMakers(op))
	for id, made := range makers {
		if strings.Contains(text, id) {
			values[id] = made()
		}
	}
	for id, value := range values {
		text = strings.ReplaceAll(text, id, value)
	}
	return text
}

func (r *exampleRows) makers(op string) map[string]func() string {
	made := func(id any) string { return fmt.Sprint(id) }
	return map[string]func() string{
		exampleTask: func() string {
			mode := "automatic"
			if op == "decide-outline" {
				mode = "review"
			}
			a := r.do("POST", "/v1/courses/generate", `{"topic":"Tides","mode":"`+mode+`"}`, r.ada.header()...)
			return made(a.json(r.t)["task_id"])
		},
		examplePost: func() string {
			author := r.ada
			if op == "create-report" {
				author = r.bob
			}
			return made(r.posted(author, `{"title":"Tides","content":"c"}`)["id"])
		},
		exampleComment: func() string {
			return made(r.commented(r.ada, r.posted(r.ada, `{"title":"Tides","content":"c"}`)["id"], `{"content":"c"}`)["id"])
		},
		exampleUser: func() string {
			user := r.fresh().id
			if op == "unsuspend-user" {
				r.ok("PUT", "/v1/admin/users/"+user+"/suspension", "", r.ada)
			}
			return user
		},
		exampleDevice:       func() string { return made(r.device()["id"]) },
		exampleNotification: func() string { return made(r.receive(r.ada, fmt.Sprint("n", r.n))) },
		exampleCard: func() string {
			c := r.marks(r.ada, fmt.Sprint("card", r.n), courses.VisibilityPublic)
			now := r.server.Now()
			card := learning.ReviewCard{ID: store.NewID(), UserID: uuid.MustParse(r.ada.id), CourseID: c.ID, LessonID: c.Lessons[0].ID, Front: "f", Back: "b", DueAt: now, CreatedAt: now}
			require.NoError(r.t, r.server.DB.Create(&card).Error)
			return card.ID.String()
		},
		exampleSource: func() string {
			return made(r.ok("POST", "/v1/sources", `{"title":"Tides","text":"The moon."}`, r.ada).json(r.t)["id"])
		},
		exampleSession: func() string {
			claims, err := r.server.access.Verify(r.logIn("ada@example.com", "correct horse battery", "Phone").access)
			require.NoError(r.t, err)
			return claims.SessionID.String()
		},
		exampleExport: func() string { _, id := r.packed(r.ada); return id.String() },
		exampleReport: func() string {
			post := r.posted(r.ada, `{"title":"Tides","content":"c"}`)["id"]
			return made(r.ok("POST", "/v1/community/reports", fmt.Sprintf(`{"target_type":"post","target_id":%q,"reason":"r"}`, post), r.bob).json(r.t)["id"])
		},
		exampleHeld:        func() string { post, _ := r.whispered(uuid.MustParse(r.bob.id), "Held"); return post.String() },
		exampleContentRule: func() string { return r.rule("/v1/admin/content-rules", `{"kind":"word","pattern":"casino%d"}`) },
		exampleTopicRule:   func() string { return r.rule("/v1/admin/topic-rules", `{"action":"refuse","pattern":"casino%d"}`) },
	}
}

// tokenMakers is makers for the tokens in the examples.
func (r *exampleRows) tokenMakers(op string) map[string]func() string {
	return map[string]func() string{
		exampleRefreshToken: func() string {
			if op == "logout" {
				return r.bob.refresh
			}
			return r.logIn("ada@example.com", "correct horse battery", "Phone").refresh
		},
		exampleResetToken: func() string {
			r.fresh()
			r.requestReset(r.email())
			return r.mailed(accounts.MailReset)
		},
		exampleVerifyToken: func() string {
			r.ok("POST", "/v1/auth/verify-email/request", "", r.fresh())
			return r.mailed(accounts.MailVerify)
		},
	}
}

// email is that of the fresh user of this request.
func (r *exampleRows) email() string { return fmt.Sprintf("user%d@example.com", r.n) }

func (r *exampleRows) fresh() person { return r.signUp(r.email()) }

func (r *exampleRows) device() map[string]any {
	body := fmt.Sprintf(`{"device_token":"a-token-of-ada-%d","device_type":"ios"}`, r.n)
	return r.ok("POST", "/v1/push/devices/register", body, r.ada).json(r.t)
}

func (r *exampleRows) rule(path, body string) string {
	return fmt.Sprint(r.ok("POST", path, fmt.Sprintf(body, r.n), r.ada).json(r.t)["id"])
}

// documentedRequest is an operation with its example.
type documentedRequest struct {
	method, path, id, media string
	body                    any
	public                  bool
}

// examples returns a request for every operation. Those that end something come last.
func examples(t *testing.T, doc *openapi3.T) []documentedRequest {
	t.Helper()
	var all []documentedRequest
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			r := documentedRequest{method: method, path: path, id: op.OperationID, public: op.Security != nil && len(*op.Security) == 0}
			query := "?"
			for _, ref := range op.Parameters {
				p := ref.Value
				require.True(t, p.Example != nil || !p.Required, "%s: no example of the parameter %s", r.id, p.Name)
				if p.In == "path" {
					r.path = strings.ReplaceAll(r.path, "{"+p.Name+"}", fmt.Sprint(p.Example))
				} else if p.Example != nil {
					r.path, query = r.path+query+p.Name+"="+fmt.Sprint(p.Example), "&"
				}
			}
			if op.RequestBody != nil {
				require.Len(t, op.RequestBody.Value.Content, 1, "%s: generators take the first kind of body only", r.id)
				for media, content := range op.RequestBody.Value.Content {
					require.NotNil(t, content.Example, "%s: no example of a body", r.id)
					require.NoError(t, content.Schema.Value.VisitJSON(content.Example), r.id)
					r.media, r.body = media, content.Example
				}
			}
			all = append(all, r)
		}
	}
	last := []string{"logout", "change-password", "end-other-sessions", "delete-me"}
	slices.SortFunc(all, func(a, b documentedRequest) int {
		order := func(r documentedRequest) string {
			return fmt.Sprint(slices.Index(last, r.id)+1, r.id != "register", r.id)
		}
		return strings.Compare(order(a), order(b))
	})
	return all
}

// TestExamplesSucceed sends the example of every operation.
func TestExamplesSucceed(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	withMail(&w.server.Deps)
	w.server.Temporal = &deciding{}
	r := &exampleRows{testEnv: w}
	sent, again := 0, map[string][]string{}
	for _, e := range examples(t, w.document()) {
		r.n++
		if e.id == "watch-task" || e.id == "health-redis" || e.id == "health-temporal" || e.id == "health-model" || e.id == "get-web-push-key" || e.id == "create-ticket" || e.id == "spend-streak-freeze" {
			continue // a socket, what this server has not, and a day that nobody has missed
		}
		body := ""
		if e.body != nil {
			text, err := json.Marshal(e.body)
			require.NoError(t, err)
			body = string(text)
		}
		path, headers := e.path, []string{}
		if e.id != "register" {
			path, body, _ = strings.Cut(r.fill(e.id, e.path+"\n"+body), "\n")
			headers = r.ada.header()
		}
		if e.id == "logout" {
			headers = r.bob.header()
		}
		var a answer
		if e.media == "multipart/form-data" {
			fields, _ := e.body.(map[string]any)
			content, media := form(t, one("tides.md", "text/markdown", fmt.Sprint(fields["file"])), "title", fmt.Sprint(fields["title"]))
			a = w.send(e.method, path, content, append(headers, "Content-Type", media)...)
		} else {
			a = w.do(e.method, path, body, headers...)
		}
		assert.Less(t, a.status, http.StatusMultipleChoices, "%s: %s %s: %s: %s", e.id, e.method, path, body, a.body)
		sent++
		for _, member := range w.requireRepeated(e.method, e.id, a) {
			again[member] = append(again[member], e.id)
		}
		if e.id == "register" {
			v := a.json(t)
			r.ada = person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
			r.bob = w.signUp("bob@example.com")
			w.promote(r.ada)
		}
	}
	require.Greater(t, sent, 120)
	require.Equal(t, repeatedBy(), again)
}

// TestTheOlderDocumentIsValid checks that the document of OpenAPI 3.0 is one, and has all that the other has.
func TestTheOlderDocumentIsValid(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	text := w.do("GET", "/openapi-3.0.json", "").body
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.Equal(t, "3.0.3", doc.OpenAPI)
	require.NoError(t, doc.Validate(context.Background()), "with its examples")
	newer := w.document()
	require.Equal(t, slices.Sorted(maps.Keys(newer.Paths.Map())), slices.Sorted(maps.Keys(doc.Paths.Map())))
	require.Equal(t, slices.Sorted(maps.Keys(newer.Components.Schemas)), slices.Sorted(maps.Keys(doc.Components.Schemas)))
	for _, of31 := range []string{`"type":[`, `"type":"null"`, `"const"`, `"examples":[`} {
		require.NotContains(t, string(text), of31)
	}
	require.True(t, doc.Components.Schemas["TaskView"].Value.Properties["result_id"].Value.Nullable)
}
