package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

// gzipped returns a text as gzip.
func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

func TestBodiesThatArePacked(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	put := func(body, coding string) answer {
		return w.do("PUT", "/v1/users/me", body, append(ada.header(), "Content-Encoding", coding)...)
	}
	for _, coding := range []string{"gzip", "GZIP", "x-gzip"} {
		a := put(gzipped(t, `{"bio":"by `+coding+`"}`), coding)
		require.Equal(t, http.StatusOK, a.status, string(a.body))
		require.Equal(t, "by "+coding, a.json(t)["bio"])
	}
	require.Equal(t, "plain", put(`{"bio":"plain"}`, "identity").json(t)["bio"])
	for name, body := range map[string]string{"plain": `{"bio":"x"}`, "cut off": gzipped(t, `{"bio":"x"}`)[:20], "with a tail": gzipped(t, `{"bio":"x"}`) + "tail"} {
		w.problem(put(body, "gzip"), rest.SlugMalformed)
		require.Equal(t, "plain", w.do("GET", "/v1/users/me", "", ada.header()...).json(t)["bio"], name)
	}
	for _, coding := range []string{"br", "deflate", "gzip, gzip", "x-unknown"} {
		a := put(`{"bio":"x"}`, coding)
		w.problem(a, rest.SlugMedia)
		require.Equal(t, "gzip", a.header.Get("Accept-Encoding"))
	}
	// The limit is of what it unpacks to: as large as allowed, a byte more, and 200 MiB.
	padded := func(n int) string { return `{"bio":"x"` + strings.Repeat(" ", n-len(`{"bio":"x"}`)) + `}` }
	require.Equal(t, http.StatusOK, put(gzipped(t, padded(rest.MaxBody)), "gzip").status)
	w.problem(put(gzipped(t, padded(rest.MaxBody+1)), "gzip"), rest.SlugTooLarge)
	w.problem(put(gzipped(t, padded(200<<20)), "gzip"), rest.SlugTooLarge)
}

func TestUploadsThatArePacked(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	a := w.do("POST", "/v1/sources", gzipped(t, `{"title":"Tides","text":"The moon pulls."}`), append(ada.header(), "Content-Encoding", "gzip")...)
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	w.problem(w.do("POST", "/v1/sources", gzipped(t, `{"title":"Tides","text":"`+strings.Repeat("a ", 20<<20)+`"}`), append(ada.header(), "Content-Encoding", "gzip")...),
		rest.SlugTooLarge)
}

func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	bad := []string{"topic=%zz", "own_only=true;limit=1", "topic=%E4%A", "topic=%E4%A0", "limit=1&own_only=%", "%ff=1", "a=1;"}
	for _, route := range w.server.Routes() {
		if strings.Contains(route.Path, "*") {
			continue
		}
		path := strings.NewReplacer(":task_id", testID, ":lesson_id", testID, ":id", testID).Replace(route.Path)
		for _, query := range bad {
			a := w.do(route.Method, path+"?"+query, "", ada.header()...)
			require.Equal(t, http.StatusBadRequest, a.status, "%s %s?%s: %s", route.Method, path, query, a.body)
		}
	}
	w.problem(w.do("GET", "/nowhere?a=%zz", ""), rest.SlugMalformed)
	require.Equal(t, http.StatusOK, w.do("GET", "/v1/courses?topic="+url.QueryEscape("a;b %zz ü"), "", ada.header()...).status)
}

const testID = "0192d3a4-0000-7000-8000-000000000001"

func TestWholeNumbersOfClients(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	for body, want := range map[string]string{
		`5.0`: `5`, `5e0`: `5`, `50E-1`: `5`, `0.05e2`: `5`, `5.000000000000000000000`: `5`, `12e1`: `120`, `-0.0`: "",
		`9007199254740993.0`: `9007199254740993`, `9.007199254740993e15`: `9007199254740993`,
	} {
		a := w.do("POST", "/probe", `{"topic":"tides","count":`+body+`}`)
		require.Equal(t, http.StatusOK, a.status, "%s %s", body, a.body)
		if want != "" {
			require.Contains(t, string(a.body), `"count":`+want+`}`, body)
		}
	}
	for _, body := range []string{`5.5`, `5.0000000000000000001`, `1e400`, `1e300`, `1e-5`, `1e999999999`, `9e18.0`, `"5"`, `1e19`} {
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusBadRequest}, w.do("POST", "/probe", `{"topic":"tides","count":`+body+`}`).status, body)
	}
	w.problem(w.do("POST", "/probe", `{"topic":"tides","count":5.5}`), rest.SlugValidation)
}

