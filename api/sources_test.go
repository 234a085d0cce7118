package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/tasks"
)

// formFile is a file of a form as a browser sends it.
type formFile struct{ name, media, data string }

// upload posts a form with files and fields, whose names and values alternate.
func (w *testEnv) upload(p person, files []formFile, fields ...string) answer {
	w.t.Helper()
	body, media := form(w.t, files, fields...)
	return w.send("POST", "/v1/sources", body, append(p.header(), "Content-Type", media)...)
}

func form(t *testing.T, files []formFile, fields ...string) (body *bytes.Buffer, media string) {
	t.Helper()
	body = &bytes.Buffer{}
	out := multipart.NewWriter(body)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, out.WriteField(fields[i], fields[i+1]))
	}
	for _, f := range files {
		header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + f.name + `"`}}
		if f.media != "" {
			header.Set("Content-Type", f.media)
		}
		part, err := out.CreatePart(header)
		require.NoError(t, err)
		_, err = part.Write([]byte(f.data))
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	return body, out.FormDataContentType()
}

func one(name, media, data string) []formFile { return []formFile{{name, media, data}} }

func (w *testEnv) sourceRow(v map[string]any) courses.Source {
	w.t.Helper()
	row, err := courses.SourceToRead(context.Background(), w.server.DB, uuid.MustParse(v["id"].(string)))
	require.NoError(w.t, err)
	return row
}

func TestUploadsOfEveryKind(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for _, c := range []struct {
		file               formFile
		fields             []string
		kind, media, title string
	}{
		{formFile{"Tides of the Sea.pdf", "application/pdf", "%PDF-1.7\nsome"}, nil, "pdf", "application/pdf", "Tides of the Sea"},
		{formFile{"TIDES.PDF", "application/octet-stream", "%PDF-1.4\n"}, []string{"title", "  Tides  "}, "pdf", "application/pdf", "Tides"},
		{formFile{"notes.md", "application/octet-stream", "# Tides"}, nil, "markdown", "text/markdown", "notes"},
		{formFile{"notes.md", "text/plain", "# Tides"}, nil, "markdown", "text/markdown", "notes"},
		{formFile{"notes", "text/markdown", "# Tides"}, nil, "markdown", "text/markdown", "notes"},
		{formFile{"notes.txt", "text/plain; charset=ISO-8859-1", "caf\xe9"}, []string{"other", "x"}, "text", "text/plain; charset=iso-8859-1", "notes"},
		{formFile{"notes.txt", "", "\xff\xfec\x00a\x00"}, nil, "text", "text/plain", "notes"},
		{formFile{"../../etc/passwd.txt", "", "words"}, nil, "text", "text/plain", "passwd"},
		{formFile{"", "text/plain", "words"}, nil, "text", "text/plain", ""},
	} {
		a := w.upload(ada, []formFile{c.file}, c.fields...)
		require.Equal(t, http.StatusCreated, a.status, "%v: %s", c.file, a.body)
		v := a.json(t)
		require.Equal(t, "http://lyo.test/v1/sources/"+v["id"].(string), a.header.Get("Location"))
		require.Equal(t, []any{c.kind, c.media, c.title, "PROCESSING"}, []any{v["kind"], v["media_type"], v["title"], v["state"]}, c.file)
		require.EqualValues(t, len(c.file.data), v["size_bytes"])
		require.Nil(t, v["url"])
		row := w.sourceRow(v)
		require.Equal(t, c.file.data, string(row.Original))
		digest := sha256.Sum256([]byte(c.file.data))
		require.Equal(t, digest[:], row.SHA256)
		var enqueued int64
		require.NoError(t, w.server.DB.Raw("SELECT count(*) FROM outbox WHERE workflow_id = ?", "read-source/"+v["id"].(string)).Scan(&enqueued).Error)
		require.EqualValues(t, 1, enqueued)
	}
}

// TestTextIsNotJudgedByItsFirstLetters uploads notes that begin like files of other kinds.
func TestTextIsNotJudgedByItsFirstLetters(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for _, word := range []string{"BM25 ranking", "BMI", "ID3 decision trees", "OTTO engine", "GIF89a", "wOFF fonts", "%PDF-1.4 as a header", "\xff\xfea\x00", "\xfe\xff\x00a", "\x00\x00\xfe\xff\x00\x00\x00a", "\xcf\xf0\xe8\xe2\xe5\xf2"} {
		for _, name := range []string{"notes.md", "notes.txt"} {
			a := w.upload(ada, one(name, "", word))
			require.Equal(t, http.StatusCreated, a.status, "%q %s", word, a.body)
		}
	}
}

