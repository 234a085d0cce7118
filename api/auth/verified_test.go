package auth

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestAVerifiedTokenIsRememberedWhileItIsValid has a clock that goes on and steps back.
func TestAVerifiedTokenIsRememberedWhileItIsValid(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := began
	keys := newKeys(t)
	tokens := NewAccessTokens(keys, "", time.Hour, func() time.Time { return at })
	token, _, err := tokens.Sign(uuid.New(), uuid.New(), []string{"user"}, at.Add(time.Hour))
	require.NoError(t, err)
	want, err := tokens.Verify(token)
	require.NoError(t, err)
	tokens.keys = newKeys(t) // which would not verify it again

	for _, step := range []struct {
		at    time.Duration
		valid bool
	}{{0, true}, {-leeway, true}, {time.Hour + leeway - time.Millisecond, true}, {time.Hour + leeway, false}} {
		clock := began.Add(step.at)
		at = clock
		got, err := tokens.Verify(token)
		_, fresh := NewAccessTokens(keys, "", time.Hour, func() time.Time { return clock }).Verify(token)
		require.Equal(t, step.valid, err == nil, step.at)
		require.Equal(t, step.valid, fresh == nil, step.at)
		if step.valid {
			require.Equal(t, want, got)
		}
	}
	require.Empty(t, tokens.verified, "it has expired")

	at, tokens.keys = began, keys
	_, err = tokens.Verify(token)
	require.NoError(t, err)
	at = began.Add(-leeway - time.Millisecond)
	_, err = tokens.Verify(token)
	require.Error(t, err, "not issued yet, by a clock that stepped back")
}

func TestABadTokenIsNotRemembered(t *testing.T) {
	t.Parallel()
	tokens := NewAccessTokens(newKeys(t), "", time.Hour, time.Now)
	token, _, err := tokens.Sign(uuid.New(), uuid.New(), nil, time.Now().Add(time.Hour))
	require.NoError(t, err)
	_, err = tokens.Verify(token)
	require.NoError(t, err)
	others := NewAccessTokens(newKeys(t), "", time.Hour, time.Now)
	for _, bad := range []string{token + "x", token[:len(token)-2], " " + token, token + "="} {
		for range 2 {
			_, err = tokens.Verify(bad)
			require.Error(t, err)
			_, err = others.Verify(token)
			require.Error(t, err, "of other keys")
		}
	}
	require.Len(t, tokens.verified, 1)
	require.Empty(t, others.verified)
}

func TestVerifiedTokensAreBounded(t *testing.T) {
	t.Parallel()
	tokens := NewAccessTokens(newKeys(t), "", time.Hour, time.Now)
	for n := range uint64(maxVerified + 100) {
		tokens.remember(sha256.Sum256(binary.BigEndian.AppendUint64(nil, n)), verified{})
	}
	require.Len(t, tokens.verified, maxVerified)
}

func BenchmarkVerify(b *testing.B) {
	text, err := Generate()
	require.NoError(b, err)
	keys, err := ParseKeys(text)
	require.NoError(b, err)
	tokens := NewAccessTokens(keys, "", time.Hour, time.Now)
	token, _, err := tokens.Sign(uuid.New(), uuid.New(), []string{"user"}, time.Now().Add(time.Hour))
	require.NoError(b, err)
	for b.Loop() {
		if _, err := tokens.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}
