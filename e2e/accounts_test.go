package e2e_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// rows opens the system's database directly.
func (s *system) rows() *gorm.DB {
	s.t.Helper()
	db, err := store.Open(s.database, store.Pool{MaxOpen: 2})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = store.Close(db) })
	return db
}

// keys opens its Redis directly.
func (s *system) keys() *redis.Client {
	s.t.Helper()
	return storetest.RedisAt(s.t, s.redis)
}

// awaitRun waits for the end of a workflow.
func (s *system) awaitRun(id string) error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return s.dialTemporal().GetWorkflow(ctx, id, "").Get(ctx, nil)
}

// awaitTimer waits until a workflow that has been started, or is about to be, waits for a timer.
func (s *system) awaitTimer(id string) {
	s.t.Helper()
	c := s.dialTemporal()
	require.Eventually(s.t, func() bool {
		events := c.GetWorkflowHistory(s.t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return false
			}
			if event.GetEventType() == enums.EVENT_TYPE_TIMER_STARTED {
				return true
			}
		}
		return false
	}, patience, 50*time.Millisecond, "%s does not sleep", id)
}

// lyo runs a command of the program.
func (s *system) lyo(args ...string) (string, error) {
	cmd := exec.CommandContext(s.t.Context(), s.program, args...)
	cmd.Env = s.environ(1)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// naming returns the tables with a row that contains the text, with their counts.
func naming(t *testing.T, db *gorm.DB, text string) map[string]int {
	t.Helper()
	var tables []string
	require.NoError(t, db.Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables).Error)
	require.Greater(t, len(tables), 10)
	found := map[string]int{}
	for _, table := range tables {
		var n int
		require.NoError(t, db.Raw("SELECT count(*) FROM "+table+" t WHERE strpos(t::text, ?) > 0", text).Scan(&n).Error)
		if n > 0 {
			found[table] = n
		}
	}
	return found
}

// namingKeys returns the keys of Redis whose name or value contains the text.
func namingKeys(t *testing.T, c *redis.Client, text string) (found []string) {
	t.Helper()
	keys := c.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		value, _ := c.Dump(t.Context(), keys.Val()).Result() // deleted meanwhile: ""
		if strings.Contains(keys.Val(), text) || strings.Contains(value, text) {
			found = append(found, keys.Val())
		}
	}
	require.NoError(t, keys.Err())
	return found
}

// TestAnAccountIsForgotten deletes an account while a course of it is being written
// and sockets are open in two processes.
func TestAnAccountIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_DELETION_GRACE=4s")
	s.detectRaces()
	one, two := s.addAPI(), s.addAPI()
	s.startWorker()
	db, keys := s.rows(), s.keys()
	ada, eve := one.register(t, "ada@example.com"), two.register(t, "eve@example.com")
	user, _ := ada.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)["id"].(string)
	done, _ := ada.generate("How moons form")
	require.Equal(t, "DONE", ada.await(done)["state"])
	s.model.On(llmtest.Lesson, s.model.Count(llmtest.Lesson)+3, llmtest.Stall())
	task, _ := ada.generate("How tides work")
	require.NoError(t, s.model.WaitStalled(t.Context(), 1))
	sockets := []*websocket.Conn{ada.dial(task, ""), ada.at(two).dial(task, "")}
	for _, conn := range sockets {
		ada.read(conn)
	}
	require.NotEmpty(t, naming(t, db, user))
	require.NotEmpty(t, namingKeys(t, keys, user))

	begun := time.Now()
	answer := ada.call(http.MethodDelete, "/v1/users/me", nil, http.StatusOK)
	require.Equal(t, user, answer["user_id"])
	for _, conn := range sockets {
		_, code := ada.listen(conn)
		require.EqualValues(t, 4401, code)
	}
	t.Logf("both sockets closed %v after the request", time.Since(begun).Round(time.Millisecond))
	var status int
	for status != http.StatusUnauthorized { // within a second, also in the other process
		require.Less(t, time.Since(begun), 2*time.Second)
		status, _, _ = ada.at(two).do(http.MethodGet, "/v1/users/me", nil)
	}
	require.NoError(t, s.model.WaitClosed(t.Context(), 1), "the model's request is closed")
	var deletion string
	require.NoError(t, db.Raw("SELECT deletion_id FROM users WHERE id = ?", user).Scan(&deletion).Error)
	require.NoError(t, s.awaitRun("delete-account/"+deletion))

	require.Equal(t, map[string]int{"audit_log": 1}, naming(t, db, user))
	require.Empty(t, namingKeys(t, keys, user))
	require.Empty(t, naming(t, db, "ada@example.com"))
	require.Equal(t, "eve@example.com", eve.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)["email"])
	one.register(t, "ada@example.com") // the address is available again
}