// TestHowMuchMaterialPassesInATime adds material until the minute's and then the day's limit is reached.
func TestHowMuchMaterialPassesInATime(t *testing.T) {
	t.Parallel()
	w, at := newLimitedEnvWithoutTemporal(t), network()
	ada, bob := w.signUpFrom(at(1), "ada@example.com"), w.signUpFrom(at(1), "bob@example.com")
	add := func(p person) answer {
		return w.from(at(1), "POST", "/v1/sources", `{"title":"Notes","text":"The Moon pulls."}`, p.header()...)
	}
	for range 5 {
		require.Equal(t, http.StatusCreated, add(ada).status)
	}
	a := add(ada)
	require.EqualValues(t, 12, w.problem(a, rest.SlugRateLimited)["retry_after"], "five a minute")
	require.Equal(t, "12", a.header.Get("Retry-After"))
	require.Contains(t, a.header.Get(ratelimit.PolicyField), `"sources";q=5;w=60, "sources-day";q=8;w=86400`)
	require.Equal(t, http.StatusCreated, add(bob).status, "each user for themself")
	for range 3 {
		w.waited(a)
		require.Equal(t, http.StatusCreated, add(ada).status)
		a = add(ada)
	}
	require.Greater(t, w.problem(a, rest.SlugRateLimited)["retry_after"], 10_000.0, "eight a day")
}

func TestAddressesAndTexts(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	v := w.do("POST", "/v1/sources/", `{"url":" https://example.com/tides?a=1#top "}`, ada.header()...).json(t)
	require.Equal(t, []any{"web", "https://example.com/tides?a=1#top", ""}, []any{v["kind"], v["url"], v["title"]})
	v = w.do("POST", "/v1/sources", `{"text":"Water rises.\nAnd falls.","title":"Tides","unknown":1}`, ada.header()...).json(t)
	require.Equal(t, []any{"text", nil, "Tides", "text/plain; charset=utf-8"}, []any{v["kind"], v["url"], v["title"], v["media_type"]})
	require.Equal(t, "Water rises.\nAnd falls.", string(w.sourceRow(v).Original))
}

func TestSourcesThatBreakRules(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for body, pointers := range map[string][]string{
		`{}`:            {"/file"},
		`{"title":"x"}`: {"/file"},
		`{"url":"https://a.example","text":"x","title":"t"}`: {"/url"},
		`{"url":7}`:                       {"/url"},
		`{"text":" \n","title":""}`:       {"/text", "/title"},
		`{"text":"x"}`:                    {"/title"},
		`{"url":"http://example.com/"}`:   {"/url"},
		`{"url":"ftp://example.com/"}`:    {"/url"},
		`{"url":"https:///x"}`:            {"/url"},
		`{"url":"https:x"}`:               {"/url"},
		`{"url":"tides"}`:                 {"/url"},
		`{"url":"https://a b.example/"}`:  {"/url"},
		`{"url":"https://u:p@a.example"}`: {"/url"},
		`{"url":"https://a.example/` + long(2000) + `","title":"` + long(201) + `"}`: {"/url", "/title"},
		`{"text":"x","title":"two\nlines"}`:                                          {"/title"},
	} {
		p := w.problem(w.do("POST", "/v1/sources", body, ada.header()...), rest.SlugValidation)
		require.ElementsMatch(t, pointers, pointersOf(p), body)
	}
	for name, c := range map[string]struct {
		files    []formFile
		fields   []string
		pointers []string
	}{
		"no file":    {nil, []string{"title", "x"}, []string{"/file"}},
		"empty file": {one("a.txt", "", ""), []string{"title", long(201)}, []string{"/file", "/title"}},
		"two files":  {append(one("a.txt", "", "x"), one("b.txt", "", "x")...), nil, []string{"/file"}},
		"two titles": {one("a.txt", "", "x"), []string{"title", "a", "title", "b"}, []string{"/title"}},
		"no UTF-8":   {one("a.txt", "", "x"), []string{"title", "\xff"}, []string{"/title"}},
		"NUL":        {one("a.txt", "", "x"), []string{"title", "a\x00b"}, []string{"/title"}},
	} {
		p := w.problem(w.upload(ada, c.files, c.fields...), rest.SlugValidation)
		require.ElementsMatch(t, c.pointers, pointersOf(p), name)
	}
	for _, body := range []string{"", "{", "[", `{"url":"a","url":"b"}`, "\xff"} {
		w.problem(w.send("POST", "/v1/sources", strings.NewReader(body), ada.header()...), rest.SlugMalformed)
	}
	require.Empty(t, w.sourcesOf(ada, ""))
}

func TestUploadsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for _, file := range []formFile{
		{"a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04"},
		{"a.html", "text/html", "<p>x"},
		{"a.png", "", "\x89PNG\r\n\x1a\n"},
		{"a.pdf", "application/pdf", "PK\x03\x04"},
		{"a.txt", "text/plain", "\x89PNG\r\n\x1a\n\x00\x00"},
		{"a.txt", "text/plain", "PK\x03\x04\x14\x00\x06\x00[Content_Types].xml"},
		{"a.epub", "application/epub+zip", "PK\x03\x04\x0a\x00mimetypeapplication/epub+zip"},
		{"a", "", "words"},
	} {
		w.problem(w.upload(ada, []formFile{file}), rest.SlugMedia)
	}
	w.problem(w.do("POST", "/v1/sources", "<a/>", append(ada.header(), "Content-Type", "application/xml")...), rest.SlugMedia)
	for _, media := range []string{"multipart/form-data", "multipart/form-data; boundary=x"} {
		w.problem(w.do("POST", "/v1/sources", "no form", append(ada.header(), "Content-Type", media)...), rest.SlugMalformed)
	}
	body, media := form(t, one("a.txt", "", strings.Repeat("words ", 100)))
	w.problem(w.do("POST", "/v1/sources", body.String()[:300], append(ada.header(), "Content-Type", media)...), rest.SlugMalformed)
	parts, media := form(t, nil, strings.Split(strings.Repeat("n,v,", maxParts)+"n,v", ",")...)
	w.problem(w.do("POST", "/v1/sources", parts.String(), append(ada.header(), "Content-Type", media)...), rest.SlugMalformed)
	w.problem(w.do("POST", "/v1/courses/generate", body.String(), append(ada.header(), "Content-Type", media)...), rest.SlugMedia)
}

func TestHowLongAnUploadMayBe(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	file := func(size int) []formFile { return one("a.txt", "text/plain", strings.Repeat("x", size)) }
	a := w.upload(ada, file(maxFile))
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	require.EqualValues(t, maxFile, a.json(t)["size_bytes"])
	w.problem(w.upload(ada, file(maxFile+1)), rest.SlugTooLarge)
	p := w.problem(w.upload(ada, file(maxUpload)), rest.SlugTooLarge)
	require.Contains(t, p["detail"], "10 MiB")
	body, media := form(t, file(maxUpload))
	unknownLength := struct{ *bytes.Buffer }{body} // sent in chunks
	w.problem(w.send("POST", "/v1/sources", unknownLength, append(ada.header(), "Content-Type", media)...), rest.SlugTooLarge)
	text := `{"title":"t","text":"` + strings.Repeat("x", 1<<20) + `"}`
	require.Equal(t, http.StatusCreated, w.do("POST", "/v1/sources", text, ada.header()...).status)
	w.problem(w.do("GET", "/v1/sources", text, ada.header()...), rest.SlugTooLarge)
	w.problem(w.do("POST", "/v1/courses/generate", text, ada.header()...), rest.SlugTooLarge)
}

