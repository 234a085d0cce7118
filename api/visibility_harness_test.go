package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
)

// markedCourse is a READY course whose every text has a unique word.
type markedCourse struct {
	courses.Course
	word string
}

// marks creates one. It has three lessons with a quiz and a found article each.
func (w *testEnv) marks(p person, word string, visibility courses.Visibility) markedCourse {
	w.t.Helper()
	w.clock.advance(time.Second)
	now, text, address := w.server.Now(), "All about "+word, "https://example.com/"+word
	c := markedCourse{courses.Course{
		ID: store.NewID(), OwnerUserID: uuid.MustParse(p.id), Title: text, Topic: text, Summary: text, Description: text, Status: courses.CourseReady,
		Visibility: visibility, DifficultyLevel: "beginner", Locale: "en", Tags: []string{word}, Interests: []string{word}, CreatedAt: now, UpdatedAt: now, PublishedAt: &now,
	}, word}
	require.NoError(w.t, w.server.DB.Create(&c.Course).Error)
	for n := 1; n <= 3; n++ {
		l := courses.Lesson{
			ID: courses.LessonID(c.ID, n), CourseID: c.ID, Position: n, Title: text, Summary: text, Content: text, Revision: 1, PracticeRevision: 1,
			Objectives: []string{text}, KeyTerms: []courses.KeyTerm{{Term: word, Definition: text}}, CreatedAt: now, UpdatedAt: now,
		}
		require.NoError(w.t, w.server.DB.Create(&l).Error)
		quiz := courses.Item{
			ID: courses.ItemID(l.ID, 1), CourseID: c.ID, LessonID: l.ID, Position: 1, Type: "quiz", Title: text, Source: "lyo", DifficultyLevel: "beginner", Language: "en",
			Quiz: []courses.QuizQuestion{{ID: "q", Kind: "single_choice", Prompt: text, Options: []string{text, "no"}, Explanation: text}}, CreatedAt: now,
		}
		found := courses.Item{
			ID: courses.ItemID(l.ID, 2), CourseID: c.ID, LessonID: l.ID, Position: 2, Type: "article", Title: text, Source: "wikipedia", SourceURL: &address,
			DifficultyLevel: "beginner", Language: "en", CreatedAt: now,
		}
		require.NoError(w.t, w.server.DB.Create(&[]courses.Item{quiz, found}).Error)
		c.Lessons, c.Items = append(c.Lessons, l), append(c.Items, quiz, found)
	}
	kept, err := passages.Use(w.t.Context(), w.server.DB, c.ID, []passages.Snapshot{{
		Site: "wikipedia", Title: text, URL: &address, Language: "en", Content: text, Sections: passages.SectionsOf(text), FetchedAt: now,
	}})
	require.NoError(w.t, err)
	parts, err := passages.Of(w.t.Context(), w.server.DB, kept[0].ID)
	require.NoError(w.t, err)
	require.NoError(w.t, passages.Cite(w.server.DB, c.Lessons[0].ID, []passages.Citation{
		{LessonID: c.Lessons[0].ID, N: 1, PassageID: parts[0].ID, Ends: len(text), Quote: text, State: passages.Supported},
	}))
	return c
}

func (c markedCourse) path() string { return "/v1/courses/" + c.ID.String() }

