package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
)

// ownedData is a user with two private resources of every kind that a path can name.
type ownedData struct {
	person
	topic string
	ids   map[string][]string // by the kind of path that names them
}

// secretTopic is the topic of the owner's resources only.
const secretTopic = "Zygomorphic heirlooms"

func (w *testEnv) populated(email string) ownedData {
	w.t.Helper()
	e := ownedData{person: w.signUp(email), topic: secretTopic, ids: map[string][]string{}}
	user := uuid.MustParse(e.id)
	someone := w.signUp("author-" + store.NewID().String() + "@example.com")
	for range 2 {
		w.says(someone, "For everybody") // so that feeds have pages
		task, course := w.ask(e.person, e.topic)
		e.add("/v1/tasks/", task)
		e.add("/v1/courses/", course)
		e.add("/v1/feeds/items/", course)
		now := w.server.Now()
		source := courses.Source{
			ID: store.NewID(), UserID: user, Kind: "text", Title: e.topic, MediaType: "text/plain", State: courses.SourceReady,
			Content: e.topic, CreatedAt: now, UpdatedAt: now,
		}
		require.NoError(w.t, w.server.DB.Create(&source).Error)
		e.add("/v1/sources/", source.ID)
		ready := now.Add(time.Hour)
		export := privacy.Export{ID: store.NewID(), UserID: user, CreatedAt: now, ExpiresAt: &ready, SizeBytes: 1}
		require.NoError(w.t, w.server.DB.Create(&export).Error)
		require.NoError(w.t, w.server.DB.Create(&privacy.ExportPart{ExportID: export.ID, Position: 1, Data: []byte("x")}).Error)
		e.add("/v1/users/me/exports/", export.ID)
		device := notify.Device{
			ID: store.NewID(), UserID: user, Token: e.topic + source.ID.String(), TokenHash: make([]byte, 16), Platform: notify.PlatformIOS,
			Environment: notify.EnvironmentProduction, IsActive: true, CreatedAt: now, LastUsedAt: now,
		}
		device.TokenHash = append(device.TokenHash, device.ID[:]...)
		require.NoError(w.t, w.server.DB.Create(&device).Error)
		e.add("/v1/push/devices/", device.ID)
		e.add("/v1/notifications/", w.receive(e.person, e.topic+source.ID.String()))
		lesson := courses.Lesson{ID: store.NewID(), CourseID: course, Position: 50 + len(e.ids["/v1/reviews/"]), Title: e.topic, CreatedAt: now, UpdatedAt: now}
		require.NoError(w.t, w.server.DB.Create(&lesson).Error)
		w.cite(e.person, course, lesson.ID, true, "Die Mole ist 27 Meter lang.")
		card := learning.ReviewCard{ID: store.NewID(), UserID: user, CourseID: course, LessonID: lesson.ID, Front: e.topic, Back: e.topic, DueAt: now, CreatedAt: now}
		require.NoError(w.t, w.server.DB.Create(&card).Error)
		e.add("/v1/reviews/", card.ID)
		phone := w.logIn(email, "correct horse", "Phone")
		claims, err := w.server.access.Verify(phone.access)
		require.NoError(w.t, err)
		e.add("/v1/auth/sessions/", claims.SessionID)
		post, comment := w.whispered(user, e.topic)
		e.add(postsPath+"/", post)
		e.add("/v1/community/comments/", comment)
	}
	w.neighbours(user)
	return e
}

// whispered creates a post and a comment that nobody else sees, since they are
// pending review.
func (w *testEnv) whispered(user uuid.UUID, topic string) (post, comment uuid.UUID) {
	w.t.Helper()
	now := w.server.Now()
	p := community.Post{
		ID: store.NewID(), AuthorID: &user, Title: topic, Content: topic, PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
		Status: moderation.ContentPending, CreatedAt: now, UpdatedAt: now,
	}
	c := community.Comment{ID: store.NewID(), PostID: p.ID, AuthorID: &user, Content: topic, Status: moderation.ContentPending, CreatedAt: now, UpdatedAt: now}
	require.NoError(w.t, w.server.DB.Create(&p).Error)
	require.NoError(w.t, w.server.DB.Create(&c).Error)
	return p.ID, c.ID
}

// neighbours creates two users with public posts, and two whom the user has blocked.
func (w *testEnv) neighbours(user uuid.UUID) {
	w.t.Helper()
	for _, name := range []string{"bob", "cyd", "dan", "eli"} {
		id := uuid.MustParse(w.signUp(name + "-" + store.NewID().String() + "@example.com").id)
		if name < "d" {
			require.NoError(w.t, w.server.DB.Create(&accounts.Block{BlockerID: user, BlockedID: id, CreatedAt: w.server.Now()}).Error)
			continue
		}
		now := w.server.Now()
		require.NoError(w.t, w.server.DB.Create(&community.Post{
			ID: store.NewID(), AuthorID: &id, Title: name, Content: name, PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
			Status: moderation.ContentVisible, CreatedAt: now, UpdatedAt: now,
		}).Error)
	}
}

