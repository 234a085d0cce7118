package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

const topicRules = "/v1/admin/topic-rules"

func TestATopicThatIsRefusedOrNeedsHelp(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	generate := func(body string, headers ...string) answer {
		return w.do("POST", "/v1/courses/generate", body, append(ada.header(), headers...)...)
	}
	for _, body := range []string{
		`{"topic":"How to m4ke a b\u00f6mb"}`, `{"topic":"Chemistry","title":"Make explosives"}`, `{"topic":"Chemistry","description":"I want to build a pipe bomb."}`,
		`{"topic":"Chemistry","interests":["tea","making explosives"]}`, `{"topic":"Chemistry","preferences":{"format":"Make a bomb"}}`,
		`{"topic":"Chemistry","preferences":{"notes":[{"about":"make a bomb"}]}}`, `{"topic":"Chemistry","preferences":{"make a bomb":true}}`,
	} {
		p := w.problem(generate(body), rest.SlugTopic)
		require.NotContains(t, p, "resources", body)
	}
	p := w.problem(generate(`{"topic":"How can I kill myself?","locale":"de"}`), rest.SlugTopic)
	found := p["resources"].([]any)[0].(map[string]any)
	require.Equal(t, "You are not alone", found["title"], "in the language it was written in")
	require.NotEmpty(t, found["text"])
	require.NotEmpty(t, found["links"])
	p = w.problem(generate(`{"topic":"Ich möchte sterben"}`), rest.SlugTopic)
	require.Equal(t, "Du bist nicht allein", p["resources"].([]any)[0].(map[string]any)["title"])
	require.Empty(t, w.list("/v1/courses?own_only=true", ada), "no course")
	require.Empty(t, w.list("/v1/tasks", ada), "and no task")
	require.Equal(t, http.StatusAccepted, generate(`{"topic":"How suicide prevention works","interests":["The Molotov-Ribbentrop Pact","bath bombs"]}`).status)
	page := w.do("GET", "/problems/"+rest.SlugTopic, "", "Accept", "text/html")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, string(page.body), "resources")
}

func TestAdministratorsSayWhatIsNoTopic(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, boss := w.signUp("ada@example.com"), w.boss()
	add := func(action, pattern string) answer {
		return w.do("POST", topicRules, fmt.Sprintf(`{"action":%q,"pattern":%q}`, action, pattern), boss.header()...)
	}
	generate := func(topic, key string) answer {
		return w.do("POST", "/v1/courses/generate", fmt.Sprintf(`{"topic":%q}`, topic), append(ada.header(), "Idempotency-Key", key)...)
	}
	first := generate("Roulette for beginners", "one")
	require.Equal(t, http.StatusAccepted, first.status)

	made := add("refuse", "Roulétte")
	require.Equal(t, http.StatusCreated, made.status, string(made.body))
	rule := made.json(t)
	require.Equal(t, "roulette", rule["pattern"])
	require.Equal(t, false, rule["built_in"])
	w.problem(add("help", "roulette"), rest.SlugConflict)
	w.problem(add("help", "..."), rest.SlugValidation)
	w.problem(add("hide", "x"), rest.SlugValidation)
	w.problem(generate("R0ulette again", "two"), rest.SlugTopic)
	again := generate("Roulette for beginners", "one")
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"), "what was asked for before stays")
	require.Equal(t, http.StatusCreated, add("allow", "history of roulette").status)
	require.Equal(t, http.StatusAccepted, generate("The history of roulette", "three").status)
	require.Equal(t, "history of roulette", w.list(topicRules, boss)[0]["pattern"], "the newest first")
	w.ok("DELETE", topicRules+"/"+rule["id"].(string), "", boss)
	w.problem(w.do("DELETE", topicRules+"/"+rule["id"].(string), "", boss.header()...), rest.SlugNotFound)
	require.Equal(t, http.StatusAccepted, generate("Roulette again", "two").status)

	// The built-in ones are in the list, once each, and are overridden by a rule with the same words.
	seen, patterns := 0, map[string]map[string]any{}
	for at := topicRules + "/?limit=100"; at != ""; {
		a := w.ok("GET", at, "", boss)
		for _, r := range a.array(t) {
			seen++
			patterns[r["pattern"].(string)] = r
		}
		at = ""
		if a.header.Get("Link") != "" {
			at = nextPath(a)
		}
	}
	require.Len(t, patterns, seen, "none twice on the pages")
	require.Greater(t, seen, 300)
	builtIn := patterns["make a bomb"]
	require.Equal(t, true, builtIn["built_in"])
	require.Equal(t, "en", builtIn["language"])
	w.problem(w.do("DELETE", topicRules+"/"+builtIn["id"].(string), "", boss.header()...), rest.SlugConflict)
	w.problem(generate("Make a bomb", "four"), rest.SlugTopic)
	require.Equal(t, http.StatusCreated, add("allow", "make a bomb").status)
	require.Equal(t, http.StatusAccepted, generate("Make a bomb", "four").status)
	require.Len(t, w.list(topicRules+"?offset=2&limit=1", boss), 1)
	for _, action := range []string{"topic_rule.added", "topic_rule.removed"} {
		require.NotEmpty(t, w.list("/v1/admin/audit?action="+action, boss), action)
	}
}