// TestFreeObjectsKeepTheirDigits sends whole numbers above 2^53 in every free object, and reads them back.
func TestFreeObjectsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	const object = `{"big":1234567890123456789,"deep":[{"chat_id":9007199254740993}],"huge":-123456789012345678901234567890,"ok":12,"part":0.5}`
	has := func(a answer, member string) {
		t.Helper()
		require.Less(t, a.status, 300, string(a.body))
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(a.body, &got))
		require.True(t, bytes.Equal([]byte(object), got[member]), "%s", got[member]) // JSONEq would compare float64s
	}
	has(w.do("PUT", "/v1/users/me", `{"profile_data":`+object+`}`, ada.header()...), "profile_data")
	has(w.do("GET", "/v1/users/me", "", ada.header()...), "profile_data")
	merged := w.do("PUT", "/v1/users/me", `{"profile_data":{"ok":{"a":9007199254740993}}}`, ada.header()...)
	require.Contains(t, string(merged.body), `"big":1234567890123456789`)
	require.Contains(t, string(merged.body), `"ok":{"a":9007199254740993}`)

	post := w.do("POST", "/v1/community/posts", `{"title":"Tides","content":"The moon.","post_type":"discussion","metadata":`+object+`}`, ada.header()...)
	has(post, "metadata")
	id := post.json(t)["id"].(string)
	has(w.do("GET", "/v1/community/posts/"+id, "", ada.header()...), "metadata")

	device := w.do("POST", "/v1/push/devices/register", `{"device_token":"abcdefghij0123456789","device_type":"android","device_info":`+object+`}`, ada.header()...)
	var info struct {
		DeviceInfo json.RawMessage `json:"device_info"`
	}
	require.NoError(t, json.Unmarshal(device.body, &info), string(device.body))
	require.Contains(t, string(info.DeviceInfo), `1234567890123456789`)

	a := w.do("POST", "/v1/courses/generate", `{"topic":"Tides","preferences":`+object+`}`, append(ada.header(), "Idempotency-Key", "k")...)
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	stored := func(sql string, args ...any) (text string) {
		t.Helper()
		require.NoError(t, w.server.DB.Raw(sql, args...).Row().Scan(&text))
		return text
	}
	require.JSONEq(t, `"1234567890123456789"`, `"`+stored("SELECT preferences->>'big' FROM courses WHERE id = ?", a.json(t)["provisional_course_id"])+`"`)
	again := w.do("POST", "/v1/courses/generate", `{"topic":"Tides","preferences":`+strings.Replace(object, "6789,", "6788,", 1)+`}`, append(ada.header(), "Idempotency-Key", "k")...)
	w.problem(again, rest.SlugReusedKey)
	require.Equal(t, http.StatusOK, w.do("POST", "/v1/feeds/items/"+id+"/interact", `{"action":"bookmark","metadata":`+object+`}`, ada.header()...).status)
	require.Equal(t, "-123456789012345678901234567890", stored("SELECT metadata->>'huge' FROM engagements WHERE action = 'bookmark' AND item_id = ?", id))
}

// TestNullIsNoList sends null for every required list and object of every body.
func TestNullIsNoList(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	boss := w.boss()
	seen := map[string]bool{}
	schemas := w.server.OpenAPI().Components.Schemas
	w.documented(func(method, path string, op *huma.Operation) {
		if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
			return
		}
		body := op.RequestBody.Content["application/json"].Schema
		if body.Ref != "" {
			body = schemas.SchemaFromRef(body.Ref)
		}
		for _, name := range body.Required {
			member := body.Properties[name]
			if member.Ref == "" && member.Type != huma.TypeArray && member.Type != huma.TypeObject {
				continue
			}
			at := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(path, testID)
			a := w.do(method, at, `{"`+name+`":null}`, boss.header()...)
			w.problem(a, rest.SlugValidation)
			require.Contains(t, string(a.body), `"pointer":"/`+name+`"`, "%s %s", method, path)
			seen[name] = true
		}
	})
	for _, name := range []string{"interactions", "answers"} {
		require.True(t, seen[name], name)
	}
}
