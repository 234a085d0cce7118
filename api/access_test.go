package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/rest"
)

// TestEveryWayATokenCanBeWrong sends tokens to the API over HTTP, to a plain operation
// and to a socket, each wrong in one way.
func TestEveryWayATokenCanBeWrong(t *testing.T) {
	t.Parallel()
	text, err := auth.Generate()
	require.NoError(t, err)
	keys, err := auth.ParseKeys(text)
	require.NoError(t, err)
	signer, err := jwt.ParseEdPrivateKeyFromPEM([]byte(text))
	require.NoError(t, err)
	w := newTestEnv(t, func(d *Deps) { d.Keys = keys })
	p, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	foreign, err := w.server.access.Verify(eve.access)
	require.NoError(t, err)
	good, _, err := jwt.NewParser().ParseUnverified(p.access, jwt.MapClaims{})
	require.NoError(t, err)
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := maps.Clone(good.Claims.(jwt.MapClaims))
		change(c)
		return c
	}
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		token := jwt.NewWithClaims(method, claims(change))
		token.Header["kid"] = good.Header["kid"]
		signed, err := token.SignedString(key)
		require.NoError(t, err)
		return signed
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	same := func(jwt.MapClaims) {}
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+sign(jwt.SigningMethodEdDSA, signer, same)).status)
	bad := map[string]string{
		"none at all":       "",
		"alg none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"HS256 by the key":  sign(jwt.SigningMethodHS256, []byte(signer.(ed25519.PrivateKey).Public().(ed25519.PublicKey)), same),
		"another key":       sign(jwt.SigningMethodEdDSA, other, same),
		"another audience":  sign(jwt.SigningMethodEdDSA, signer, set("aud", "elsewhere")),
		"another issuer":    sign(jwt.SigningMethodEdDSA, signer, set("iss", "elsewhere")),
		"expired":           sign(jwt.SigningMethodEdDSA, signer, set("exp", w.clock.now().Add(-time.Minute).Unix())),
		"from the future":   sign(jwt.SigningMethodEdDSA, signer, set("iat", w.clock.now().Add(time.Hour).Unix())),
		"the wrong kind":    sign(jwt.SigningMethodEdDSA, signer, set("typ", "refresh")),
		"no session":        sign(jwt.SigningMethodEdDSA, signer, set("sid", uuid.NewString())),
		"another's session": sign(jwt.SigningMethodEdDSA, signer, set("sid", foreign.SessionID.String())),
		"another user":      sign(jwt.SigningMethodEdDSA, signer, set("sub", eve.id)),
		"a refresh token":   p.refresh,
		"truncated":         p.access[:len(p.access)-4],
		"no signature":      p.access[:strings.LastIndexByte(p.access, '.')+1],
		"two tokens":        p.access + " " + p.access,
	}
	for name, token := range bad {
		a := w.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+token)
		w.problem(a, rest.SlugAuth)
		require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"), name)
		kind, code := w.refusedSocket(person{access: strings.ReplaceAll(token, " ", "+")}, uuid.New())
		require.Equal(t, "auth_error", kind, name)
		require.EqualValues(t, 4401, code, name)
		if token != "" {
			require.NotContains(t, w.logs.String(), token, name)
		}
	}
	for range 2 { // the second time the session's user is known without a query
		w.problem(w.do("POST", "/v1/auth/logout", "", "Authorization", "Bearer "+bad["another's session"]), rest.SlugAuth)
		w.problem(w.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+bad["another's session"]), rest.SlugAuth)
		require.Equal(t, 200, w.do("GET", "/v1/users/me", "", eve.header()...).status, "whose it is it stays")
	}
	w.problem(w.do("GET", "/v1/users/me", "", "Authorization", p.access), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/users/me", "", "Authorization", "Basic "+p.access), rest.SlugAuth)
}
