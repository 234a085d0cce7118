package manifest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/jwk"
	"github.com/lyoapp/lyo/models/manifest"
)

func sample() manifest.Manifest {
	return manifest.Manifest{
		CourseID: uuid.New(), Model: "m", Provider: "p", AIGenerated: true, GeneratedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Lessons: []manifest.Lesson{{ID: uuid.New(), N: 1, SHA256: manifest.Digest("# Tides")}, {ID: uuid.New(), N: 2, SHA256: manifest.Digest("Ebb\n")}},
		Sources: []manifest.Source{{URL: "https://example.org/tides", Title: "Tides"}},
	}
}

func newSigner(t *testing.T) (*manifest.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := manifest.NewSigner(private, "https://lyo.example.org")
	require.NoError(t, err)
	return signer, private
}

// only returns the keys of a service that has one.
func only(key jwk.Key) func(string) (ed25519.PublicKey, error) {
	return func(kid string) (ed25519.PublicKey, error) {
		if kid != key.ID {
			return nil, manifest.ErrUnknownKey
		}
		return key.Public()
	}
}

func TestASignedManifestIsReadAgain(t *testing.T) {
	t.Parallel()
	signer, _ := newSigner(t)
	m := sample()
	signed, err := signer.Sign(m)
	require.NoError(t, err)
	again, err := signer.Sign(m)
	require.NoError(t, err)
	require.Equal(t, signed, again)
	read, err := manifest.Open(signed, only(signer.Key()))
	require.NoError(t, err)
	require.Equal(t, m, read)

	head, err := base64.RawURLEncoding.DecodeString(signed[:strings.IndexByte(signed, '.')])
	require.NoError(t, err)
	require.JSONEq(t, `{"alg":"EdDSA","typ":"lyo-manifest+jws","kid":"`+signer.Key().ID+`"}`, string(head))
	var payload map[string]any
	part, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(part, &payload))
	require.Equal(t, "https://lyo.example.org", payload["iss"])
	require.NotContains(t, payload, "exp")
}

// TestEveryChangedByteIsFound changes each byte of a signed manifest in turn.
func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	signer, _ := newSigner(t)
	signed, err := signer.Sign(sample())
	require.NoError(t, err)
	for i := range signed {
		for _, with := range []byte{'A', 'B', '.', 'Q', ' '} {
			if signed[i] == with {
				continue
			}
			_, err := manifest.Open(signed[:i]+string(with)+signed[i+1:], only(signer.Key()))
			require.Error(t, err, "byte %d", i)
		}
		_, err := manifest.Open(signed[:i], only(signer.Key()))
		require.Error(t, err)
	}
	_, err = manifest.Open(signed+"A", only(signer.Key()))
	require.Error(t, err)
}

func TestWhyATextIsNoManifest(t *testing.T) {
	t.Parallel()
	signer, private := newSigner(t)
	other, _ := newSigner(t)
	signed, err := signer.Sign(sample())
	require.NoError(t, err)
	parts := strings.Split(signed, ".")
	otherSigned, err := other.Sign(sample())
	require.NoError(t, err)
	with := func(method jwt.SigningMethod, key any, typ, kid string) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims{"course_id": uuid.NewString(), "lessons": []any{}})
		token.Header["typ"], token.Header["kid"] = typ, kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	kid := signer.Key().ID
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":            {"", manifest.ErrMalformed},
		"prose":              {"How tides work.", manifest.ErrMalformed},
		"too long":           {strings.Repeat("a", manifest.MaxSize+1), manifest.ErrMalformed},
		"no header":          {"." + parts[1] + "." + parts[2], manifest.ErrMalformed},
		"an access token":    {with(jwt.SigningMethodEdDSA, private, "JWT", kid), manifest.ErrMalformed},
		"no kid":             {with(jwt.SigningMethodEdDSA, private, manifest.Type, ""), manifest.ErrMalformed},
		"another key":        {otherSigned, manifest.ErrUnknownKey},
		"another's kid":      {with(jwt.SigningMethodEdDSA, private, manifest.Type, other.Key().ID), manifest.ErrUnknownKey},
		"another's content":  {parts[0] + "." + strings.Split(otherSigned, ".")[1] + "." + parts[2], manifest.ErrSignature},
		"not signed":         {parts[0] + "." + parts[1] + ".", manifest.ErrSignature},
		"alg none":           {with(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, manifest.Type, kid), manifest.ErrSignature},
		"HS256 by the key":   {with(jwt.SigningMethodHS256, []byte(private.Public().(ed25519.PublicKey)), manifest.Type, kid), manifest.ErrSignature},
		"a changed content":  {parts[0] + "." + strings.ToLower(parts[1]) + "." + parts[2], nil},
		"a cut-off content":  {parts[0] + "." + parts[1][:len(parts[1])-2] + "." + parts[2], nil},
		"a second signature": {signed + "." + parts[2], manifest.ErrMalformed},
	} {
		_, err := manifest.Open(c.text, only(signer.Key()))
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
	away := errors.New("Postgres is away")
	_, err = manifest.Open(signed, func(string) (ed25519.PublicKey, error) { return nil, away })
	require.ErrorIs(t, err, away)
}

func TestATextIsALessonToTheByte(t *testing.T) {
	t.Parallel()
	m := sample()
	for text, want := range map[string]int{
		"# Tides": 1, "# Tides\n": 1, "# Tides\n\n": 0, "# Tides ": 0, "# tides": 0, " # Tides": 0, "# Tides\r\n": 0, "": 0,
		"Ebb\n": 2, "Ebb": 2, "Ebb\n\n": 2, "Ebb\n\n\n": 0,
	} {
		require.Equal(t, want, m.LessonOf(text), "%q", text)
	}
}

func TestAManifestThatCouldNotBeCheckedIsNotSigned(t *testing.T) {
	t.Parallel()
	signer, _ := newSigner(t)
	m := sample()
	m.Model = strings.Repeat("m", manifest.MaxSize)
	_, err := signer.Sign(m)
	require.Error(t, err)
}