// aboutPeople reports whether a path's id names a user, not a user's resource: anybody
// may be blocked and followed.
func aboutPeople(path string) bool {
	return strings.HasSuffix(path, "/{user_id}") || path == "/v1/users/{id}/follow"
}

func (e ownedData) add(kind string, id uuid.UUID) { e.ids[kind] = append(e.ids[kind], id.String()) }

// kindOfPath returns the longest kind that a path template begins with. A new
// resource needs a row in populated.
func (e ownedData) kindOfPath(t *testing.T, path string) string {
	t.Helper()
	found := ""
	for kind := range e.ids {
		if strings.HasPrefix(path, kind) && len(kind) > len(found) {
			found = kind
		}
	}
	require.NotEmpty(t, found, "whose is the id in %s? Add a way to make one to this test", path)
	return found
}

// documented calls visit for every operation of the document that needs a token.
func (w *testEnv) documented(visit func(method, path string, op *huma.Operation)) {
	for _, path := range slices.Sorted(maps.Keys(w.server.OpenAPI().Paths)) {
		item := w.server.OpenAPI().Paths[path]
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if op := rest.OperationAt(item, method); op != nil && len(op.Security) > 0 {
				visit(method, path, op)
			}
		}
		require.Nil(w.t, item.Patch, "operationAt and this test do not know PATCH")
	}
}

// bodies returns the bodies of operations that need one.
func bodies() map[string]string {
	return map[string]string{
		"update-course": `{"title":"Mine now"}`, "regenerate-course": `{"section":"lessons"}`, "decide-outline": `{"action":"accept"}`,
		"put-progress": `{"lesson_id":"` + store.NewID().String() + `","completed":true}`, "attempt-quiz": `{"answers":[]}`, "review-card": `{"rating":"good"}`,
		"update-post": `{"title":"Mine now"}`, "create-comment": `{"content":"Mine now"}`, "update-comment": `{"content":"Mine now"}`,
		"interact-with-item": `{"action":"like"}`,
	}
}

// withID puts an id where a path names one, and ids of nothing where it names more.
func withID(path, id string) string {
	before, tail, has := strings.Cut(strings.ReplaceAll(path, "{n}", "1"), "{")
	if !has {
		return path
	}
	_, after, _ := strings.Cut(tail, "}")
	return before + id + withID(after, store.NewID().String())
}

// TestNobodyReachesWhatIsSomebodyElses requests every path of the document with an id
// as another user: the response is the one for an unknown id.
func TestNobodyReachesWhatIsSomebodyElses(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.populated("ada@example.com"), w.signUp("eve@example.com")
	paths := 0
	w.documented(func(method, path string, op *huma.Operation) {
		if !strings.Contains(path, "{") || strings.HasPrefix(path, "/v1/admin/") || aboutPeople(path) {
			return
		}
		paths++
		kind := ada.kindOfPath(t, path)
		if strings.Contains(path, "/ws/") {
			return // TestSocketsAreTheirOwners
		}
		body := bodies()[op.OperationID]
		require.Equal(t, op.RequestBody != nil && op.RequestBody.Required, body != "", "%s %s needs a row in bodies", method, path)
		theirs := w.do(method, withID(path, ada.ids[kind][0]), body, eve.header()...)
		nobodys := w.do(method, withID(path, store.NewID().String()), body, eve.header()...)
		require.Equal(t, http.StatusNotFound, theirs.status, "%s %s: %s", method, path, theirs.body)
		require.Equal(t, http.StatusNotFound, nobodys.status)
		a, b := theirs.json(t), nobodys.json(t)
		for _, own := range []string{"request_id", "resource_id", "instance"} {
			delete(a, own)
			delete(b, own)
		}
		require.Equal(t, b, a, "%s %s shows that there is one", method, path)
	})
	require.Greater(t, paths, 10)
	// Nothing was changed, and the owner reaches all of it.
	w.documented(func(method, path string, _ *huma.Operation) {
		if method != http.MethodGet || !strings.Contains(path, "{") || strings.Contains(path, "/ws/") || strings.HasPrefix(path, "/v1/admin/") {
			return
		}
		mine := w.do(method, withID(path, ada.ids[ada.kindOfPath(t, path)][0]), "", ada.header()...)
		require.Equal(t, http.StatusOK, mine.status, "%s %s: %s", method, path, mine.body)
		require.NotContains(t, string(mine.body), "Mine now")
	})
}

// secrets returns the texts that others must not see.
func (e ownedData) secrets() []string {
	all := []string{e.id, "ada@example.com", e.topic}
	for _, ids := range e.ids {
		all = append(all, ids...)
	}
	return all
}

