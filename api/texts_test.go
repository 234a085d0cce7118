package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
)

// withoutRule are members of bodies without a text rule, with the reason.
var withoutRule = map[string]string{
	"password": "any text may be one", "current_password": "as password", "new_password": "as password",
	"token": "compared by its hash", "refresh_token": "compared by its hash", "device_token": "the push service's", "subscription": "an address and keys, each with a form of its own",
	"avatar_url": "an address has rules of its own", "thumbnail_url": "as avatar_url", "data": "for the app", "answers": "compared with the right ones",
	"level": "one of a few words, another name of difficulty_level", "platform": "one of a few words, another name of device_type",
}

// TestEveryTextOfABodyHasARule sends, for each text member of each body in the
// document, a text with marks piled upon a letter: every rule refuses that. What check-provenance gets is compared
// to the byte, and so taken as it comes.
func TestEveryTextOfABodyHasARule(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.boss()
	tested := 0
	for path, item := range w.server.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil || op.OperationID == "check-provenance" || op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil || path == sourcesPath {
				continue
			}
			d := documented{w.server.OpenAPI().Components.Schemas}
			schema := op.RequestBody.Content["application/json"].Schema
			for _, place := range d.textsOf(schema, nil) {
				if withoutRule[place[0]] != "" || op.OperationID == "login" && place[0] == "email" {
					continue
				}
				body, err := json.Marshal(d.sample(schema, place, "aa"+strings.Repeat("\u0335", 20)+"aa"))
				require.NoError(t, err)
				at := strings.NewReplacer("{", "", "}", "").Replace(path)
				for _, name := range []string{"lesson_id", "user_id", "id"} {
					at = strings.Replace(at, "/"+name, "/"+uuid.NewString(), 1)
				}
				p := w.problem(w.do(method, at, string(body), ada.header()...), rest.SlugValidation)
				want := "/" + strings.Join(place, "/")
				require.Contains(t, pointersOf(p), want, "%s %s takes any text as %s: give its field a tag text, or say why not\n%s", method, path, want, body)
				tested++
			}
		}
	}
	require.Greater(t, tested, 30)
}

// documented resolves schemas of the document.
type documented struct{ huma.Registry }

func (d documented) deref(s *huma.Schema) *huma.Schema {
	for s.Ref != "" {
		s = d.SchemaFromRef(s.Ref)
	}
	return s
}

// textsOf returns the paths of free texts, as names from the outside in; 0 is an
// element of a list.
func (d documented) textsOf(s *huma.Schema, at []string) (places [][]string) {
	s = d.deref(s)
	switch s.Type {
	case huma.TypeString:
		if len(at) > 0 && len(s.Enum) == 0 && s.Format == "" && s.Pattern == "" {
			places = append(places, at)
		}
	case huma.TypeArray:
		places = d.textsOf(s.Items, append(slices.Clone(at), "0"))
	case huma.TypeObject:
		for name, property := range s.Properties {
			places = append(places, d.textsOf(property, append(slices.Clone(at), name))...)
		}
	}
	return places
}

// sample returns a value of the schema with the required members, and a text at a path.
func (d documented) sample(s *huma.Schema, at []string, text string) any {
	s = d.deref(s)
	switch s.Type {
	case huma.TypeString:
		switch {
		case at != nil && len(at) == 0:
			return text
		case len(s.Enum) > 0:
			return s.Enum[len(s.Enum)-1]
		case s.Format == "uuid":
			return uuid.NewString()
		}
		return "some text"
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return true
	case huma.TypeArray:
		if len(at) > 0 {
			return []any{d.sample(s.Items, at[1:], text)}
		}
		return []any{}
	}
	v := map[string]any{}
	for name, property := range s.Properties {
		switch {
		case len(at) > 0 && at[0] == name:
			v[name] = d.sample(property, at[1:], text)
		case slices.Contains(s.Required, name):
			v[name] = d.sample(property, nil, text)
		}
	}
	return v
}

