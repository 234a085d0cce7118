package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

func TestAKeyOfApplesNeedsMore(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_APNS_KEY=secret", "LYO_APNS_KEY_ID=1", "LYO_APNS_STREAMS=0", "LYO_FCM_URL=ftp://x"})
	for _, name := range []string{"LYO_APNS_TEAM_ID", "LYO_APNS_TOPIC", "LYO_APNS_STREAMS", "LYO_FCM_URL"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "LYO_APNS_KEY_ID")
}

func TestTheKeyThatBrowsersKnowUsBy(t *testing.T) {
	t.Parallel()
	// The example of RFC 8292 has the public key; raw private keys are what the web-push tools print.
	const raw, public = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	pair := func(environ ...string) (config.VAPIDKeys, error) {
		c, _, err := config.Load(environ)
		if err != nil {
			return config.VAPIDKeys{}, err
		}
		return c.Push.VAPID()
	}
	keys, err := pair("LYO_WEBPUSH_KEY=" + raw)
	require.NoError(t, err)
	require.Equal(t, public, keys.Public)
	require.Equal(t, raw, keys.Private.Reveal())
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), must(base64.RawURLEncoding.DecodeString(raw)))
	require.NoError(t, err)
	for kind, der := range map[string][]byte{"PRIVATE KEY": must(x509.MarshalPKCS8PrivateKey(key)), "EC PRIVATE KEY": must(x509.MarshalECPrivateKey(key))} {
		again, err := pair("LYO_WEBPUSH_KEY=" + string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
		require.NoError(t, err, kind)
		require.Equal(t, keys, again)
	}
	none, err := pair()
	require.NoError(t, err)
	require.Zero(t, none)
	for _, bad := range []string{"secret", strings.Repeat("A", 43), raw[:40]} {
		_, err = pair("LYO_WEBPUSH_KEY=" + bad)
		require.ErrorContains(t, err, "LYO_WEBPUSH_KEY")
		require.NotContains(t, err.Error(), bad)
	}
	for _, subject := range []string{"operator@example.com", "mailto:", "http://example.com", "https://"} {
		_, err = pair("LYO_WEBPUSH_SUBJECT=" + subject)
		require.ErrorContains(t, err, "LYO_WEBPUSH_SUBJECT", subject)
	}
	_, err = pair("LYO_ENV=staging", "LYO_WEBPUSH_KEY="+raw)
	require.ErrorContains(t, err, "LYO_WEBPUSH_SUBJECT")
	c, _, err := config.Load([]string{"LYO_PUBLIC_URL=https://lyo.example.com/"})
	require.NoError(t, err)
	require.Equal(t, "https://lyo.example.com", c.Push.WebPushSubject)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
