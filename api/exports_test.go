package api

import (
	"context"
	"net/http"
	"strconv"
	"sync"
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

// TestAnExportIsFetchedByItsOwnerForADay, as often as they like, by several requests at once.
func TestAnExportIsFetchedByItsOwnerForADay(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	path, id := w.packed(ada)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			a := w.do("GET", path, "", append(ada.header(), "Accept-Encoding", "gzip")...)
			if a.status != http.StatusOK || string(a.body) != "abcdef" || a.header.Get("Content-Type") != "application/zip" || a.header.Get("Content-Length") != "6" ||
				a.header.Get("Content-Disposition") != `attachment; filename="lyo-export-2026-11-01.zip"` || a.header.Get("Cache-Control") != "no-store" ||
				a.header.Get("ETag") != `"`+id.String()+`"` || a.header.Get("Accept-Ranges") != "bytes" {
				t.Errorf("%d %v %q", a.status, a.header, a.body)
			}
		})
	}
	all.Wait()
	w.problem(w.do("GET", path, "", eve.header()...), rest.SlugNotFound)
	w.problem(w.do("GET", path, "", append(eve.header(), "Range", "bytes=0-1")...), rest.SlugNotFound)
	w.problem(w.do("GET", path, ""), rest.SlugAuth)
	w.clock.advance(privacy.ExportFor - time.Second)
	ada = w.refreshed(ada.refresh)
	require.Equal(t, "abcdef", string(w.do("GET", path, "", ada.header()...).body))
	log, err := store.ListAudit(t.Context(), w.server.DB, store.AuditFilter{Action: store.AuditExportFetched, Limit: 100})
	require.NoError(t, err)
	require.Len(t, log, 21, "each time")
}

func TestPartsOfAnExport(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	path, id := w.packed(ada)
	tag := `"` + id.String() + `"`
	for _, c := range []struct{ asked, ifRange, body, got string }{
		{"bytes=0-2", "", "abc", "bytes 0-2/6"},
		{"bytes=3-", "", "def", "bytes 3-5/6"},
		{"bytes=2-3", tag, "cd", "bytes 2-3/6"},
		{"bytes=4-99999999999999999999999", "", "ef", "bytes 4-5/6"},
		{"bytes=-1", "", "f", "bytes 5-5/6"},
		{"bytes=-60", "", "abcdef", "bytes 0-5/6"},
		{"Bytes=0-5", "", "abcdef", "bytes 0-5/6"},
		{"bytes=2-3", `"another"`, "abcdef", ""},
		{"bytes=2-3", "Sun, 01 Nov 2026 12:00:00 GMT", "abcdef", ""},
		{"bytes=0-1,4-5", "", "abcdef", ""},
		{"bytes=3-2", "", "abcdef", ""},
		{"bytes=a-b", "", "abcdef", ""},
		{"bytes=+1-2", "", "abcdef", ""},
		{"bytes=-", "", "abcdef", ""},
		{"lines=0-1", "", "abcdef", ""},
	} {
		headers := append(ada.header(), "Range", c.asked)
		if c.ifRange != "" {
			headers = append(headers, "If-Range", c.ifRange)
		}
		a := w.do("GET", path, "", headers...)
		require.Equal(t, c.body, string(a.body), c.asked)
		require.Equal(t, c.got, a.header.Get("Content-Range"), c.asked)
		require.Equal(t, strconv.Itoa(len(c.body)), a.header.Get("Content-Length"))
		require.Equal(t, map[bool]int{true: 200, false: 206}[c.got == ""], a.status, c.asked)
		require.Equal(t, tag, a.header.Get("ETag"))
	}
	for _, behind := range []string{"bytes=6-", "bytes=99-100", "bytes=-0"} {
		a := w.do("GET", path, "", append(ada.header(), "Range", behind)...)
		w.problem(a, rest.SlugRange)
		require.Equal(t, "bytes */6", a.header.Get("Content-Range"))
	}
	looked := w.do("HEAD", path, "", append(ada.header(), "Range", "bytes=0-1")...)
	require.Equal(t, http.StatusOK, looked.status)
	require.Equal(t, "6", looked.header.Get("Content-Length"))
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
	path, _ := w.packed(ada)
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
	require.NoError(t, w.server.DB.Exec("UPDATE export_parts SET position = 2 WHERE position > 2").Error)
	require.Equal(t, "def", string(w.do("GET", path, "", append(ada.header(), "Range", "bytes=3-", "If-Range", response.Header.Get("ETag"))...).body))
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
	require.NoError(t, response.Body.Close())
	require.Len(t, w.do("GET", path, "", ada.header()...).body, pieces*size)
	part := w.do("GET", path, "", append(ada.header(), "Range", "bytes=5242879-6291457")...)
	require.Len(t, part.body, 1<<20+3, "of three pieces")
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
	log, err := store.ListAudit(t.Context(), w.server.DB, store.AuditFilter{Action: store.AuditExportFetched, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
}
