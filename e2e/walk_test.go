package e2e_test

import (
	"net/http"
	"path"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/deploy/local"
)

// TestAFirstCourse follows a new user, on two API processes and one worker.
func TestAFirstCourse(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.detectRaces()
	one, two := s.addAPI(), s.addAPI()
	s.startWorker()
	ada := one.register(t, "ada@example.com")
	s.model.On(llmtest.Outline, 1, llmtest.Hold())
	task, course := ada.generate("How tides work")
	require.Contains(t, []any{"QUEUED", "RUNNING"}, ada.task(task)["state"])
	require.Equal(t, "GENERATING", ada.course(course)["status"])
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))
	type ending struct {
		events []object
		code   websocket.StatusCode
	}
	listeners := []*learner{ada, ada.at(two), ada.at(two)}
	endings := make([]ending, len(listeners))
	var wg sync.WaitGroup
	for i, l := range listeners {
		conn := l.dial(task, "&since=0")
		wg.Go(func() { endings[i].events, endings[i].code = l.listen(conn) })
	}
	s.model.Release()
	wg.Wait()
	for _, e := range endings {
		require.Equal(t, websocket.StatusNormalClosure, e.code)
		requireEvents(t, e.events, 1)
		last := e.events[len(e.events)-1]
		require.Equal(t, "DONE", last["state"])
		require.Equal(t, course, last["result_id"])
		require.NotContains(t, last, "type")
	}
	done := ada.course(course)
	require.Equal(t, "READY", done["status"])
	lessons := done["lessons"].([]any)
	require.GreaterOrEqual(t, len(lessons), 3)
	for _, l := range lessons {
		require.NotEmpty(t, l.(object)["content"])
		require.NotEmpty(t, l.(object)["items"])
	}
	generation := done["generation"].(object)
	require.Equal(t, false, generation["fallback"])
	require.Equal(t, true, generation["ai_generated"])
	checked := (&learner{t: t, base: two.base}).call(http.MethodPost, "/v1/provenance/check", object{"manifest": generation["manifest"]}, http.StatusOK)
	require.Equal(t, []any{true, true, course}, []any{checked["ours"], checked["unchanged"], checked["course_id"]}, "anyone can tell, from another API process")

	late, code := ada.at(two).listen(ada.at(two).dial(task, ""))
	require.Equal(t, websocket.StatusNormalClosure, code)
	require.Len(t, late, 1, "a late one gets the final state")
	require.Equal(t, "DONE", late[0]["state"])

	eve := two.register(t, "eve@example.com")
	refused, code := eve.listen(eve.dial(task, ""))
	require.Equal(t, websocket.StatusCode(4404), code)
	require.Len(t, refused, 1)
	require.NotContains(t, refused[0], "seq", "a stranger gets nothing")
	eve.token = "x"
	_, code = eve.listen(eve.dial(task, ""))
	require.Equal(t, websocket.StatusCode(4401), code)
}

func TestSixtyPostsWithOneKey(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.detectRaces()
	apis := []*api{s.addAPI(), s.addAPI()}
	s.startWorker()
	ada := apis[0].register(t, "ada@example.com")
	body := object{"topic": "How tides work"}
	var mu sync.Mutex
	tasks, replays := map[string]int{}, 0
	var wg sync.WaitGroup
	for i := range 60 {
		l := ada.at(apis[i%2])
		wg.Go(func() {
			status, header, content := l.do(http.MethodPost, "/v1/courses/generate", body, "Idempotency-Key", "first-course")
			mu.Lock()
			defer mu.Unlock()
			if status != http.StatusAccepted {
				t.Errorf("%d: %s", status, content)
			}
			tasks[path.Base(path.Dir(header.Get("Location")))]++
			if header.Get("Idempotent-Replayed") == "true" {
				replays++
			}
		})
	}
	wg.Wait()
	require.Len(t, tasks, 1)
	require.Equal(t, 59, replays)
	made := ada.call(http.MethodPost, "/v1/courses/generate", body, http.StatusAccepted, "Idempotency-Key", "first-course")
	ada.await(made["task_id"].(string))
	require.Equal(t, 1, s.model.Count(llmtest.Outline))
	problem := ada.call(http.MethodPost, "/v1/courses/generate", object{"topic": "Moons"}, http.StatusUnprocessableEntity, "Idempotency-Key", "first-course")
	require.Contains(t, problem["type"], "/problems/idempotency-key-reused")
}

// TestTheWorkerDiesInALesson kills it with -9 and starts another one.
func TestTheWorkerDiesInALesson(t *testing.T) {
	t.Parallel()
	replaceWorkerInALesson(t, func(worker *local.Process) { kill(t, worker) })
}

