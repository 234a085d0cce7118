package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/deploy/local"
)

const (
	upgradeLearners = 4
	releasedDump    = "testdata/released.sql.gz" // of the released version, with courses in flight and plans under review
)

// upgrade is a system that goes from the released version to this one and back.
type upgrade struct {
	*system

	versioned bool
	stage     atomic.Int32 // courses of a later stage wait at the model
	db        *gorm.DB

	api      *api
	learners []*learner
	flying   [3][]work // by the stage in which they end
	reviewed []work
}

// work is a learner's course.
type work struct {
	learner      int
	task, course string
}

func newUpgrade(t *testing.T, versioned bool) *upgrade {
	t.Helper()
	extra := []string{"LYO_COURSES_AT_ONCE=5", "LYO_GEMMA_PARALLEL=40", "LYO_WORKER_MOVE_AFTER=2s"}
	if versioned {
		extra = append(extra, "LYO_WORKER_VERSIONING=on")
	}
	u := &upgrade{system: newSystem(t, extra...), versioned: versioned}
	u.model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind == llmtest.Lesson && r.Topic > fmt.Sprintf("Stage %d:", u.stage.Load()+1) {
			return []llmtest.Fault{llmtest.Hold()}
		}
		return nil
	})
	u.db = u.rows()
	require.NoError(t, u.db.Exec("DROP SCHEMA public CASCADE").Error)
	require.NoError(t, u.db.Exec("CREATE SCHEMA public").Error)
	return u
}

// run starts the API and a worker of a program in place of those that run, of which none is left.
func (u *upgrade) run(program, build string, extra ...string) {
	u.t.Helper()
	u.stopAll()
	u.program = program
	out, err := u.lyo("migrate")
	require.NoError(u.t, err, out)
	u.api = u.addAPI("LYO_BUILD_ID=" + build)
	u.worker = u.start("worker", 1, append(extra, "LYO_BUILD_ID="+build)...)
	if u.versioned {
		u.makeCurrent(build)
	}
	for i, l := range u.learners {
		u.learners[i] = l.at(u.api)
	}
}

// makeCurrent gives new work to a build by this version's command.
func (u *upgrade) makeCurrent(build string) {
	u.t.Helper()
	running := u.program
	u.program = lyo
	out, err := u.lyo("worker", "current", "--build-id", build)
	u.program = running
	require.NoError(u.t, err, out)
	require.Contains(u.t, out, "new work goes to build "+build)
}

func (u *upgrade) stopAll() {
	if u.api != nil {
		stop(u.worker)
		stop(u.api.Process)
	}
}

// begin has 8 courses written and 4 plans reviewed.
func (u *upgrade) begin() {
	u.t.Helper()
	for i := range upgradeLearners {
		u.learners = append(u.learners, u.api.register(u.t, fmt.Sprintf("learner-%d@example.com", i)))
		u.reviewed = append(u.reviewed, u.ask(i, 0, "review"))
	}
	for _, w := range u.reviewed {
		u.awaitReview(w)
	}
	for i := range upgradeLearners {
		for stage := 1; stage <= 2; stage++ {
			u.flying[stage] = append(u.flying[stage], u.ask(i, stage, "automatic"))
		}
	}
	require.NoError(u.t, u.model.WaitHeld(u.t.Context(), 8))
}

func (u *upgrade) ask(learner, stage int, mode string) work {
	u.t.Helper()
	made := u.learners[learner].call(http.MethodPost, "/v1/courses/generate", object{
		"topic": fmt.Sprintf("Stage %d: how tide %d works", stage, learner), "mode": mode,
	}, http.StatusAccepted)
	return work{learner, made["task_id"].(string), made["provisional_course_id"].(string)}
}

func (u *upgrade) awaitReview(w work) {
	u.t.Helper()
	require.Eventually(u.t, func() bool { return u.learners[w.learner].task(w.task)["step"] == "review" }, patience, 50*time.Millisecond)
}

// accept accepts the plans of a review, as soon as the worker answers for them.
func (u *upgrade) accept(reviewed []work) {
	u.t.Helper()
	for _, w := range reviewed {
		require.Eventually(u.t, func() bool {
			status, _, body := u.learners[w.learner].do(http.MethodPost, "/v1/tasks/"+w.task+"/outline", object{"action": "accept"})
			if status >= 300 {
				u.t.Logf("a plan cannot be accepted yet: %d %s", status, body)
			}
			return status < 300
		}, patience, time.Second)
	}
}

func (u *upgrade) requireDone(all ...work) {
	u.t.Helper()
	for _, w := range all {
		l := u.learners[w.learner]
		require.Equal(u.t, "DONE", l.await(w.task)["state"], w.task)
		require.Equal(u.t, "READY", l.course(w.course)["status"], w.course)
	}
}

