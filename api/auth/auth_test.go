package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

func newKeys(t *testing.T) *Keys {
	text, err := Generate()
	require.NoError(t, err)
	keys, err := ParseKeys(text)
	require.NoError(t, err)
	return keys
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost, 1)
	hash, err := p.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	for password, right := range map[string]bool{
		"correct horse": true, "correct horsf": false, "": false, "correct horse" + strings.Repeat("x", 70): false,
	} {
		got, err := p.Matches(t.Context(), hash, password)
		require.NoError(t, err)
		require.Equal(t, right, got)
	}
	unknown, err := p.Matches(t.Context(), "", "correct horse")
	require.NoError(t, err)
	require.False(t, unknown)
	require.ErrorIs(t, CheckPassword("seven77"), ErrPasswordShort)
	require.ErrorIs(t, CheckPassword(strings.Repeat("x", 73)), ErrPasswordLong)
	require.NoError(t, CheckPassword("ééééé€€€"))
}

func TestLongPasswordsAreNotCut(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost, 1)
	longest := strings.Repeat("x", MaxPasswordBytes)
	hash, err := p.Hash(t.Context(), longest)
	require.NoError(t, err)
	right, err := p.Matches(t.Context(), hash, longest+"y")
	require.NoError(t, err)
	require.False(t, right)
}

func TestDummyHashCostsAsMuch(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{4, 10, 12} {
		got, err := bcrypt.Cost([]byte(dummyHash(cost)))
		require.NoError(t, err)
		require.Equal(t, cost, got)
	}
	require.ErrorIs(t, bcrypt.CompareHashAndPassword([]byte(dummyHash(4)), []byte("x")), bcrypt.ErrMismatchedHashAndPassword)
}

func TestPasswordsWaitForASlot(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost, 1)
	released, release := occupied(p.queue)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Matches(ended, "", "x")
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	<-released
	_, err = p.Matches(t.Context(), "", "x")
	require.NoError(t, err)
}

// occupied takes a slot until release is closed; released is closed after that.
func occupied(q *admissionQueue) (released, release chan struct{}) {
	released, release = make(chan struct{}), make(chan struct{})
	taken := make(chan struct{})
	go func() {
		defer close(released)
		_ = q.run(context.Background(), func() error {
			close(taken)
			<-release
			return nil
		})
	}()
	<-taken
	return released, release
}

// TestTheQueueIsAsLongAsItCanBeWorkedOff fills two slots and the queue behind them:
// at a second each, five seconds are eleven more.
func TestTheQueueIsAsLongAsItCanBeWorkedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newAdmissionQueue(2, time.Second)
		var done atomic.Int32
		second := func() error {
			time.Sleep(time.Second)
			done.Add(1)
			return nil
		}
		join := func() chan error {
			result := make(chan error, 1)
			go func() { result <- q.run(t.Context(), second) }()
			synctest.Wait()
			return result
		}
		for range 2 + 9 {
			join()
		}
		last := join()
		busy := &Busy{}
		require.ErrorAs(t, <-join(), &busy)
		require.Equal(t, 5500*time.Millisecond, busy.RetryAfter)
		require.Empty(t, last)
		time.Sleep(busy.RetryAfter) // who comes back then finds room
		require.NoError(t, <-join())
		require.NoError(t, <-last)
		require.EqualValues(t, 13, done.Load())
		require.Equal(t, time.Second, q.average)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, newBusyQueue(t).run(gone, second), context.Canceled)
		require.Zero(t, q.waiting)
	})
}

// newBusyQueue has one slot, which is taken to the end of the test.
func newBusyQueue(t *testing.T) *admissionQueue {
	q := newAdmissionQueue(1, time.Second)
	released, release := occupied(q)
	t.Cleanup(func() {
		close(release)
		<-released
	})
	return q
}

func TestHashesOfAnotherCostAreOutdated(t *testing.T) {
	t.Parallel()
	old, now := NewPasswords(bcrypt.MinCost, 1), NewPasswords(bcrypt.MinCost+1, 1)
	hash, err := old.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.False(t, old.Outdated(hash))
	require.True(t, now.Outdated(hash))
	require.False(t, now.Outdated("no hash"))
	right, err := now.Matches(t.Context(), hash, "correct horse")
	require.NoError(t, err)
	require.True(t, right)
}

func TestProcessesAgreeOnAKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	kids := make([]string, 20)
	var all sync.WaitGroup
	for i := range kids {
		all.Go(func() {
			keys, err := LoadOrCreate(dir)
			if err == nil {
				kids[i] = keys.kid
			}
		})
	}
	all.Wait()
	for _, kid := range kids {
		require.NotEmpty(t, kid)
		require.Equal(t, kids[0], kid)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestTwoKeysLiveDuringARotation(t *testing.T) {
	t.Parallel()
	before, err := Generate()
	require.NoError(t, err)
	after, err := Generate()
	require.NoError(t, err)
	old, err := ParseKeys(before)
	require.NoError(t, err)
	both, err := ParseKeys(after + before)
	require.NoError(t, err)
	clock := func() time.Time { return time.Unix(1_800_000_000, 0) }
	token, _, err := NewAccessTokens(old, "iss", time.Minute, clock).Sign(uuid.New(), uuid.New(), nil, clock().Add(time.Hour))
	require.NoError(t, err)
	_, err = NewAccessTokens(both, "iss", time.Minute, clock).Verify(token)
	require.NoError(t, err)
	require.NotEqual(t, old.kid, both.kid)
	require.Equal(t, 2, strings.Count(string(both.JWKS()), `"kid"`))
	require.NotContains(t, string(both.JWKS()), `"d"`)
	_, err = ParseKeys("nothing")
	require.Error(t, err)
}

func TestKeysThatSomebodyTypedAreRefused(t *testing.T) {
	t.Parallel()
	for _, seed := range []string{strings.Repeat("k", 32), "0123456701234567012345670123456789"[:32], strings.Repeat("\x00", 31) + "\x01"} {
		der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed([]byte(seed)))
		require.NoError(t, err)
		_, err = ParseKeys(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
		require.ErrorContains(t, err, "not made at random")
		require.NotContains(t, err.Error(), seed)
	}
	for range 1000 {
		text, err := Generate()
		require.NoError(t, err)
		_, err = ParseKeys(text)
		require.NoError(t, err)
	}
}

func TestAccessTokensThatAreNotGood(t *testing.T) {
	t.Parallel()
	keys, now := newKeys(t), time.Unix(1_800_000_000, 0)
	tokens := NewAccessTokens(keys, "iss", time.Minute, func() time.Time { return now })
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": "iss", "aud": Audience, "sub": uuid.NewString(), "sid": uuid.NewString(), "jti": "j",
			"iat": now.Unix(), "exp": now.Unix() + 60, "typ": "access", "roles": []string{"user"},
		}
	}
	sign := func(claims jwt.MapClaims, method jwt.SigningMethod, kid string, key any) string {
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	text := sign(good(), jwt.SigningMethodEdDSA, keys.kid, keys.signer)
	_, err := tokens.Verify(text)
	require.NoError(t, err)

	other := newKeys(t)
	bad := map[string]string{
		"empty": "", "truncated": text[:len(text)-2], "long": text + strings.Repeat("x", maxAccessLength), "words": "a.b.c",
		"alg none":     sign(good(), jwt.SigningMethodNone, keys.kid, jwt.UnsafeAllowNoneSignatureType),
		"alg HS256":    sign(good(), jwt.SigningMethodHS256, keys.kid, []byte(keys.trusted[keys.kid])),
		"other key":    sign(good(), jwt.SigningMethodEdDSA, keys.kid, other.signer),
		"other kid":    sign(good(), jwt.SigningMethodEdDSA, other.kid, other.signer),
		"no signature": text[:strings.LastIndexByte(text, '.')+1],
	}
	for claim, values := range map[string][]any{
		"iss": {nil, "other"}, "aud": {nil, "other"}, "sub": {nil, "x"}, "sid": {nil, "x"}, "jti": {nil},
		"iat": {nil, now.Unix() + 3600}, "exp": {nil, now.Unix() - 6}, "typ": {nil, "refresh"}, "roles": {nil},
	} {
		for _, value := range values {
			claims := good()
			claims[claim] = value
			if value == nil {
				delete(claims, claim)
			}
			bad[claim] = sign(claims, jwt.SigningMethodEdDSA, keys.kid, keys.signer)
			_, err := tokens.Verify(bad[claim])
			require.Error(t, err, "%s = %v", claim, value)
		}
	}
	for name, text := range bad {
		_, err := tokens.Verify(text)
		require.Error(t, err, name)
	}
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	tokens, err := NewRefreshTokens("secret")
	require.NoError(t, err)
	session := uuid.New()
	first, next := tokens.Mint(session), tokens.Mint(session)
	parsed, ok := tokens.Parse(first.Token)
	require.True(t, ok)
	require.Equal(t, first, parsed)
	sealed, err := first.Seal(next)
	require.NoError(t, err)
	opened, err := first.Open(sealed)
	require.NoError(t, err)
	require.Equal(t, next.Token, opened)
	_, err = next.Open(sealed)
	require.Error(t, err)
	_, err = first.Open(nil)
	require.Error(t, err)
	foreign, err := NewRefreshTokens("another")
	require.NoError(t, err)
	strange, ok := foreign.Parse(first.Token)
	require.True(t, ok)
	require.False(t, strange.Genuine)
}