// TestTheWorkerStopsInALesson checks that the lesson passes to another worker.
func TestTheWorkerStopsInALesson(t *testing.T) {
	t.Parallel()
	replaceWorkerInALesson(t, func(worker *local.Process) {
		require.NoError(t, worker.Stop(t.Context()), "a graceful stop is no failure")
	})
}

func replaceWorkerInALesson(t *testing.T, end func(*local.Process)) {
	t.Helper()
	s, ada := newLearnerSystem(t)
	s.model.On(llmtest.Lesson, 3, llmtest.Stall())
	task, course := ada.generate("How tides work")
	require.NoError(t, s.model.WaitStalled(t.Context(), 1))
	ada.awaitLessons(task, course, 1)
	end(s.worker)
	s.startWorker()
	require.Equal(t, "DONE", ada.await(task)["state"])
	require.Equal(t, "READY", ada.course(course)["status"])
	again := 0
	for title, n := range s.model.State().Lessons {
		require.LessOrEqual(t, n, 2, title)
		if n == 2 {
			again++
		}
	}
	require.Equal(t, 1, again, "only the lesson that was cut off is asked for again")
}

func TestTheTemporalCommandCancels(t *testing.T) {
	t.Parallel()
	s, ada := newLearnerSystem(t)
	s.model.On(llmtest.Lesson, 3, llmtest.Stall())
	task, course := ada.generate("How tides work")
	conn := ada.dial(task, "&since=0")
	require.NoError(t, s.model.WaitStalled(t.Context(), 1))
	begun := time.Now()
	s.temporalCLI("workflow", "cancel", "--workflow-id", "generate-course/"+task)
	events, code := ada.listen(conn)
	require.Less(t, time.Since(begun), 5*time.Second)
	require.Equal(t, websocket.StatusNormalClosure, code)
	requireEvents(t, events, 1)
	require.NoError(t, s.model.WaitClosed(t.Context(), 1), "the model's request is closed")
	ended := ada.task(task)
	require.Equal(t, "ERROR", ended["state"])
	require.Equal(t, "cancelled", ended["status"])
	require.Equal(t, true, ended["error_details"].(object)["cancelled_by_user"])
	require.Contains(t, []any{"PARTIAL", "ERROR"}, ada.course(course)["status"])
	ada.call(http.MethodPost, "/v1/tasks/"+task+"/cancel", nil, http.StatusConflict)
}

// TestTemporalIsAway checks that requests are accepted all the same, also by an API
// that dies right after, and that everything finishes once Temporal is back.
func TestTemporalIsAway(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	dying, a := s.addAPI(), s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	s.model.On(llmtest.Lesson, 2, llmtest.Hold())
	running, _ := ada.generate("How tides work")
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))
	port := s.temporal.Port()
	require.NoError(t, s.temporal.Stop(t.Context()))

	begun := time.Now()
	waiting, course := ada.generate("How moons form")
	orphan, _ := ada.at(dying).generate("How stars burn")
	require.Less(t, time.Since(begun), 8*time.Second)
	kill(t, dying.Process)
	require.Equal(t, "QUEUED", ada.task(waiting)["state"])
	require.Equal(t, "RUNNING", ada.task(running)["state"], "the row answers")
	require.Equal(t, "GENERATING", ada.course(course)["status"])
	cancelled, _ := ada.generate("How to stop")
	require.Equal(t, "cancelled", ada.call(http.MethodPost, "/v1/tasks/"+cancelled+"/cancel", nil, http.StatusOK)["status"])

	s.startTemporal(port)
	s.model.Release()
	for _, task := range []string{running, waiting, orphan} {
		require.Equal(t, "DONE", ada.await(task)["state"])
	}
	require.Equal(t, "cancelled", ada.task(cancelled)["status"])
}

func TestARestartSendsSocketsAway(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	one, two := s.addAPI(), s.addAPI()
	s.startWorker()
	ada := one.register(t, "ada@example.com")
	s.model.On(llmtest.Lesson, 1, llmtest.Hold())
	task, _ := ada.generate("How tides work")
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))
	conn := ada.dial(task, "&since=0")
	events := []object{ada.read(conn)}
	one.Signal(syscall.SIGTERM)
	rest, code := ada.listen(conn)
	require.Equal(t, websocket.StatusServiceRestart, code)
	require.NoError(t, one.Wait(), "a graceful stop is no failure")
	events = append(events, rest...)
	last := events[len(events)-1]["seq"].(float64)
	again := ada.at(two)
	conn = again.dial(task, "&since="+strconv.Itoa(int(last)))
	s.model.Release()
	rest, code = again.listen(conn)
	require.Equal(t, websocket.StatusNormalClosure, code)
	requireEvents(t, rest, int(last)+1)
}