func TestUserNamesThatLookAlikeAreOne(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	register := func(email, username string) answer {
		body, err := json.Marshal(map[string]string{"email": email, "password": "correct horse", "full_name": "Ada", "username": username})
		require.NoError(t, err)
		return w.do("POST", "/v1/auth/register", string(body))
	}
	require.Equal(t, 201, register("a@example.com", "alice").status)
	require.Equal(t, 201, register("b@example.com", "cafe\u0301").status)
	eve := w.signUp("eve@example.com")
	for name, slug := range map[string]string{
		"ALICE": rest.SlugConflict, "\uff41lice": rest.SlugConflict, "caf\u00e9": rest.SlugConflict, "CAFE\u0301": rest.SlugConflict,
		"alice\u200b": rest.SlugValidation, "al\u00adice": rest.SlugValidation, "alice\u200d": rest.SlugValidation, "\u2066alice\u2069": rest.SlugValidation, "ali\u2060ce": rest.SlugValidation,
		"alice\ufe0f": rest.SlugValidation, "\u3164\u3164\u3164": rest.SlugValidation, "a\u0335\u0335\u0335\u0335\u0335\u0335\u0335\u0335\u0335lice": rest.SlugValidation,
	} {
		w.problem(register("c@example.com", name), slug)
		body, err := json.Marshal(map[string]string{"username": name})
		require.NoError(t, err)
		w.problem(w.do("PUT", "/v1/users/me", string(body), eve.header()...), slug)
	}
	require.Equal(t, "caf\u00e9", w.logIn("b@example.com", "correct horse", "x").me(w)["username"], "stored composed")
}

func (p person) me(w *testEnv) map[string]any {
	return w.do("GET", "/v1/users/me", "", p.header()...).json(w.t)
}

func TestOneMailboxIsOneAccountAtEveryDoor(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	send := func(method, path string, v any, headers ...string) answer {
		body, err := json.Marshal(v)
		require.NoError(t, err)
		return w.do(method, path, string(body), headers...)
	}
	type m = map[string]string
	made := send("POST", "/v1/auth/register", m{"email": " Kim@b\u00fccher.example. ", "password": "correct horse", "full_name": "Kim"})
	require.Equal(t, 201, made.status, string(made.body))
	require.Equal(t, "Kim@xn--bcher-kva.example", made.json(t)["user"].(map[string]any)["email"])
	eve := w.signUp("eve@example.com")
	for _, pasted := range []string{"\u200bkim@b\u00fccher.example", "kim\u00ad@b\u00fccher.example", "\u202akim@b\u00fccher.example", "kim@b\u00fccher.example\u200d"} {
		w.problem(send("POST", "/v1/auth/register", m{"email": pasted, "password": "correct horse", "full_name": "Kim"}), rest.SlugValidation)
		w.problem(send("PUT", "/v1/users/me", m{"email": pasted}, eve.header()...), rest.SlugValidation)
		require.Equal(t, 200, send("POST", "/v1/auth/login", m{"email": pasted, "password": "correct horse"}).status, "%q", pasted)
	}
	for _, same := range []string{
		"kim@bu\u0308cher.example", "KIM@XN--BCHER-KVA.EXAMPLE", "kim@\uff42\u00fccher.example", "\uff4bim@b\u00fccher.example",
		"kim\uff20b\u00fccher\u3002example",
	} {
		w.problem(send("POST", "/v1/auth/register", m{"email": same, "password": "correct horse", "full_name": "Kim"}), rest.SlugConflict)
		w.problem(send("PUT", "/v1/users/me", m{"email": same}, eve.header()...), rest.SlugConflict)
		require.Equal(t, 200, send("POST", "/v1/auth/login", m{"email": same, "password": "correct horse"}).status, "%q", same)
		require.Equal(t, 204, send("POST", "/v1/auth/password-reset/request", m{"email": same}).status)
		account, err := accounts.FindAccount(t.Context(), w.server.DB, same)
		require.NoError(t, err)
		require.Equal(t, "Kim@xn--bcher-kva.example", account.Email)
	}
	for _, mail := range w.mails(accounts.MailReset) {
		require.Equal(t, "kim@xn--bcher-kva.example", strings.ToLower(mail.Address))
	}
	require.NotEqual(t, mailboxOf("kim+a@b\u00fccher.example"), mailboxOf("kim@b\u00fccher.example"), "what follows a plus belongs to the address")
	require.Equal(t, mailboxOf("kim@b\u00fccher.example"), mailboxOf(" KIM@xn--bcher-kva.example."), "failed sign-ins and mails count for one mailbox")
	for _, none := range []string{strings.Repeat("a", 65) + "@example.com", `"kim"@example.com`, "kim(x)@example.com", "kim@[127.0.0.1]"} {
		w.problem(send("POST", "/v1/auth/register", m{"email": none, "password": "correct horse", "full_name": "Kim"}), rest.SlugValidation)
		w.problem(send("POST", "/v1/auth/login", m{"email": none, "password": "correct horse"}), rest.SlugAuth)
	}
}

