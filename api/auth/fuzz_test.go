package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// FuzzAccessToken: no text but one that was signed here is an access token.
func FuzzAccessToken(f *testing.F) {
	text, err := Generate()
	require.NoError(f, err)
	keys, err := ParseKeys(text)
	require.NoError(f, err)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	tokens := NewAccessTokens(keys, "http://lyo.test", time.Hour, func() time.Time { return now })
	user, session := uuid.UUID{1}, uuid.UUID{2}
	good, _, err := tokens.Sign(user, session, []string{"user"}, time.Now().Add(time.Hour))
	require.NoError(f, err)
	head, rest, _ := strings.Cut(good, ".")
	body, _, _ := strings.Cut(rest, ".")
	for _, seed := range []string{
		"", ".", "..", "a.b.c", good + ".", " " + good, good + "=", "eyJhbGciOiJub25lIn0." + body + ".", head + "." + body + ".", head + ".e30.",
		"eyJhbGciOiJIUzI1NiIsImtpZCI6IiJ9." + body + ".AAAA", strings.Repeat("A", 5000), "\x00.\xff.é",
	} {
		f.Add(seed, 0)
	}
	f.Add("", len(good)-1)
	f.Add("", len(head)+1)
	f.Fuzz(func(t *testing.T, token string, at int) {
		_, err := tokens.Verify(token)
		require.Error(t, err, token)
		if at < 0 || at >= len(good) {
			return
		}
		changed := []byte(good)
		changed[at] ^= 1
		_, err = tokens.Verify(string(changed))
		require.Error(t, err, "one bit differs at %d", at)
	})
}

// FuzzRefreshToken: only what was minted here is genuine, and nothing opens what was
// sealed under another token.
func FuzzRefreshToken(f *testing.F) {
	tokens, err := NewRefreshTokens("a secret of thirty-two characters")
	require.NoError(f, err)
	minted := tokens.Mint(uuid.UUID{3})
	sealed, err := minted.Seal(tokens.Mint(uuid.UUID{3}))
	require.NoError(f, err)
	for _, seed := range []string{"", "x", strings.Repeat("A", len(minted.Token)), strings.Repeat("_", len(minted.Token)), strings.Repeat("é", 43), "\x00"} {
		f.Add(seed, []byte{})
	}
	f.Add(strings.Repeat("-", len(minted.Token)), sealed)
	f.Fuzz(func(t *testing.T, text string, box []byte) {
		token, ok := tokens.Parse(text)
		if !ok {
			return
		}
		require.False(t, token.Genuine, "nobody can make up a token")
		require.Equal(t, text, token.Token)
		require.Len(t, token.Hash, 32)
		_, err := token.Open(box)
		require.Error(t, err)
	})
}