// TestListsSearchesAndCursorsAreTheirOwners reads every list of the document as
// another user, with every text parameter set to the owner's secret, and with the
// owner's cursor.
func TestListsSearchesAndCursorsAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.populated("ada@example.com"), w.signUp("eve@example.com")
	lists := 0
	w.documented(func(method, path string, op *huma.Operation) {
		if method != http.MethodGet || strings.Contains(path, "{") {
			return
		}
		query, paged := url.Values{}, false
		for _, p := range op.Parameters {
			paged = paged || p.Name == "cursor"
			if p.In == "query" && p.Schema.Type == huma.TypeString && p.Name != "cursor" && p.Schema.Enum == nil && p.Schema.Format == "" {
				query.Set(p.Name, secretTopic)
			}
		}
		for _, q := range []string{"", "?" + query.Encode()} {
			a := w.do(method, path+q, "", eve.header()...)
			for _, secret := range ada.secrets() {
				shown := strings.ReplaceAll(string(a.body), query.Encode(), "") // a problem contains its address
				require.NotContains(t, shown, secret, "%s%s", path, q)
			}
		}
		if !paged {
			return
		}
		lists++
		first := w.do(method, path+"?limit=1", "", ada.header()...)
		if first.status == http.StatusForbidden {
			return // for administrators
		}
		next := nextPath(first)
		require.NotEmpty(t, next, "%s: two rows and no second page", path)
		require.Equal(t, http.StatusOK, w.do(method, next, "", ada.header()...).status)
		w.problem(w.do(method, next, "", eve.header()...), rest.SlugMalformed)
	})
	require.GreaterOrEqual(t, lists, 4)
}

func TestOperationsOfAdministrators(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	eve, admins := w.signUp("eve@example.com"), 0
	w.documented(func(method, path string, op *huma.Operation) {
		if strings.HasPrefix(path, "/v1/admin/") {
			require.Contains(t, op.Tags, rest.TagAdmin)
			admins++
			w.problem(w.do(method, withID(path, store.NewID().String()), "", eve.header()...), rest.SlugDenied)
		}
	})
	require.Positive(t, admins)
}

func TestSocketsAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.populated("ada@example.com"), w.signUp("eve@example.com")
	for _, id := range []string{ada.ids["/v1/tasks/"][0], store.NewID().String()} {
		kind, code := w.refusedSocket(eve, uuid.MustParse(id))
		require.Equal(t, "not_found_error", kind)
		require.EqualValues(t, 4404, code)
	}
}

// TestAnIdempotencyKeyIsItsOwners sends the same request with the same key as another
// user, to every operation that takes one.
func TestAnIdempotencyKeyIsItsOwners(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.populated("ada@example.com"), w.signUp("eve@example.com")
	eves, eveCourse := w.ask(eve, "Tides")
	w.finish(eves, eveCourse)
	adas, adaCourse := w.ask(ada.person, "Tides")
	w.finish(adas, adaCourse)
	requests := map[string][2]string{ // what the owner sends, and what the other user sends
		"generate-course":   {`{"topic":"Keys"}`, `{"topic":"Keys"}`},
		"regenerate-course": {`{"section":"lessons"}`, `{"section":"lessons"}`},
		"send-push":         {`{"title":"Keys","body":"For all"}`, `{"title":"Keys","body":"For all"}`},
	}
	w.promote(ada.person)
	w.promote(eve)
	operations := 0
	w.documented(func(method, path string, op *huma.Operation) {
		takesKey := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Idempotency-Key" })
		if !takesKey {
			return
		}
		if !slices.Contains(op.Tags, tagCourses) {
			return // answered at once, without a task: TestKeysOfLearningAreTheirOwners
		}
		operations++
		bodies, known := requests[op.OperationID]
		require.True(t, known, "%s %s needs a row", method, path)
		key := "key-of-" + op.OperationID
		mine := w.do(method, withID(path, adaCourse.String()), bodies[0], append(ada.header(), "Idempotency-Key", key)...)
		theirs := w.do(method, withID(path, eveCourse.String()), bodies[1], append(eve.header(), "Idempotency-Key", key)...)
		require.Equal(t, http.StatusAccepted, mine.status, string(mine.body))
		require.Equal(t, http.StatusAccepted, theirs.status, string(theirs.body))
		require.Empty(t, theirs.header.Get("Idempotent-Replayed"))
		require.NotContains(t, string(theirs.body), mine.json(t)["task_id"])
		for _, p := range []struct {
			person
			task any
		}{{ada.person, mine.json(t)["task_id"]}, {eve, theirs.json(t)["task_id"]}} { // an open task would block the next
			task, _ := p.task.(string)
			require.Equal(t, http.StatusOK, w.do("POST", "/v1/tasks/"+task+"/cancel", "", p.header()...).status)
		}
	})
	require.GreaterOrEqual(t, operations, 2)
}

// array returns the body as a bare array of objects.
func (a answer) array(t *testing.T) (v []map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, &v), string(a.body))
	return v
}