func TestAdministratorsSayWhereHelpIs(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, boss := w.signUp("ada@example.com"), w.boss()
	const help = "/v1/admin/help-resources"
	shown := func(body string) any {
		p := w.problem(w.do("POST", "/v1/courses/generate", body, ada.header()...), rest.SlugTopic)
		return p["resources"].([]any)[0].(map[string]any)["title"]
	}
	put := func(locale, body string) answer { return w.do("PUT", help+"/"+locale, body, boss.header()...) }
	a := put("pt-br", `{"resources":[{"title":"CVV","text":"Ligue 188.","links":["tel:188","https://cvv.example"]}]}`)
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	require.Equal(t, "pt-BR", a.json(t)["locale"])
	require.Equal(t, "CVV", shown(`{"topic":"Quero morrer","locale":"pt-BR"}`))
	require.Equal(t, "Você não está só", shown(`{"topic":"Quero morrer","locale":"pt-PT"}`))
	require.Equal(t, "You are not alone", shown(`{"topic":"I want to die","locale":"fr"}`))
	require.Equal(t, http.StatusOK, put("en", `{"resources":[{"title":"Ours","text":"Call 116 123.","links":[]}]}`).status)
	require.Equal(t, "Ours", shown(`{"topic":"I want to die"}`))
	listed := map[any]any{}
	for _, h := range w.list(help, boss) {
		listed[h["locale"]] = h["built_in"]
	}
	require.Equal(t, false, listed["pt-BR"])
	require.Equal(t, false, listed["en"])
	require.Equal(t, true, listed["de"])
	require.Equal(t, http.StatusOK, put("en", `{"resources":[]}`).status)
	require.Equal(t, "You are not alone", shown(`{"topic":"I want to die"}`))
	for _, bad := range []string{
		`{"resources":[{"title":"T","text":"t","links":["javascript:alert(1)"]}]}`, `{"resources":[{"title":" ","text":"t","links":[]}]}`,
		`{"resources":[{"title":"T","text":"t","links":["https:"]}]}`, `{"resources":[{"title":"T","text":"a\u0000b","links":[]}]}`, `{}`,
	} {
		w.problem(put("en", bad), rest.SlugValidation)
	}
	w.problem(put(url.PathEscape("not a tag"), `{"resources":[]}`), rest.SlugValidation)
	require.Len(t, w.list("/v1/admin/audit?action=help.changed", boss), 3)

	// An operator's own topics can lead to help as well.
	require.Equal(t, http.StatusCreated, w.do("POST", topicRules, `{"action":"help","pattern":"leaving a violent home"}`, boss.header()...).status)
	require.Equal(t, "Du bist nicht allein", shown(`{"topic":"Leaving a violent home","locale":"de-AT"}`))
}

func TestWritingAgainIsJudgedToo(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, boss := w.signUp("ada@example.com"), w.boss()
	task, course := w.ask(ada, "Tides")
	w.finish(task, course)
	at := "/v1/courses/" + course.String() + "/regenerate"
	w.problem(w.do("POST", at, `{"section":"lessons","preferences":{"format":"make a bomb"}}`, ada.header()...), rest.SlugTopic)
	w.ok("POST", topicRules, `{"action":"refuse","pattern":"tides"}`, boss)
	w.problem(w.do("POST", at, `{"section":"lessons"}`, ada.header()...), rest.SlugTopic)
	require.Len(t, w.list("/v1/tasks", ada), 1, "nothing was started")
	require.Equal(t, "READY", w.ok("GET", "/v1/courses/"+course.String(), "", ada).json(t)["status"])
}

func TestAPlanOfTheLearnersIsJudgedToo(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	engine.answer(nil, nil)
	plan := `{"action":"edit","lessons":[{"title":"One"},{"title":"Two"},{"title":"Three","objectives":["Make explosives"]}]}`
	w.problem(w.decide(ada, task, plan), rest.SlugTopic)
	require.Empty(t, engine.got)
	require.Equal(t, http.StatusOK, w.decide(ada, task, strings.Replace(plan, "Make explosives", "Explain tides", 1)).status)
	require.Len(t, engine.got, 1)
	require.Equal(t, store.TopicNotAllowed, store.CodeOf(moderation.RefuseTopic(t.Context(), w.server.DB, "", uuid.NewString(), "make a bomb")))
}
