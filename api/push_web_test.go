package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// TestOneTokenHoweverItIsSpelled has two users register one phone in turn, in many spellings.
func TestOneTokenHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	const hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
	spaced := "<" + strings.Join([]string{hex[:8], hex[8:16], hex[16:24], hex[24:32], hex[32:40], hex[40:48], hex[48:56], hex[56:]}, " ") + ">"
	for _, environment := range []string{"production", "sandbox"} {
		for _, token := range []string{hex, strings.ToUpper(hex), spaced, "  " + hex + " ", "{" + strings.ToUpper(hex) + "}"} {
			for _, p := range []person{ada, eve} {
				body := fmt.Sprintf(`{"device_token":%q,"platform":"ios","environment":%q}`, token, environment)
				got := w.do("POST", "/v1/push/devices", body, p.header()...)
				require.Equal(t, http.StatusOK, got.status, string(got.body))
				require.Len(t, w.list("/v1/push/devices", p), 1)
			}
			require.Empty(t, w.list("/v1/push/devices", ada), token)
		}
	}
	for _, token := range []string{"fcm:Token_of-Eve1", " fcm:Token_of-Eve1 ", "FCM:TOKEN_OF-EVE1"} { // Google's are case-sensitive
		w.do("POST", "/v1/push/devices", fmt.Sprintf(`{"device_token":%q,"platform":"android"}`, token), eve.header()...)
	}
	require.Len(t, w.list("/v1/push/devices", eve), 3)
}

func TestABrowserSubscribes(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	_, public := pushtest.NewVAPIDKey(t)
	s := pushtest.NewWebPush(t, public, 0).Subscribe(t)
	body := func(endpoint, p256dh, auth string) string {
		return fmt.Sprintf(`{"device_type":"web","subscription":{"endpoint":%q,"expirationTime":null,"keys":{"p256dh":%q,"auth":%q}}}`, endpoint, p256dh, auth)
	}
	first := w.do("POST", "/v1/push/devices/register", body(s.Endpoint, s.P256DH, s.Auth), ada.header()...)
	require.Equal(t, http.StatusOK, first.status, string(first.body))
	require.Equal(t, "****"+s.Endpoint[len(s.Endpoint)-6:], first.json(t)["device_token"])
	for _, secret := range []string{s.P256DH, s.Auth, "push.example.com"} {
		require.NotContains(t, string(first.body), secret)
	}
	same := strings.Replace(s.Endpoint, "https://push.example.com/", "HTTPS://Push.Example.com.:443/", 1) + "#here"
	padded := strings.NewReplacer("-", "+", "_", "/").Replace(s.Auth) + "=="
	again := w.do("POST", "/v1/push/devices", body(same, s.P256DH+"=", padded), ada.header()...)
	require.Equal(t, first.json(t)["id"], again.json(t)["id"])
	w.do("POST", "/v1/push/devices", body(same, s.P256DH, s.Auth), eve.header()...)
	require.Empty(t, w.list("/v1/push/devices", ada), "a browser is whose it was last")
	require.Len(t, w.list("/v1/push/devices", eve), 1)

	off := s.P256DH[:len(s.P256DH)-4] + "AAAA"
	for body, pointer := range map[string]string{
		body("http://push.example.com/x", s.P256DH, s.Auth):                                                   "/subscription/endpoint",
		body("https://10.0.0.1/x", s.P256DH, s.Auth):                                                          "/subscription/endpoint",
		body("https://[::1]/x", s.P256DH, s.Auth):                                                             "/subscription/endpoint",
		body("https://localhost/x", s.P256DH, s.Auth):                                                         "/subscription/endpoint",
		body("https://push.example.com:22/x", s.P256DH, s.Auth):                                               "/subscription/endpoint",
		body("https://a:b@push.example.com/x", s.P256DH, s.Auth):                                              "/subscription/endpoint",
		body("javascript:alert(1)", s.P256DH, s.Auth):                                                         "/subscription/endpoint",
		body(s.Endpoint, off, s.Auth):                                                                         "/subscription/keys/p256dh",
		body(s.Endpoint, "x", s.Auth):                                                                         "/subscription/keys/p256dh",
		body(s.Endpoint, s.P256DH, s.Auth[:10]):                                                               "/subscription/keys/auth",
		body(s.Endpoint, s.P256DH, ""):                                                                        "/subscription/keys/auth",
		strings.Replace(body(s.Endpoint, s.P256DH, s.Auth), "web", "ios", 1):                                  "/subscription",
		strings.Replace(body(s.Endpoint, s.P256DH, s.Auth), "{", `{"device_token":"a-long-enough-token",`, 1): "/device_token",
		`{"device_type":"web"}`:                                                                               "/device_token",
		`{"device_type":"web","subscription":null}`:                                                           "/device_token",
	} {
		p := w.problem(w.do("POST", "/v1/push/devices", body, ada.header()...), rest.SlugValidation)
		require.Contains(t, fmt.Sprint(p["errors"]), pointer, body)
	}
}

func TestTheKeyBrowsersSubscribeFor(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	none := w.problem(w.do("GET", "/v1/push/web-key", ""), rest.SlugNotFound)
	require.Contains(t, none["detail"], "FCM")
	private, public := pushtest.NewVAPIDKey(t)
	w = newTestEnv(t, func(d *Deps) { d.Config.Push.WebPushKey = config.Secret(private) })
	got := w.do("GET", "/v1/push/web-key", "")
	require.Equal(t, http.StatusOK, got.status)
	require.JSONEq(t, `{"public_key":"`+public+`"}`, string(got.body))
	require.Equal(t, http.StatusNotModified, w.do("GET", "/v1/push/web-key", "", "If-None-Match", got.header.Get("ETag")).status)
}

// TestHealthReportsWrongCredentials checks that health reports only services in use, with their latest credentials.
func TestHealthReportsWrongCredentials(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, func(d *Deps) { d.Config.Push.FCMCredentials = "credentials" })
	old, now := notify.PushCredentialKey{Provider: "fcm", Fingerprint: "old"}, w.server.Now()
	apns := notify.PushCredentialKey{Provider: "apns", Fingerprint: "unused"}
	for _, key := range []notify.PushCredentialKey{old, apns} {
		_, err := notify.NotePushAnswers(t.Context(), w.server.DB, key, notify.PushAnswers{Refused: []uuid.UUID{store.NewID()}, Certain: true, Reason: "UNAUTHENTICATED"}, now)
		require.NoError(t, err)
	}
	push := func() map[string]any {
		w.clock.advance(2 * time.Second) // an answer is passed on for one
		return w.do("GET", "/v1/health/push", "").json(t)
	}
	health := push()
	require.Equal(t, "degraded", health["status"])
	require.Contains(t, health["message"], "FCM refuses")
	require.Contains(t, health["message"], "UNAUTHENTICATED")
	require.NotContains(t, health["message"], "APNs")
	require.Equal(t, "degraded", w.do("GET", "/v1/health", "").json(t)["components"].(map[string]any)["push"].(map[string]any)["status"])
	require.NoError(t, notify.UsePushCredentials(t.Context(), w.server.DB, []notify.PushCredentialKey{{Provider: "fcm", Fingerprint: "new"}}, now.Add(time.Second)))
	require.Equal(t, "healthy", push()["status"], "others are in force now")
}