func TestADeletionIsUndoneByTheCommandLine(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_DELETION_GRACE=1h")
	a := s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	ada.call(http.MethodDelete, "/v1/users/me", nil, http.StatusOK)
	login := object{"email": "ada@example.com", "password": "correct horse battery"}
	denied := ada.call(http.MethodPost, "/v1/auth/login", login, http.StatusForbidden)
	require.Contains(t, denied["detail"], "being deleted")
	var deletion string
	require.NoError(t, s.rows().Raw("SELECT deletion_id FROM users").Scan(&deletion).Error)
	s.awaitTimer("delete-account/" + deletion) // before it sleeps, an activity may be first to see the restored account
	out, err := s.lyo("admin", "undelete", "ada@example.com")
	require.NoError(t, err, out)
	require.Contains(t, out, "is restored")
	require.True(t, temporal.IsCanceledError(s.awaitRun("delete-account/"+deletion)))
	ada.token, _ = ada.call(http.MethodPost, "/v1/auth/login", login, http.StatusOK)["access_token"].(string)
	ada.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)

	out, err = s.lyo("admin", "grant", "ada@example.com")
	require.NoError(t, err, out)
	status, _, body := ada.do(http.MethodGet, "/v1/admin/audit", nil)
	require.Equal(t, http.StatusOK, status)
	var actions []string
	var log []object
	require.NoError(t, json.Unmarshal(body, &log))
	for _, e := range log {
		actions = append(actions, e["action"].(string))
	}
	require.Equal(t, []string{"role.granted", "session.started", "deletion.undone", "session.refused", "deletion.requested", "account.created"}, actions)
}

func TestAnExportIsFetchedForADay(t *testing.T) {
	t.Parallel()
	s, ada := newLearnerSystem(t)
	task, course := ada.generate("How tides work")
	require.Equal(t, "READY", func() any { ada.await(task); return ada.course(course)["status"] }())
	export, _ := ada.call(http.MethodPost, "/v1/users/me/export", nil, http.StatusAccepted)["task_id"].(string)
	finished := ada.await(export)
	require.Equal(t, "DONE", finished["state"], "%v", finished)
	address, _ := finished["result_url"].(string)
	path := strings.TrimPrefix(address, "http://lyo.test")
	eve := s.apis[0].register(t, "eve@example.com")
	eve.call(http.MethodGet, path, nil, http.StatusNotFound)
	status, header, body := ada.do(http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, status, string(body))
	require.Equal(t, "application/zip", header.Get("Content-Type"))
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		files[f.Name] = string(content)
	}
	require.Contains(t, files["profile.json"], "ada@example.com")
	require.Contains(t, files["courses.json"], course)
	_, _, again := ada.do(http.MethodGet, path, nil)
	require.Equal(t, body, again)
}

var mailedToken = regexp.MustCompile(`(?m)^\s*([a-z2-7]{32})\s*$`)

// mail waits for the next mail to be written and returns it and its token.
func (s *system) mail(seen map[string]bool) (text, token string) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		files, _ := filepath.Glob(filepath.Join(s.dir, "mail", "*.eml"))
		for _, f := range files {
			if seen[f] {
				continue
			}
			seen[f] = true
			content, err := os.ReadFile(f)
			require.NoError(s.t, err)
			text = strings.ReplaceAll(string(content), "\r\n", "\n")
			if found := mailedToken.FindStringSubmatch(text); found != nil {
				token = found[1]
			}
			return text, token
		}
		<-time.After(20 * time.Millisecond) // the folder has no notification of a new file
	}
	require.Fail(s.t, "no mail came")
	return "", ""
}

// TestAForgottenPassword runs the whole flow by mail: a new account verifies its
// address, and its owner, who forgot the password, signs in again.
func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	a := s.addAPI()
	s.startWorker()
	ada, seen := a.register(t, "ada@example.com"), map[string]bool{}
	text, token := s.mail(seen)
	require.Contains(t, text, "ada@example.com")
	nobody := &learner{t: t, base: a.base}
	nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": token}, http.StatusNoContent)
	require.Equal(t, true, ada.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)["is_verified"])
	nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": token}, http.StatusUnprocessableEntity)

	for _, email := range []string{"nobody@example.com", "ADA@example.com"} {
		nobody.call(http.MethodPost, "/v1/auth/password-reset/request", object{"email": email}, http.StatusNoContent)
	}
	_, token = s.mail(seen)
	reset := object{"token": token, "new_password": "staple lantern"}
	nobody.call(http.MethodPost, "/v1/auth/password-reset", reset, http.StatusNoContent)
	nobody.call(http.MethodPost, "/v1/auth/password-reset", reset, http.StatusUnprocessableEntity)
	ada.call(http.MethodGet, "/v1/users/me", nil, http.StatusUnauthorized)
	text, _ = s.mail(seen)
	require.Contains(t, text, "password was changed")
	nobody.call(http.MethodPost, "/v1/auth/login", object{"email": "ada@example.com", "password": "staple lantern"}, http.StatusOK)
	var unsent int64
	require.NoError(t, s.rows().Raw("SELECT count(*) FROM mails WHERE address LIKE 'nobody%' AND sent_at IS NOT NULL").Scan(&unsent).Error)
	require.Zero(t, unsent)
}