// sourcesOf returns the titles of a page of a user's material; query starts with "?".
func (w *testEnv) sourcesOf(p person, query string) []string {
	w.t.Helper()
	a := w.do("GET", "/v1/sources/"+query, "", p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	var page []struct{ Title string }
	require.NoError(w.t, json.Unmarshal(a.body, &page))
	titles := make([]string, 0, len(page))
	for _, one := range page {
		titles = append(titles, one.Title)
	}
	return titles
}

func TestOwnSourcesOnly(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	var ids []string
	for _, title := range []string{"One", "Two", "Three"} {
		w.clock.advance(time.Second)
		a := w.do("POST", "/v1/sources", `{"text":"words","title":"`+title+`"}`, ada.header()...)
		ids = append(ids, a.json(t)["id"].(string))
	}
	require.Equal(t, []string{"Three", "Two", "One"}, w.sourcesOf(ada, ""))
	first := w.do("GET", "/v1/sources?limit=2", "", ada.header()...)
	next, _, _ := strings.Cut(strings.TrimPrefix(first.header.Get("Link"), "<http://lyo.test/v1/sources"), ">")
	require.Equal(t, []string{"One"}, w.sourcesOf(ada, next))
	w.problem(w.do("GET", "/v1/sources"+next, "", bob.header()...), rest.SlugMalformed)
	w.problem(w.do("GET", "/v1/sources?limit=101", "", ada.header()...), rest.SlugValidation)
	require.Empty(t, w.sourcesOf(bob, ""))

	one := "/v1/sources/" + ids[0]
	for _, method := range []string{"GET", "DELETE"} {
		p := w.problem(w.do(method, one, "", bob.header()...), rest.SlugNotFound)
		require.Equal(t, "source", p["resource_type"])
		w.problem(w.do(method, "/v1/sources/7", "", ada.header()...), rest.SlugMalformed)
		w.problem(w.do(method, one, ""), rest.SlugAuth)
	}
	w.problem(w.do("DELETE", one, "", append(ada.header(), "If-Match", `"another"`)...), rest.SlugCondition)
	tag := w.do("GET", one, "", ada.header()...).header.Get("ETag")
	w.problem(w.do("DELETE", one, "", append(ada.header(), "If-Match", `"other"`)...), rest.SlugCondition)
	require.Equal(t, http.StatusNoContent, w.do("DELETE", one, "", append(ada.header(), "If-Match", tag)...).status)
	w.problem(w.do("GET", one, "", ada.header()...), rest.SlugNotFound)
	w.problem(w.do("DELETE", one, "", ada.header()...), rest.SlugNotFound)
}

func TestASourceReportsHowItsReadingWent(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	made := w.upload(ada, one("tides.pdf", "", "%PDF-1.7\n")).json(t)
	path := "/v1/sources/" + made["id"].(string)
	before := w.do("GET", path, "", ada.header()...)
	require.Equal(t, made, before.json(t))
	tag := before.header.Get("ETag")
	require.Equal(t, http.StatusNotModified, w.do("GET", path, "", append(ada.header(), "If-None-Match", tag)...).status)

	w.clock.advance(time.Second)
	row, pages := w.sourceRow(made), 2
	row.Content, row.Words, row.Pages = "Water rises.", 2, &pages
	require.NoError(t, courses.SaveSourceText(t.Context(), w.server.DB, row, w.server.Now()))
	after := w.do("GET", path, "", append(ada.header(), "If-None-Match", tag)...)
	require.Equal(t, http.StatusOK, after.status)
	v := after.json(t)
	require.Equal(t, []any{"READY", 2.0, 2.0, nil}, []any{v["state"], v["words"], v["pages"], v["error_details"]})
	require.NotContains(t, string(after.body), "Water", "the text stays inside")

	failed := w.do("POST", "/v1/sources", `{"url":"https://example.com/"}`, ada.header()...).json(t)
	fault := tasks.TaskFault{Code: "address_refused", Message: "The address leads to a network that is not public."}
	require.NoError(t, courses.FailSource(t.Context(), w.server.DB, uuid.MustParse(failed["id"].(string)), fault, w.server.Now()))
	v = w.do("GET", "/v1/sources/"+failed["id"].(string), "", ada.header()...).json(t)
	require.Equal(t, "FAILED", v["state"])
	require.Equal(t, map[string]any{"code": fault.Code, "message": fault.Message, "cancelled_by_user": false}, v["error_details"])

	ask := func(id string) answer {
		return w.do("POST", "/v1/courses/generate", `{"topic":"Tides","source_ids":["`+id+`"]}`, ada.header()...)
	}
	require.Equal(t, http.StatusAccepted, ask(made["id"].(string)).status)
	for _, id := range []string{failed["id"].(string), uuid.NewString()} {
		require.Equal(t, []string{"/source_ids/0"}, pointersOf(w.problem(ask(id), rest.SlugValidation)))
	}
}

func TestAsManySourcesAsOneMayKeep(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	require.NoError(t, w.server.DB.Exec(`
		INSERT INTO sources (id, user_id, kind, title, media_type, size_bytes, state, created_at, updated_at)
		SELECT gen_random_uuid(), ?, 'text', 'old', 'text/plain', 0, 'READY', now(), now() FROM generate_series(1, ?)`,
		ada.id, courses.MostSources).Error)
	w.problem(w.do("POST", "/v1/sources", `{"url":"https://example.com/"}`, ada.header()...), rest.SlugConflict)
}

func TestTheDocumentDescribesBothWaysToAddMaterial(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	paths := w.document().Paths
	form, text := paths.Value("/v1/sources/upload").Post, paths.Value("/v1/sources").Post
	require.Equal(t, "binary", form.RequestBody.Value.Content["multipart/form-data"].Schema.Value.Properties["file"].Value.Format)
	require.Len(t, text.RequestBody.Value.Content["application/json"].Schema.Value.OneOf, 2)
	for _, operation := range []*openapi3.Operation{form, text} {
		require.Len(t, operation.RequestBody.Value.Content, 1)
		for _, status := range []string{"201", "400", "401", "409", "413", "415", "422"} {
			require.NotNil(t, operation.Responses.Value(status), status)
		}
	}
	w.problem(w.do("POST", "/v1/sources/upload", `{"title":"Tides","text":"The moon."}`, w.signUp("ada@example.com").header()...), rest.SlugMedia)
}