// studies does everything a learner can do with a course.
func (w *testEnv) studies(p person, c markedCourse) {
	w.t.Helper()
	for _, l := range c.Lessons {
		a := w.do("PUT", c.path()+"/progress", `{"lesson_id":"`+l.ID.String()+`","minutes":5}`, p.header()...)
		require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	}
	a := w.do("POST", c.path()+"/items/"+c.Items[0].ID.String()+"/attempts", `{"answers":[0]}`, p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	require.Equal(w.t, http.StatusNoContent, w.do("POST", c.path()+"/favorite", "", p.header()...).status)
	for _, item := range []uuid.UUID{c.ID, c.Lessons[0].ID, c.Items[0].ID, c.Items[1].ID} {
		for _, action := range []string{"view", "like"} {
			require.Equal(w.t, http.StatusOK, w.interact(p, item, action).status)
		}
	}
}

// listsOf calls visit for the response to every documented GET without an id, plainly, with every value of a closed
// parameter, and with every text parameter about each of some words. Paths only for administrators are left out.
func (w *testEnv) listsOf(p person, words []string, visit func(path string, a answer)) {
	w.t.Helper()
	w.documented(func(method, path string, op *huma.Operation) {
		if method != http.MethodGet || strings.Contains(path, "{") || strings.HasPrefix(path, "/v1/admin/") {
			return
		}
		queries := []url.Values{{}}
		for _, param := range op.Parameters {
			switch {
			case param.In != "query" || param.Name == "cursor":
			case param.Schema.Enum != nil:
				for _, value := range param.Schema.Enum {
					text, _ := value.(string)
					queries = append(queries, url.Values{param.Name: {text}})
				}
			case param.Schema.Type == huma.TypeString && param.Schema.Format == "":
				for _, word := range words {
					queries = append(queries, url.Values{param.Name: {word}})
				}
			}
		}
		for _, q := range queries {
			query := ""
			if len(q) > 0 {
				query = "?" + q.Encode()
			}
			a := w.do(method, path+query, "", p.header()...)
			a.body = []byte(strings.ReplaceAll(string(a.body), q.Encode(), "")) // a problem contains its address
			visit(path+query, a)
		}
	})
}

// cursorsOf returns the addresses of the second page of every list that has one now, except administrators'.
func (w *testEnv) cursorsOf(p person) (next []string) {
	w.t.Helper()
	w.documented(func(method, path string, op *huma.Operation) {
		if method != http.MethodGet || strings.Contains(path, "{") || strings.HasPrefix(path, "/v1/admin/") || !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "cursor" }) {
			return
		}
		for _, q := range []string{"", "&feed_type=recent", "&feed_type=trending", "&feed_type=following"} {
			if q != "" && path != "/v1/feeds/" && path != "/v1/feeds" {
				continue
			}
			if link := nextPath(w.do(method, path+"?limit=1"+q, "", p.header()...)); link != "" {
				next = append(next, link)
			}
		}
	})
	return next
}

// withIDsOf requests every path that names a course, or a part of one, as a user who may not see it. What they had
// earned stays theirs.
func (w *testEnv) withIDsOf(c markedCourse, p person) {
	w.t.Helper()
	cards := []learning.ReviewCard{}
	require.NoError(w.t, w.server.DB.Find(&cards, "user_id = ? AND course_id = ?", p.id, c.ID).Error)
	begun := len(cards) > 0
	w.documented(func(method, path string, op *huma.Operation) {
		ids, body := []string{c.ID.String()}, bodies()[op.OperationID]
		switch {
		case strings.HasPrefix(path, "/v1/courses/{id}"):
		case strings.HasPrefix(path, "/v1/feeds/items/"):
			ids = append(ids, c.Lessons[0].ID.String(), c.Items[0].ID.String(), c.Items[1].ID.String())
		case strings.HasPrefix(path, "/v1/reviews/{"):
			ids = nil
			for _, card := range cards {
				ids = append(ids, card.ID.String())
			}
		default:
			return
		}
		for _, id := range ids {
			at := strings.NewReplacer("{id}", id, "{card_id}", id, "{lesson_id}", c.Lessons[0].ID.String(), "{item_id}", c.Items[0].ID.String(), "{n}", "1").Replace(path)
			require.NotContains(w.t, at, "{", "this test needs a value for %s", path)
			a := w.do(method, at, body, p.header()...)
			require.NotContains(w.t, string(a.body), c.word, at)
			if begun && strings.HasSuffix(path, "/progress") && method == http.MethodGet {
				require.Equal(w.t, http.StatusOK, a.status, at)
				require.EqualValues(w.t, 100, a.json(w.t)["progress_percent"])
				continue
			}
			if begun && method == http.MethodDelete && a.status == http.StatusNoContent {
				require.Regexp(w.t, "/(favorite|share)$", path, "their own mark goes, once")
				a = w.do(method, at, body, p.header()...)
			}
			require.Equal(w.t, http.StatusNotFound, a.status, "%s %s: %s", method, at, a.body)
		}
	})
}

func (w *testEnv) interactThenRead(p person, course uuid.UUID) any {
	w.t.Helper()
	require.Equal(w.t, http.StatusOK, w.interact(p, course, "share").status)
	return w.do("GET", "/v1/courses/"+course.String(), "", p.header()...).json(w.t)["visibility"]
}
