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
	"github.com/lyoapp/lyo/models/manifest"
)

// tokenSigner signs variations of an access token.
type tokenSigner struct {
	t      *testing.T
	signer any // the server's key
	good   *jwt.Token
}

func newTokenSigner(t *testing.T, signer any, access string) tokenSigner {
	t.Helper()
	good, _, err := jwt.NewParser().ParseUnverified(access, jwt.MapClaims{})
	require.NoError(t, err)
	return tokenSigner{t, signer, good}
}

// signed returns the token with the same claims.
func (f tokenSigner) signed(method jwt.SigningMethod, key any) string {
	f.t.Helper()
	return f.sign(method, key, f.good.Claims.(jwt.MapClaims))
}

// with returns the token with one claim changed, signed with the server's key.
func (f tokenSigner) with(claim string, value any) string {
	f.t.Helper()
	claims := maps.Clone(f.good.Claims.(jwt.MapClaims))
	claims[claim] = value
	return f.sign(jwt.SigningMethodEdDSA, f.signer, claims)
}

// typed returns the token with the same claims and another type in its header.
func (f tokenSigner) typed(typ string, key any) string {
	f.t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, f.good.Claims)
	token.Header["kid"], token.Header["typ"] = f.good.Header["kid"], typ
	signed, err := token.SignedString(key)
	require.NoError(f.t, err)
	return signed
}

func (f tokenSigner) sign(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	f.t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = f.good.Header["kid"]
	signed, err := token.SignedString(key)
	require.NoError(f.t, err)
	return signed
}

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
	f := newTokenSigner(t, signer, p.access)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+f.signed(jwt.SigningMethodEdDSA, signer)).status)
	bySameKey, err := manifest.NewSigner(signer.(ed25519.PrivateKey), "http://lyo.test")
	require.NoError(t, err)
	signedCourse, err := bySameKey.Sign(manifest.Manifest{CourseID: uuid.New()})
	require.NoError(t, err)
	bad := map[string]string{
		"none at all":       "",
		"alg none":          f.signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"HS256 by the key":  f.signed(jwt.SigningMethodHS256, []byte(signer.(ed25519.PrivateKey).Public().(ed25519.PublicKey))),
		"another key":       f.signed(jwt.SigningMethodEdDSA, other),
		"another audience":  f.with("aud", "elsewhere"),
		"another issuer":    f.with("iss", "elsewhere"),
		"expired":           f.with("exp", w.clock.now().Add(-time.Minute).Unix()),
		"from the future":   f.with("iat", w.clock.now().Add(time.Hour).Unix()),
		"the wrong kind":    f.with("typ", "refresh"),
		"no session":        f.with("sid", uuid.NewString()),
		"another's session": f.with("sid", foreign.SessionID.String()),
		"another user":      f.with("sub", eve.id),
		"a refresh token":   p.refresh,
		"a manifest":        signedCourse,
		"a manifest's type": f.typed(manifest.Type, signer),
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