// requireSound checks that everything came to its end, once.
func (u *upgrade) requireSound(courses int) {
	u.t.Helper()
	u.awaitQuiet(u.db)
	requireInvariants(u.t, u.db)
	u.requireOneRunEach()
	var ready, lessons, distinct int
	require.NoError(u.t, u.db.Raw(`SELECT count(*) FROM courses WHERE status = 'READY'`).Scan(&ready).Error)
	require.NoError(u.t, u.db.Raw(`SELECT count(*) FROM lessons`).Scan(&lessons).Error)
	require.NoError(u.t, u.db.Raw(`SELECT count(DISTINCT (course_id, position)) FROM lessons`).Scan(&distinct).Error)
	require.Equal(u.t, courses, ready)
	require.Equal(u.t, distinct, lessons, "a lesson is there twice")
}

// awaitUnpinned waits until no open run is pinned to a build.
func (u *upgrade) awaitUnpinned() {
	u.t.Helper()
	c := u.dialTemporal()
	require.Eventually(u.t, func() bool {
		pinned, err := c.CountWorkflow(u.t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: client.DefaultNamespace, Query: "ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned'",
		})
		return err == nil && pinned.GetCount() == 0
	}, patience, 100*time.Millisecond, "runs stay pinned to a build without workers")
}

// TestAnUpgradeAndARollback goes from the released version to this one and back, with courses being written and
// plans under review, and no worker of the version before left.
func TestAnUpgradeAndARollback(t *testing.T) {
	t.Parallel()
	old, ok := released(t)
	if !ok {
		t.Log("the released commit is not in this clone: a dump of it is gone on with instead")
	}
	for name, versioned := range map[string]bool{"unversioned": false, "versioned": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpgrade(t, versioned)
			if !ok {
				u.goOnWithTheDump()
				return
			}
			u.run(old, "released")
			u.begin()
			began := time.Now()
			u.stage.Store(1)
			u.run(lyo, "head", "LYO_RUNS_AS_BEFORE=on")
			u.requireDone(u.flying[1]...)
			u.accept(u.reviewed[:2])
			u.requireDone(u.reviewed[:2]...)
			t.Logf("upgraded in %v", time.Since(began).Round(time.Second))
			begunHere := u.ask(0, 2, "automatic")
			u.awaitUnpinned()

			began = time.Now()
			u.stage.Store(2)
			u.run(old, "released")
			u.requireDone(append(u.flying[2], begunHere)...)
			u.accept(u.reviewed[2:])
			u.requireDone(u.reviewed[2:]...)
			t.Logf("rolled back in %v", time.Since(began).Round(time.Second))
			u.requireSound(13)
		})
	}
}

// goOnWithTheDump restores what the released version left, and lets this one finish it. Temporal knows nothing of it.
func (u *upgrade) goOnWithTheDump() {
	u.t.Helper()
	file, err := os.Open(releasedDump)
	require.NoError(u.t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	require.NoError(u.t, err)
	script, err := io.ReadAll(unpacked)
	require.NoError(u.t, err)
	conn, err := pgx.Connect(u.t.Context(), u.database)
	require.NoError(u.t, err)
	_, err = conn.PgConn().Exec(u.t.Context(), string(script)).ReadAll()
	require.NoError(u.t, err)
	require.NoError(u.t, conn.Close(u.t.Context()))

	u.stage.Store(2)
	u.run(lyo, "head")
	for i := range upgradeLearners {
		l := &learner{t: u.t, base: u.api.base}
		l.token, _ = l.call(http.MethodPost, "/v1/auth/login", object{
			"email": fmt.Sprintf("learner-%d@example.com", i), "password": "correct horse battery",
		}, http.StatusOK)["access_token"].(string)
		u.learners = append(u.learners, l)
		status, _, content := l.do(http.MethodGet, "/v1/tasks", nil)
		require.Equal(u.t, http.StatusOK, status)
		var tasks []object
		require.NoError(u.t, json.Unmarshal(content, &tasks))
		for _, task := range tasks {
			w := work{i, task["task_id"].(string), task["provisional_course_id"].(string)}
			if task["step"] == "review" {
				u.reviewed = append(u.reviewed, w)
			} else {
				u.flying[2] = append(u.flying[2], w)
			}
		}
	}
	require.Len(u.t, u.reviewed, 4)
	require.Len(u.t, u.flying[2], 8)
	u.requireDone(u.flying[2]...)
	u.accept(u.reviewed)
	u.requireDone(u.reviewed...)
	u.requireSound(12)
}

// ofPsql matches what psql understands and Postgres does not.
var ofPsql = regexp.MustCompile(`(?m)^\\.*$`)

// dump writes what the released version leaves, for clones without its commit.
func (u *upgrade) dump(t *testing.T) {
	t.Helper()
	u.stopAll()
	bin, err := local.FindPostgres(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true, Out: t.Output()})
	require.NoError(t, err)
	out, err := local.PostgresProgram(t.Context(), bin, "pg_dump", "--inserts", "--no-owner", "--no-privileges", u.database).Output()
	require.NoError(t, err)
	script := ofPsql.ReplaceAll(out, nil)
	script = []byte(strings.Replace(string(script), "CREATE SCHEMA public;", "", 1))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(script)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.MkdirAll(filepath.Dir(releasedDump), 0o755))
	require.NoError(t, os.WriteFile(releasedDump, packed.Bytes(), 0o644))
}
