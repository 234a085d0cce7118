package api

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestAskingForAnExport(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	answers := make([]answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = w.do("POST", "/v1/users/me/export", "", ada.header()...) })
	}
	all.Wait()
	first := answers[0].json(t)
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.Equal(t, first["task_id"], a.json(t)["task_id"], "one at a time")
		require.Equal(t, first["status_url"], a.header.Get("Location"))
	}
	task := w.do("GET", "/v1/tasks/"+first["task_id"].(string), "", ada.header()...).json(t)
	require.Equal(t, "account_export", task["task_type"])
	require.Nil(t, task["provisional_course_id"])
	require.Nil(t, task["result_url"])
	id := uuid.MustParse(first["task_id"].(string))
	now := w.server.Now()
	done := tasks.TaskEvent{Seq: 2, State: tasks.TaskDone, Progress: 100, Step: "done", Message: "Ready", At: now}
	require.NoError(t, tasks.FinishTask(t.Context(), w.server.DB, id, []tasks.TaskEvent{done}))
	task = w.do("GET", "/v1/tasks/"+first["task_id"].(string), "", ada.header()...).json(t)
	require.Equal(t, "http://lyo.test/v1/users/me/exports/"+task["result_id"].(string), task["result_url"])
	again := w.do("POST", "/v1/users/me/export", "", ada.header()...).json(t)
	require.NotEqual(t, first["task_id"], again["task_id"])
	require.Empty(t, w.list("/v1/tasks?task_type=course_generation", ada))
}

// packed creates a finished export of two parts.
func (w *testEnv) packed(p person) (path string, id uuid.UUID) {
	w.t.Helper()
	now := w.server.Now()
	expiry := now.Add(privacy.ExportFor)
	export := privacy.Export{ID: store.NewID(), UserID: uuid.MustParse(p.id), SizeBytes: 6, CreatedAt: now, ExpiresAt: &expiry}
	require.NoError(w.t, w.server.DB.Create(&export).Error)
	for i, data := range []string{"abc", "def"} {
		require.NoError(w.t, privacy.AddExportPart(context.Background(), w.server.DB, privacy.ExportPart{ExportID: export.ID, Position: i + 1, Data: []byte(data)}))
	}
	return "/v1/users/me/exports/" + export.ID.String(), export.ID
}

func TestAnExportIsFetchedByOneOfMany(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	path, id := w.packed(ada)
	var got atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			a := w.do("GET", path, "", append(ada.header(), "Accept-Encoding", "gzip")...)
			if a.status == http.StatusNotFound {
				return
			}
			got.Add(1)
			if string(a.body) != "abcdef" || a.header.Get("Content-Type") != "application/zip" || a.header.Get("Content-Length") != "6" ||
				a.header.Get("Content-Disposition") != `attachment; filename="lyo-export-2026-11-01.zip"` || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v %q", a.status, a.header, a.body)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, got.Load())
	_, left, err := privacy.NextExportPart(t.Context(), w.server.DB, id, 0, privacy.ExportRoom)
	require.NoError(t, err)
	require.False(t, left)
}

func TestAnExportThatIsTooOldIsGone(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	path, id := w.packed(ada)
	w.clock.advance(privacy.ExportFor)
	ada = w.refreshed(ada.refresh)
	w.problem(w.do("GET", path, "", ada.header()...), rest.SlugNotFound)
	require.NoError(t, privacy.SweepExports(t.Context(), w.server.DB, w.clock.now().Add(time.Second), 10))
	var left int64
	require.NoError(t, w.server.DB.Model(&privacy.Export{}).Where("id = ?", id).Count(&left).Error)
	require.Zero(t, left)
}

func TestADownloadThatBrokeOffCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	path, id := w.packed(ada)
	require.NoError(t, w.server.DB.Exec("UPDATE export_parts SET position = position + ? WHERE position = 2", privacy.ExportRoom).Error)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+ada.access)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = response.Body.Read(make([]byte, 10))
	if err == nil {
		_, err = response.Body.Read(make([]byte, 10))
	}
	require.Error(t, err, "half an archive does not look like a whole one")
	w.givenBack(id)
	require.NoError(t, w.server.DB.Exec("UPDATE export_parts SET position = 2 WHERE position > 2").Error)
	require.Equal(t, "abcdef", string(w.do("GET", path, "", ada.header()...).body))
}

// givenBack waits until a claimed export can be downloaded again, which is soon after
// its download broke off.
func (w *testEnv) givenBack(id uuid.UUID) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var export privacy.Export
		return w.server.DB.First(&export, "id = ?", id).Error == nil && export.DownloadedAt == nil
	}, 10*time.Second, 5*time.Millisecond)
}

func TestAClientThatLeavesInTheMiddleCanComeBack(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	path, id := w.packed(ada)
	const pieces, size = 24, 1 << 20 // more than socket buffers take
	require.NoError(t, w.server.DB.Exec("UPDATE exports SET size_bytes = ?", pieces*size).Error)
	require.NoError(t, w.server.DB.Exec("DELETE FROM export_parts").Error)
	require.NoError(t, w.server.DB.Exec(
		"INSERT INTO export_parts SELECT ?, n, decode(repeat('ab', ?), 'hex') FROM generate_series(1, ?) n", id, size, pieces,
	).Error)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+ada.access)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	_, err = response.Body.Read(make([]byte, 10))
	require.NoError(t, err)
	w.problem(w.do("GET", path, "", ada.header()...), rest.SlugNotFound)
	require.NoError(t, response.Body.Close())
	w.givenBack(id)
	require.Len(t, w.do("GET", path, "", ada.header()...).body, pieces*size)
	w.problem(w.do("GET", path, "", ada.header()...), rest.SlugNotFound)
}

func TestLookingAtAnExportIsNotFetchingIt(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	path, _ := w.packed(ada)
	require.Equal(t, http.StatusNotFound, w.do("HEAD", path, "", eve.header()...).status)
	looked := w.do("HEAD", path, "", ada.header()...)
	require.Equal(t, http.StatusOK, looked.status)
	require.Equal(t, "6", looked.header.Get("Content-Length"))
	w.problem(w.do("GET", path, "", eve.header()...), rest.SlugNotFound)
	w.problem(w.do("GET", path, ""), rest.SlugAuth)
	require.Equal(t, "abcdef", string(w.do("GET", path, "", ada.header()...).body))
	require.Equal(t, http.StatusNotFound, w.do("HEAD", path, "", ada.header()...).status)
	log, err := store.ListAudit(t.Context(), w.server.DB, store.AuditFilter{Action: store.AuditExportFetched, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
}