func TestPasswordsAreTheSameInEitherForm(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	const composed, decomposed = "p\u00e4ssw\u00f6rd-Xy1", "pa\u0308sswo\u0308rd-Xy1"
	a := w.do("POST", "/v1/auth/register", `{"email":"ada@example.com","password":"`+decomposed+`","full_name":"Ada"}`)
	require.Equal(t, 201, a.status, string(a.body))
	ada := w.logIn("ada@example.com", composed, "x")
	w.logIn("ada@example.com", decomposed, "x")
	hash := func() string {
		user, err := accounts.FindUser(t.Context(), w.server.DB, uuid.MustParse(ada.id))
		require.NoError(t, err)
		return user.PasswordHash
	}
	require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash()), []byte(composed)))
	for _, before := range []string{decomposed, composed} { // as hashed before the rule
		for _, typed := range []string{composed, decomposed} {
			old, err := bcrypt.GenerateFromPassword([]byte(before), 4)
			require.NoError(t, err)
			require.NoError(t, w.server.DB.Exec("UPDATE users SET password_hash = ?", string(old)).Error)
			w.logIn("ada@example.com", typed, "x")
			require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash()), []byte(composed)), "made again")
			require.Equal(t, before == composed, string(old) == hash())
		}
	}
	ada = w.logIn("ada@example.com", composed, "x")
	require.Equal(t, 204, w.do("POST", "/v1/auth/password", `{"current_password":"`+decomposed+`","new_password":"a\u030a new one"}`, ada.header()...).status)
	w.logIn("ada@example.com", "\u00e5 new one", "x")
	long := strings.Repeat("a\u030ao\u0308", 18) // 108 bytes as it comes, 72 composed
	require.Equal(t, 201, w.do("POST", "/v1/auth/register", `{"email":"l@example.com","password":"`+long+`","full_name":"L"}`).status)
	w.logIn("l@example.com", strings.Repeat("\u00e5\u00f6", 18), "x")
	short := w.problem(w.do("POST", "/v1/auth/register", `{"email":"s@example.com","password":"a\u030aa\u030aa\u030aa\u030a","full_name":"S"}`), rest.SlugValidation)
	require.Equal(t, []string{"/password"}, pointersOf(short), "four characters")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"nobody@example.com","password":"`+decomposed+`"}`), rest.SlugAuth)
}

func TestPostsAreFoundByTheirTagsHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	body := `{"title":"t","content":"c","tags":["Math","math","cafe\u0301","CAF\u00c9","Stra\u00dfe","\u039f\u0394\u039f\u03a3","\u0130stanbul","\uff26\uff55\uff4c\uff4c"]}`
	post := w.ok("POST", "/v1/community/posts", body, ada).json(t)
	require.Equal(t, []any{"Math", "caf\u00e9", "Stra\u00dfe", "\u039f\u0394\u039f\u03a3", "\u0130stanbul", "\uff26\uff55\uff4c\uff4c"}, post["tags"], "as written first, each once")
	for tag, found := range map[string]bool{
		"math": true, "MATH": true, "caf\u00e9": true, "Cafe\u0301": true, "strasse": true, "\u03bf\u03b4\u03bf\u03c2": true, "full": true, "MATH,CAFE\u0301": true, "ma\u200bth": true,
		"i\u0307stanbul": true, "istanbul": false, "mat": false,
	} {
		list := w.list("/v1/community/posts?tags="+url.QueryEscape(tag), ada)
		require.Equal(t, found, len(list) == 1, "%q", tag)
	}
	require.Equal(t, []any{"Alpha"}, w.ok("PUT", fmt.Sprintf("/v1/community/posts/%v", post["id"]), `{"tags":["Alpha","ALPHA"," alpha "]}`, ada).json(t)["tags"])
	require.Len(t, w.list("/v1/community/posts?tags=aLPHA", ada), 1)
}

func TestTextsOfPostsAreVisibleAndComposed(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	for _, nothing := range []string{"\u200b\u2060", "\u3164", "\u2800", "\u115f", "\u034f", "\ufe0f", "\u00a0", "\U000e0041", "\u0301"} {
		for field, v := range map[string]map[string]string{"title": {"title": nothing, "content": "c"}, "content": {"title": "t", "content": nothing}} {
			body, err := json.Marshal(v)
			require.NoError(t, err)
			p := w.problem(w.do("POST", "/v1/community/posts", string(body), ada.header()...), rest.SlugValidation)
			require.Equal(t, []string{"/" + field}, pointersOf(p), "%q", nothing)
		}
	}
	p := w.problem(w.do("POST", "/v1/community/posts", `{"TITLE":"a\u202eb","tags":7}`, ada.header()...), rest.SlugValidation)
	require.Subset(t, pointersOf(p), []string{"/TITLE", "/tags", "/content"}, "all at once, and in whatever case a name is given")
	post := w.ok("POST", "/v1/community/posts", `{"title":" Cafe\u0301 \u200b","content":"  \ud83d\udc69\u200d\ud83d\udd2c e\u0301\n","metadata":{"e\u0301":"e\u0301<"}}`, ada).json(t)
	require.Equal(t, "Caf\u00e9", post["title"])
	require.Equal(t, "  \U0001F469\u200d\U0001F52C \u00e9\n", post["content"])
	require.Equal(t, map[string]any{"\u00e9": "\u00e9<"}, post["metadata"])
	long := strings.Repeat("e\u0301", 200)
	require.Equal(t, 200, w.do("POST", "/v1/community/posts", `{"title":"`+long+`","content":"c"}`, ada.header()...).status, "200 characters when they are composed")
	w.problem(w.do("POST", "/v1/community/posts", `{"title":"`+strings.Repeat("\u0958", 150)+`","content":"c"}`, ada.header()...), rest.SlugValidation)
	w.problem(w.do("POST", "/v1/community/posts", `{"title":"a","content":"c","\u00e9":1,"e\u0301":2}`, ada.header()...), rest.SlugMalformed)
}

func TestTimeZonesArePlacesOrUTC(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	for zone, stored := range map[string]string{"europe/berlin": "Europe/Berlin", "US/Pacific": "America/Los_Angeles", "etc/utc": "UTC", "\u0020Asia/Calcutta\u0020": "Asia/Calcutta"} {
		require.Equal(t, stored, w.ok("PUT", "/v1/users/me", `{"timezone":"`+zone+`"}`, ada).json(t)["timezone"])
	}
	for _, zone := range []string{"", "Local", "posixrules", "Etc/GMT+5", "EST5EDT", "posix/Europe/Berlin", "right/UTC", "GMT", "Factory"} {
		w.problem(w.do("PUT", "/v1/users/me", `{"timezone":"`+zone+`"}`, ada.header()...), rest.SlugValidation)
	}
}
