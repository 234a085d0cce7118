package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/sources/sourcetest"
)

// TestCoursesOfQuotationsWithoutModelAndSites has a system that reaches neither a model nor the network make
// courses of what learners bring, in its language.
func TestCoursesOfQuotationsWithoutModelAndSites(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_GEMMA_BASE_URL=")
	a := s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	for name, language := range map[string]string{"de-papier": "de", "hi-monsoon": "hi"} {
		text, err := os.ReadFile(filepath.Join("..", "cmd", "lyo", "eval", "library", name+".md"))
		require.NoError(t, err)
		notes := ada.call(http.MethodPost, "/v1/sources", object{"title": "Notes", "text": string(text)}, http.StatusCreated)
		began := time.Now()
		made := ada.call(http.MethodPost, "/v1/courses/generate", object{"topic": "My notes " + language, "source_ids": []any{notes["id"]}}, http.StatusAccepted)
		require.Equal(t, "DONE", ada.await(made["task_id"].(string))["state"])
		t.Logf("a course in %s took %v", language, time.Since(began))
		id := made["provisional_course_id"].(string)
		course := ada.course(id)
		generation := course["generation"].(object)
		require.Equal(t, "extractive", generation["provider"])
		require.Equal(t, false, generation["fallback"])
		require.Equal(t, false, generation["ai_generated"])
		require.Equal(t, language, course["locale"])
		require.Equal(t, []any{"own"}, generation["sources"])
		quoted := generation["citations"].(object)
		require.Equal(t, quoted["claims"], quoted["supported"])
		lesson := course["lessons"].([]any)[0].(object)
		for _, c := range lesson["citations"].([]any) {
			require.Contains(t, string(text), c.(object)["quote"])
		}
		detail := ada.call(http.MethodGet, "/v1/courses/"+id+"/citations/1?lesson_id="+lesson["id"].(string), nil, http.StatusOK)
		require.Contains(t, string(text), detail["passage"].(object)["text"])
		before := ada.due()
		ada.call(http.MethodPost, "/v1/courses/"+id+"/lessons/"+lesson["id"].(string)+"/complete", object{"minutes": 5}, http.StatusOK)
		require.Greater(t, ada.due(), before, "its cards are in the queue")
	}
}

// TestATopicBecomesACourseOfArticles names a topic that the reference sites know.
func TestATopicBecomesACourseOfArticles(t *testing.T) {
	t.Parallel()
	sites := sourcetest.New(t)
	s := newSystem(t, "LYO_GEMMA_BASE_URL=", "LYO_SOURCES=wikipedia,wikibooks,wikiversity", "LYO_SOURCES_URL="+sites.URL())
	a := s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	task, id := ada.generate("How volcanoes work")
	require.Equal(t, "DONE", ada.await(task)["state"])
	course := ada.course(id)
	require.GreaterOrEqual(t, len(course["lessons"].([]any)), 4)
	require.Equal(t, "extractive", course["generation"].(object)["provider"])
	sites.Close()
	for _, l := range course["lessons"].([]any) {
		lesson := l.(object)
		require.NotEmpty(t, lesson["citations"])
		for _, c := range lesson["citations"].([]any) {
			cited := c.(object)
			detail := ada.call(http.MethodGet, "/v1/courses/"+id+"/citations/1?lesson_id="+lesson["id"].(string), nil, http.StatusOK)
			require.NotEmpty(t, detail["passage"].(object)["text"], "also when the site is gone")
			require.Contains(t, lesson["content"], cited["quote"])
			require.NotEmpty(t, cited["url"])
			require.Contains(t, cited["license"], "CC BY-SA")
		}
	}
}

// due returns how many cards are due.
func (l *learner) due() (n int) {
	l.t.Helper()
	status, _, body := l.do(http.MethodGet, "/v1/reviews/due", nil)
	require.Equal(l.t, http.StatusOK, status, string(body))
	var cards []any
	require.NoError(l.t, json.Unmarshal(body, &cards))
	return len(cards)
}
